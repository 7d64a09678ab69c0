// Wall-clock time as a component, so that everything with a deadline or a date runs under a fake clock in tests.

export interface Clock {
  /** Epoch milliseconds. May jump; use a monotonic source to measure durations. */
  nowMs(): number
}

export const systemClock: Clock = { nowMs: () => Date.now() }
