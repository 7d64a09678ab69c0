// From an error to what is done about it: the supervisor's verdict. Reads codes only; messages are for people.
// The protocol's table gives the rule per detail code; what client notes section 6 decides otherwise is listed here.

import { ERRORS, type ErrorName, RECOVERIES, type Recovery } from '@breakwater/protocol'
import type { Verdict } from '@breakwater/supervisor'
import { CLIENT_ERRORS, type ClientError } from '../errors.ts'

/** Wait before another credential is tried after one was refused. */
export const FALLBACK_RETRY_MS = 250
/** Hint assumed when a gateway says it is starting without saying for how long. */
export const STARTING_RETRY_MS = 500
/** Wait after AUTH_RATE_LIMITED without a hint: the limiter's window. */
export const RATE_LIMITED_RETRY_MS = 60_000

/**
 * Wait before a live pairing request is asked for again, in milliseconds. The supervisor adds up to a second of spread, so
 * that an approval is noticed after one second on average and after two at most.
 */
export const PAIRING_POLL_MS = 500
/** Least wait a gateway's hint about a pairing request may lead to, in milliseconds. */
export const PAIRING_POLL_FLOOR_MS = 100

/** Refusals that heal without anybody's help although the table names a fault: clocks, nonces, proxies, redeployments. */
const RETRIED: ReadonlySet<string> = new Set([
  'DEVICE_AUTH_DEVICE_ID_MISMATCH',
  'DEVICE_AUTH_SIGNATURE_EXPIRED',
  'DEVICE_AUTH_NONCE_REQUIRED',
  'DEVICE_AUTH_NONCE_MISMATCH',
  'DEVICE_AUTH_SIGNATURE_INVALID',
  'DEVICE_AUTH_PUBLIC_KEY_INVALID',
  'CONTROL_UI_ORIGIN_NOT_ALLOWED',
])

/** Detail codes of official gateways outside the table that only a person can resolve. */
const TERMINAL: ReadonlySet<string> = new Set([
  'AUTH_VERIFIED_USER_REQUIRED',
  'CLIENT_VERSION_MISMATCH',
  'CONTROL_UI_BUILD_MISMATCH',
])

/** HTTP answers to the upgrade that come from a setting somebody has to change. */
const TERMINAL_UPGRADE_TYPES: ReadonlySet<string> = new Set(['proxy_attribution_required'])

export interface RecoveryContext {
  /** The authenticator has another credential to offer. */
  readonly hasFallback?: boolean
  /** The gateway announced a restart and when it expects to be back. */
  readonly restartExpectedMs?: number | undefined
}

/** What to do about a failed attempt or a lost connection. */
export function judgeError(error: ClientError, context: RecoveryContext = {}): Verdict {
  if (error.code === 'CONNECT_REFUSED') return judgeRefusal(error, context)
  if (error.code === 'UPGRADE_REJECTED') return judgeUpgrade(error)
  const { recovery } = CLIENT_ERRORS[error.code]
  if (recovery === 'retry' || recovery === 'wait') return retry(error, context.restartExpectedMs)
  // An untrusted certificate may be renewed at the other end; a pin that does not match is an attack until proven else.
  return error.code === 'TLS_UNTRUSTED' || error.code === 'INVALID_RESPONSE' ? retry(error) : terminal(error)
}

function judgeRefusal(error: ClientError, { hasFallback }: RecoveryContext): Verdict {
  const { detailCode } = error
  if (hasFallback === true) return { ...retry(error, FALLBACK_RETRY_MS), starting: true }
  if (detailCode === 'PAIRING_REQUIRED') return judgePairing(error)
  if (detailCode === 'AUTH_RATE_LIMITED') return retry(error, error.retryAfterMs ?? RATE_LIMITED_RETRY_MS)
  if (isStarting(error)) {
    return { ...retry(error, error.retryAfterMs ?? STARTING_RETRY_MS), starting: true }
  }
  return isTransient(error) ? retry(error) : terminal(error)
}

/** The gateway is up and asks to be left alone for a moment: it starts, or paces arrivals. */
export const isStarting = ({ wire, details }: ClientError): boolean =>
  wire?.code === 'UNAVAILABLE' && details.reason === 'startup-sidecars'

/**
 * A request the gateway keeps live is asked for again, after the gateway's hint or about a second. Any other is left alone,
 * because asking again would only disturb it.
 */
function judgePairing(error: ClientError): Verdict {
  const { details, requestId } = error
  const pause = { verdict: 'pairing', reason: error.message, code: codeOf(error), requestId } as const
  const isLive = details.pauseReconnect === false || details.recommendedNextStep === 'wait_then_retry'
  if (!isLive) return pause
  return { ...pause, retryAfterMs: Math.max(error.retryAfterMs ?? PAIRING_POLL_MS, PAIRING_POLL_FLOOR_MS) }
}

function isTransient(error: ClientError): boolean {
  const { detailCode, wire } = error
  if (detailCode !== undefined) {
    if (RETRIED.has(detailCode)) return true
    if (TERMINAL.has(detailCode)) return false
  }
  const recovery = recoveryOf(error)
  if (recovery !== undefined) return recovery === 'retry' || recovery === 'wait'
  // A refusal without any code: a later gateway version may have meant anything. Retrying is slow and safe.
  return wire?.retryable !== false
}

/** The recovery of a gateway's answer: the one it names, else the table's, else undefined. */
export function recoveryOf(error: ClientError): Recovery | undefined {
  const named = RECOVERIES.find((recovery) => recovery === error.details.recovery)
  if (named !== undefined) return named
  const { detailCode } = error
  if (detailCode === undefined || !Object.hasOwn(ERRORS, detailCode)) return undefined
  return ERRORS[detailCode as ErrorName].recovery
}

function judgeUpgrade(error: ClientError): Verdict {
  const { type, httpStatus = 0 } = error.upgrade ?? {}
  const isRedirect = httpStatus >= 300 && httpStatus < 400
  if (isRedirect || (type !== undefined && TERMINAL_UPGRADE_TYPES.has(type))) return terminal(error)
  return retry(error)
}

const retry = (error: ClientError, afterMs = error.retryAfterMs): Verdict & { readonly verdict: 'retry' } => ({
  verdict: 'retry',
  reason: error.message,
  code: codeOf(error),
  retryAfterMs: afterMs,
})

const terminal = (error: ClientError): Verdict => ({ verdict: 'terminal', reason: error.message, code: codeOf(error) })

const codeOf = (error: ClientError): string => error.detailCode ?? error.upgrade?.type ?? error.code
