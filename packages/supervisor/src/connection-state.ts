// The state of one supervised connection and the vocabulary of its machine: what can happen to it and what it can ask
// for. Types and the starting value only; the rules are in connection-machine.ts and attempt-end.ts.

import { type Breaker, CLOSED_BREAKER } from './circuit-breaker.ts'
import type { SupervisorOptions } from './options.ts'
import type { KindPolicy } from './retry-policy.ts'
import type { Verdict } from './verdict.ts'

/**
 * stopped: not running. jitter: first start, spread. queued: waiting for a start slot. dialing: an attempt is on its
 * way. live: a session exists. backoff: waiting to retry. breaker-open: waiting for the circuit breaker's probe. pairing:
 * paused until approved or the pause is over. parked: nothing happens until something changes.
 */
export type Phase =
  | 'stopped'
  | 'jitter'
  | 'queued'
  | 'dialing'
  | 'live'
  | 'backoff'
  | 'breaker-open'
  | 'pairing'
  | 'parked'

export interface LastError {
  readonly reason: string
  readonly code: string | null
  readonly at: number
}

export interface ConnectionState {
  readonly phase: Phase
  /** Raised by every dial and by everything that abandons one; never lowered, not even by a restart. */
  readonly generation: number
  /** Dials since start. */
  readonly attempts: number
  /** Failed attempts in a row: no session, or one that ended before it counted as healthy. */
  readonly failures: number
  readonly breaker: Breaker
  readonly lastError: LastError | null
  readonly lastDialAt: number | null
  readonly liveSince: number | null
  /** When this state ends by itself; null when only an event can end it. */
  readonly wakeAt: number | null
  /** The approval being waited for, from the first pairing verdict until a session is live. */
  readonly pairing: { readonly requestId: string | null } | null
  /** `changed` or `resume` arrived after the current dial began: its refusal may already be out of date. */
  readonly isSignalled: boolean
  /** First "starting" answer of an unbroken run of them. */
  readonly startingSince: number | null
  readonly hasStarted: boolean
}

export type ConnectionInput =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'changed' }
  | { readonly type: 'resume'; readonly requestId: string | undefined }
  | { readonly type: 'granted' }
  | { readonly type: 'elapsed' }
  | { readonly type: 'yielded'; readonly generation: number }
  | { readonly type: 'ready'; readonly generation: number }
  | { readonly type: 'ended'; readonly generation: number; readonly verdict: Verdict }

export type ConnectionEffect =
  /** Take a place in the start queue; answered by `granted`. */
  | { readonly type: 'enter' }
  /** Give up the place in the start queue, or the slot. */
  | { readonly type: 'leave' }
  | { readonly type: 'dial'; readonly generation: number }
  /** Abort the attempt of this generation and close its session. */
  | { readonly type: 'abandon'; readonly why: 'STOPPED' | 'DIAL_DEADLINE' }
  | { readonly type: 'warn'; readonly kind: 'failing' | 'pairing' | 'parked' }

/** The time of an input, and one draw in [0, 1) it may use. */
export interface Moment {
  readonly nowMs: number
  readonly fraction: number
}

export interface ConnectionRules {
  readonly policy: KindPolicy
  readonly options: SupervisorOptions
}

export type Step = readonly [ConnectionState, readonly ConnectionEffect[]]

export const INITIAL_CONNECTION: ConnectionState = {
  phase: 'stopped',
  generation: 0,
  attempts: 0,
  failures: 0,
  breaker: CLOSED_BREAKER,
  lastError: null,
  lastDialAt: null,
  liveSince: null,
  wakeAt: null,
  pairing: null,
  isSignalled: false,
  startingSince: null,
  hasStarted: false,
}

/** When the next attempt is due, or null when none is scheduled (running, queued, parked or stopped). */
export function nextAttemptAt({ phase, wakeAt }: ConnectionState): number | null {
  return phase === 'dialing' || phase === 'live' ? null : wakeAt
}

/** The state without its failure streak: what a healthy session, or a change, leaves of it. */
export function endFailureStreak(state: ConnectionState): ConnectionState {
  return { ...state, failures: 0, breaker: CLOSED_BREAKER, startingSince: null }
}
