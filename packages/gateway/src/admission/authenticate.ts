// Which credential lets the connection in: the shared secret, else the device's own token (protocol notes section 4).
// Decides nothing about pairing; a good secret from an unknown device still has to be paired.

import type { ConnectAuth } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Reader } from '../store/store.ts'
import {
  type Authenticated,
  type Connecting,
  next,
  type Proven,
  refuse,
  type SecretChecked,
  type SecretVerdict,
  type Verdict,
} from './candidate.ts'

export interface AuthenticateComponents {
  readonly devices: Reader<DeviceRecord>
  readonly tokens: DeviceTokens
}

export const authenticate =
  ({ devices, tokens }: AuthenticateComponents) =>
  (candidate: Proven): Verdict<Authenticated> => {
    const { secret, device } = candidate
    if (candidate.connect.auth?.bootstrapToken !== undefined && device !== undefined && !secret.ok) {
      return refuse('AUTH_BOOTSTRAP_TOKEN_INVALID', aboutDevice('bootstrap_token_invalid'))
    }
    if (secret.ok) return next({ ...candidate, method: secret.method, isOwnerProcess: isOwnerProcess(candidate) })
    if (device === undefined) return secretRefusal(candidate, secret)
    const { presented, isExplicit } = presentedDeviceToken(candidate.connect.auth)
    const record = devices.get(device.deviceId)
    const isAccepted =
      presented !== undefined &&
      record?.publicKey === device.publicKey &&
      tokens.judge(record, candidate.role, presented) === 'accepted'
    if (isAccepted) return next({ ...candidate, method: 'device-token', isOwnerProcess: isOwnerProcess(candidate) })
    if (isExplicit) return refuse('AUTH_DEVICE_TOKEN_MISMATCH', aboutDevice('device_token_mismatch'))
    return secretRefusal(candidate, secret)
  }

/** The device token is in its own field, or tried in the token's place. */
function presentedDeviceToken(auth: ConnectAuth | undefined): { presented: string | undefined; isExplicit: boolean } {
  const explicit = auth?.deviceToken?.trim()
  if (explicit) return { presented: explicit, isExplicit: true }
  return { presented: auth?.token?.trim() || undefined, isExplicit: false }
}

/**
 * Callers that need no pairing (DESIGN, self-connection; pairing notes section 5): our own back-end and the owner's
 * command line, on this machine, without a browser in between.
 */
export function isOwnerProcess({ locality, headers, connect }: Connecting): boolean {
  if (locality.kind !== 'local' || headers.origin !== undefined) return false
  if (locality.via === 'unix-socket') return true
  const { id, mode } = connect.client
  return (id === 'gateway-client' && mode === 'backend') || (id === 'cli' && mode === 'cli')
}

/** The refusal of a missing or wrong shared secret, with what the client may try instead. */
export function secretRefusal(candidate: SecretChecked, secret: SecretVerdict & { ok: false }) {
  const { auth, device } = candidate.connect
  const mayRetryWithDeviceToken =
    secret.error === 'AUTH_TOKEN_MISMATCH' &&
    device !== undefined &&
    auth?.token !== undefined &&
    auth.deviceToken === undefined
  return refuse(secret.error, {
    ...authDetails(secret.authReason, mayRetryWithDeviceToken),
    nextCommand: secret.error.startsWith('AUTH_TOKEN_')
      ? 'breakwater token show'
      : 'breakwater config get gateway.auth',
  })
}

const authDetails = (authReason: string, canRetryWithDeviceToken: boolean) => ({
  details: {
    authReason,
    canRetryWithDeviceToken,
    ...(canRetryWithDeviceToken ? { recommendedNextStep: 'retry_with_device_token' } : {}),
  },
})

/** A refusal of a credential that belongs to one device: the owner looks at the devices next. */
const aboutDevice = (authReason: string) => ({
  ...authDetails(authReason, false),
  nextCommand: 'breakwater devices list',
})
