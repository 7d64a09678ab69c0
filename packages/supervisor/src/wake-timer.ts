// One timer kept equal to a wanted time: pure machines say when they want to be woken, this arms, moves or clears.
// At most one platform timer exists per instance, and none while nothing is wanted.

import type { Clock, Timer } from './clock.ts'

export class WakeTimer {
  readonly #clock: Clock
  readonly #wake: () => void
  #armed: { readonly at: number; readonly timer: Timer } | null = null

  constructor(components: { clock: Clock; wake: () => void }) {
    this.#clock = components.clock
    this.#wake = components.wake
  }

  /** Wakes at clock time `at`, or never when null; the same time again is left as armed. */
  wakeAt(at: number | null): void {
    if (this.#armed?.at === at) return
    if (this.#armed !== null) this.#clock.clearTimer(this.#armed.timer)
    this.#armed = at === null ? null : { at, timer: this.#arm(at) }
  }

  #arm(at: number): Timer {
    return this.#clock.setTimer(() => this.#fire(at), Math.max(0, Math.ceil(at - this.#clock.now())))
  }

  #fire(at: number): void {
    this.#armed = null
    // Platform timers may fire a fraction of a millisecond early; waking then would lose the wait's lower bound.
    if (this.#clock.now() < at) this.wakeAt(at)
    else this.#wake()
  }
}
