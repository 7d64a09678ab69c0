// A clock that moves only when told. Timers run in the order they are due (ties in the order they were set), and every
// pending promise reaction runs before and after each of them, as on a real event loop.
// For tests of any package that takes a Clock; it fakes no global.

import type { Clock } from '../clock.ts'

interface PendingTimer {
  readonly at: number
  readonly run: () => void
}

// Captured at load so that a test which replaces the globals does not freeze the clock with them.
const afterPromises: (resume: () => void) => unknown = globalThis.setImmediate ?? globalThis.setTimeout

/** Lets every promise reaction that is ready run, including those they make ready in turn. */
export function flushPromises(): Promise<void> {
  return new Promise((resolve) => afterPromises(resolve))
}

export class FakeClock implements Clock {
  #nowMs: number
  #lastTimer = 0
  readonly #pending = new Map<number, PendingTimer>()

  /** Starts at `nowMs`, in milliseconds. */
  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(run: () => void, afterMs: number): number {
    this.#lastTimer += 1
    this.#pending.set(this.#lastTimer, { at: this.#nowMs + Math.max(0, afterMs), run })
    return this.#lastTimer
  }

  clearTimer(timer: unknown): void {
    this.#pending.delete(timer as number)
  }

  /** Armed timers: 0 once everything under test has cleaned up. */
  get pendingCount(): number {
    return this.#pending.size
  }

  /** When the next timer is due, on this clock; null without one. */
  get nextTimerAt(): number | null {
    return this.#nextDue(Infinity)?.[1].at ?? null
  }

  /**
   * Moves time forward by `ms`, running what falls due on the way at its own time, and resolves when everything it set
   * off has settled as far as promises go. 0 runs what is due now. Rejects with what a timer throws.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms
    await flushPromises()
    for (let due = this.#nextDue(target); due !== undefined; due = this.#nextDue(target)) {
      const [id, { at, run }] = due
      this.#pending.delete(id)
      this.#nowMs = Math.max(this.#nowMs, at)
      run()
      await flushPromises()
    }
    this.#nowMs = Math.max(this.#nowMs, target)
  }

  /** Moves time forward without giving anyone a turn, as a stalled event loop does; timers fire late afterwards. */
  stall(ms: number): void {
    this.#nowMs += ms
  }

  #nextDue(limit: number): [number, PendingTimer] | undefined {
    let earliest: [number, PendingTimer] | undefined
    for (const entry of this.#pending) {
      if (entry[1].at <= limit && (earliest === undefined || entry[1].at < earliest[1].at)) earliest = entry
    }
    return earliest
  }
}
