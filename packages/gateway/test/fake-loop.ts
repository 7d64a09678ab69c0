// An event loop in a test's hands: timers fire when it says so, and it can stand still, as a busy or frozen process does.
// Immediates are real, so the order "timers, then what was read meanwhile, then immediates" is the platform's own.

import type { TestContext } from 'node:test'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class FakeLoop {
  readonly #timers: TestContext['mock']['timers']
  #nowMs: number
  #stalledMs = 0
  /** What deadlines and heartbeats ask, without a real stall clock behind it. */
  readonly clock = { now: () => this.#nowMs, stalledMs: () => this.#stalledMs }

  /** Takes timeouts and intervals over until the test ends. */
  constructor(t: TestContext, nowMs = 1_000_000) {
    this.#timers = t.mock.timers
    this.#timers.enable({ apis: ['setTimeout', 'setInterval'] })
    this.#nowMs = nowMs
  }

  get now(): number {
    return this.#nowMs
  }

  /** Time passes while the loop runs: every timer fires when it is due. */
  async run(ms: number, stepMs = 1): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      this.#nowMs += stepMs
      this.#timers.tick(stepMs)
      await nextTurn()
    }
  }

  /** The loop stands still; then everything that is overdue fires at once, before anything is read. `read` follows. */
  async stall(ms: number, read: () => void = () => {}): Promise<void> {
    this.#nowMs += ms
    this.#stalledMs += ms
    this.#timers.tick(ms)
    read()
    await nextTurn()
    await nextTurn()
  }
}

/** Turns of the loop until everything that was scheduled for the next one, and the one after, has run. */
export async function turns(count = 2): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn()
}
