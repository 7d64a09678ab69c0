// What a refused connect says about the credential that was sent, and what is done about it (client notes 4.3). Pure;
// reads codes and advice, never messages.

import type { ClientError } from '../errors.ts'
import type { ConnectCredentials } from './authenticator.ts'
import { sentStoredToken } from './resolve.ts'

export type RefusalStep =
  /** Nothing was learned about what is kept: it stays. */
  | { readonly type: 'keep' }
  /** The shared token is wrong: send the stored one along, once. */
  | { readonly type: 'send-both' }
  /** The gateway does not know this stored token (any more). */
  | { readonly type: 'forget-stored'; readonly token: string }
  /** The setup token was used, has expired or was never issued. */
  | { readonly type: 'demote-bootstrap'; readonly token: string }

export interface RefusalFacts {
  /** This machine, or TLS with a pin: the peer may be shown the stored token after it refused another credential. */
  readonly isPeerProven: boolean
  /** Both were sent together before, and refused. */
  readonly areBothSpent: boolean
}

export function afterRefusal(error: ClientError, used: ConnectCredentials, facts: RefusalFacts): RefusalStep {
  if (error.code !== 'CONNECT_REFUSED') return KEEP
  const sentStored = sentStoredToken(used)
  if (error.detailCode === 'AUTH_DEVICE_TOKEN_MISMATCH' && sentStored !== undefined) {
    return { type: 'forget-stored', token: sentStored.token }
  }
  if (error.detailCode === 'AUTH_BOOTSTRAP_TOKEN_INVALID' && used.auth?.bootstrapToken !== undefined) {
    return { type: 'demote-bootstrap', token: used.auth.bootstrapToken }
  }
  const maySendBoth = used.source === 'token' && used.auth?.deviceToken === undefined && used.stored !== undefined
  const isTried = !facts.isPeerProven || facts.areBothSpent
  return maySendBoth && !isTried && isTokenRefused(error) ? { type: 'send-both' } : KEEP
}

const KEEP: RefusalStep = { type: 'keep' }

const isTokenRefused = ({ detailCode, details }: ClientError): boolean =>
  detailCode === 'AUTH_TOKEN_MISMATCH' ||
  details.canRetryWithDeviceToken === true ||
  details.recommendedNextStep === 'retry_with_device_token'

/** False when the gateway did not come to look at the credential: it is busy, or this source has to wait. */
export const isJudged = ({ wire, detailCode }: ClientError): boolean =>
  wire?.code !== 'UNAVAILABLE' && detailCode !== 'AUTH_RATE_LIMITED'
