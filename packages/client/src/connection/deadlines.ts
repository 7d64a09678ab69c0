// Named one-shot timers of one connection. A deadline measures the peer's silence, never a stall of our own: when one
// fires, input that already arrived is read first, and the time the loop was late by is given back.

import type { Timer } from '@breakwater/supervisor'
import type { ClientClock } from '../clock.ts'

/** A timer this late shows a stall of our own rather than a busy moment, in milliseconds. */
export const STALL_MS = 50
/** What one deadline may be extended by in all, in milliseconds. */
export const MAX_EXTENSION_MS = 60_000

interface Armed {
  timer: Timer
  dueAt: number
  extendedMs: number
  readonly run: () => void
}

export class Deadlines<Name extends string> {
  readonly #clock: ClientClock
  readonly #armed = new Map<Name, Armed>()

  constructor(components: { readonly clock: ClientClock }) {
    this.#clock = components.clock
  }

  /** Replaces the deadline of this name. */
  arm(name: Name, afterMs: number, run: () => void): void {
    this.disarm(name)
    const dueAt = this.#clock.now() + afterMs
    const timer = this.#clock.setTimer(() => this.#fired(name, armed), afterMs)
    const armed: Armed = { timer, dueAt, extendedMs: 0, run }
    this.#armed.set(name, armed)
  }

  disarm(name: Name): void {
    const armed = this.#armed.get(name)
    if (armed === undefined) return
    this.#clock.clearTimer(armed.timer)
    this.#armed.delete(name)
  }

  /** Disarms everything. */
  clear(): void {
    for (const name of [...this.#armed.keys()]) this.disarm(name)
  }

  #fired(name: Name, armed: Armed): void {
    const lateMs = this.#clock.now() - armed.dueAt
    this.#clock.afterPoll(() => {
      if (this.#armed.get(name) !== armed) return
      const extensionMs = lateMs > STALL_MS ? Math.min(lateMs, MAX_EXTENSION_MS - armed.extendedMs) : 0
      if (extensionMs > 0) return this.#extend(name, armed, extensionMs)
      this.#armed.delete(name)
      armed.run()
    })
  }

  #extend(name: Name, armed: Armed, extensionMs: number): void {
    armed.extendedMs += extensionMs
    armed.dueAt = this.#clock.now() + extensionMs
    armed.timer = this.#clock.setTimer(() => this.#fired(name, armed), extensionMs)
  }
}
