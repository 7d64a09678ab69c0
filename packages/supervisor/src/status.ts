// What an operator sees of the supervised connections: plain data, safe to serialise, taken from the machines' states.
// Reading it changes nothing.

import type { Breaker } from './circuit-breaker.ts'
import { type ConnectionState, type LastError, nextAttemptAt, type Phase } from './connection-state.ts'
import type { ConnectionKind } from './retry-policy.ts'

export interface ConnectionStatus {
  readonly name: string
  readonly kind: ConnectionKind
  readonly state: Phase
  readonly generation: number
  /** Dials since start. */
  readonly attempts: number
  /** Failed attempts in a row. */
  readonly failures: number
  /** The latest reason there was no session, kept after recovery; null if there never was one since start. */
  readonly lastError: LastError | null
  /** Clock time of the next attempt; null when it is running, queued, parked or stopped. */
  readonly nextAttemptAt: number | null
  /** The same as a wait from now, in whole milliseconds, never negative. */
  readonly nextAttemptInMs: number | null
  readonly breaker: Breaker
  /** Clock time since when a session is live. */
  readonly liveSince: number | null
  /** The approval being waited for, if its id is known. */
  readonly pairingRequestId: string | null
}

export interface SupervisorStatus {
  /** Running connections in order of start. */
  readonly connections: readonly ConnectionStatus[]
  readonly starts: {
    readonly limit: number
    /** Attempts holding a start slot now. */
    readonly holding: number
    /** Connections in line for a slot now. */
    readonly waiting: number
    /** Slots freed because they were held too long, since construction. */
    readonly heldTooLongCount: number
  }
  /** Limit on running connections, and how often it refused one. */
  readonly connectionLimit: number
  readonly refusedStartCount: number
}

export function toConnectionStatus(
  name: string,
  kind: ConnectionKind,
  state: ConnectionState,
  nowMs: number,
): ConnectionStatus {
  const dueAt = nextAttemptAt(state)
  return {
    name,
    kind,
    state: state.phase,
    generation: state.generation,
    attempts: state.attempts,
    failures: state.failures,
    lastError: state.lastError,
    nextAttemptAt: dueAt,
    nextAttemptInMs: dueAt === null ? null : Math.max(0, Math.ceil(dueAt - nowMs)),
    breaker: state.breaker,
    liveSince: state.liveSince,
    pairingRequestId: state.pairing?.requestId ?? null,
  }
}
