// The circuit breaker as a value: closed, open for a while, or half-open with one probe on its way.
// It neither counts failures nor waits; the connection machine tells it what happened and reads how long to stay away.

/**
 * `open`: nothing is dialled for `openMs`. `half-open`: one probe may go; `openMs` is what it waited, so that a failed
 * probe doubles it. `openMs` is 0 while closed.
 */
export interface Breaker {
  readonly state: 'closed' | 'open' | 'half-open'
  readonly openMs: number
}

export interface BreakerLimits {
  /** Consecutive failures that open a closed breaker. 1 .. 1 000. */
  readonly breakerFailures: number
  /** How long the breaker first stays open, in milliseconds. */
  readonly breakerOpenMs: number
  /** How long it stays open at most; every failed probe doubles the time up to this, in milliseconds. */
  readonly breakerMaxOpenMs: number
}

export const CLOSED_BREAKER: Breaker = Object.freeze({ state: 'closed', openMs: 0 })

/** The breaker after one more failed attempt, `failures` in a row so far. */
export function breakerAfterFailure(breaker: Breaker, failures: number, limits: BreakerLimits): Breaker {
  if (breaker.state === 'half-open') {
    return { state: 'open', openMs: Math.min(breaker.openMs * 2, limits.breakerMaxOpenMs) }
  }
  if (breaker.state === 'closed' && failures >= limits.breakerFailures) {
    return { state: 'open', openMs: limits.breakerOpenMs }
  }
  return breaker
}

/** The breaker once its open time is over: the next attempt is the probe. */
export function breakerAfterWait(breaker: Breaker): Breaker {
  return breaker.state === 'open' ? { state: 'half-open', openMs: breaker.openMs } : breaker
}
