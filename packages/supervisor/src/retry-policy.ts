// How long each kind of connection waits between attempts, as data, and the full-jitter formula over it.
// Pure and usable alone; who counts failures and who holds the timer is decided elsewhere.

import { drawBelow } from './random.ts'

/** What is being dialled; picks the row of {@link KIND_POLICIES}. */
export type ConnectionKind = 'client' | 'approval-handler' | 'channel'

/** Bounds of one exponential backoff with full jitter. */
export interface RetryPolicy {
  /** Ceiling of the first wait, in milliseconds; doubles with every further retry. 1 .. 86 400 000. */
  readonly baseMs: number
  /** Ceiling no wait grows beyond, in milliseconds. At least `baseMs`, at most 86 400 000. */
  readonly capMs: number
}

/** Everything that differs between kinds of connection. */
export interface KindPolicy extends RetryPolicy {
  /**
   * The very first start is delayed by a uniform draw below this, in milliseconds, so that many owners starting
   * together do not dial together. 0 = none, for a lone dialler. Retries and restarts are never delayed by it.
   */
  readonly startJitterMs: number
  /**
   * How long one dial may stay unsettled before it is abandoned and counted as a failure, in milliseconds. 0 = no
   * limit. Far above any handshake deadline of the dialler: it only ends dials that would otherwise hang for ever.
   */
  readonly dialDeadlineMs: number
}

/** Upper bound of the start jitter where many connections start together, in milliseconds. */
export const START_JITTER_MS = 2_000

export const KIND_POLICIES = {
  client: { baseMs: 1_000, capMs: 30_000, startJitterMs: 0, dialDeadlineMs: 60_000 },
  'approval-handler': { baseMs: 1_000, capMs: 60_000, startJitterMs: START_JITTER_MS, dialDeadlineMs: 60_000 },
  channel: { baseMs: 5_000, capMs: 300_000, startJitterMs: START_JITTER_MS, dialDeadlineMs: 300_000 },
} as const satisfies Record<ConnectionKind, KindPolicy>

/** Highest wait the policy allows before retry `retry` (0 = the first), in milliseconds: `min(cap, base * 2^retry)`. */
export function retryCeilingMs(policy: RetryPolicy, retry: number): number {
  return Math.min(policy.capMs, policy.baseMs * 2 ** retry)
}

/**
 * The wait before retry `retry` (0 = the first), in whole milliseconds: uniform over [0, ceiling).
 * `fraction` is one draw in [0, 1).
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, fraction: number): number {
  return drawBelow(fraction, retryCeilingMs(policy, retry))
}
