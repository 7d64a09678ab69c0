// Time as a component: everything in this package that waits asks a Clock, so a chaos test is an ordinary unit test.
// Deliberately no sleep and no interval: one-shot timers with an owner that clears them are all the package needs.

/** Handle of an armed timer; opaque to everyone but the clock that made it. */
export type Timer = ReturnType<typeof globalThis.setTimeout> | number

/** Where time comes from. `now` never runs backwards. */
export interface Clock {
  /** Milliseconds on a scale that only grows; every `...At` value of this package is on this scale. */
  now(): number
  /** Calls `run` once, no sooner than `afterMs` from now (up to a timer's rounding). */
  setTimer(run: () => void, afterMs: number): Timer
  /** Disarms a timer; a timer that fired or was cleared already is left alone. */
  clearTimer(timer: Timer): void
}

/**
 * The platform's clock. `now` reads as epoch milliseconds but is anchored at process start and advanced by the
 * monotonic clock, so a corrected wall clock neither hurries nor holds a retry. Armed timers keep a Node process alive.
 */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer: (run, afterMs) => globalThis.setTimeout(run, afterMs),
  clearTimer: (timer) => globalThis.clearTimeout(timer),
}
