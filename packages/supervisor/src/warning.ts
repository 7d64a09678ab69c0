// Warnings for people: few, each naming what is wrong, why, and when the next attempt is due.
// When one is due is decided by the connection machine and the start queue; this file only words it.

import type { ConnectionStatus } from './status.ts'

/**
 * failing: the 3rd failure in a row, and every power of two after it. pairing: a new request waits for approval.
 * parked: no more attempts until something changes. slot-freed: an attempt outlived its start slot and goes on without.
 * nested: a connection was started inside the dial of another (only where nesting does not throw).
 */
export type WarningKind = 'failing' | 'pairing' | 'parked' | 'slot-freed' | 'nested'

export interface Warning {
  readonly kind: WarningKind
  /** What and why and when, as one sentence without secrets. */
  readonly message: string
  /** The connection at the time of the warning: name, failures, last error, next attempt. */
  readonly status: ConnectionStatus
}

export function toWarning(kind: WarningKind, status: ConnectionStatus, owner: string | null = null): Warning {
  return { kind, message: `${status.kind} ${status.name}: ${describe(kind, status, owner)}`, status }
}

function describe(kind: WarningKind, status: ConnectionStatus, owner: string | null): string {
  const why = describeError(status)
  switch (kind) {
    case 'failing': {
      const paused = status.state === 'breaker-open' ? ', paused by the circuit breaker' : ''
      return `${status.failures} failed attempts in a row (${why})${paused}; ${describeNext(status)}`
    }
    case 'pairing': {
      const request = status.pairingRequestId === null ? '' : ` of request ${status.pairingRequestId}`
      return `waiting for approval${request} (${why}); ${describeNext(status)}, or at once when approved`
    }
    case 'parked':
      return `refused for good (${why}); no next attempt until the credential, configuration or pairing changes`
    case 'slot-freed':
      return 'still starting when its start slot expired; the attempt goes on, the next in line may start'
    case 'nested':
      return `started inside the dial of ${owner ?? 'another connection'}; two owners may now retry one connection`
  }
}

function describeError({ lastError }: ConnectionStatus): string {
  if (lastError === null) return 'no reason given'
  return lastError.code === null ? lastError.reason : `${lastError.code}: ${lastError.reason}`
}

function describeNext({ nextAttemptInMs }: ConnectionStatus): string {
  return nextAttemptInMs === null
    ? 'no next attempt scheduled'
    : `next attempt in ${(nextAttemptInMs / 1_000).toFixed(1)} s`
}
