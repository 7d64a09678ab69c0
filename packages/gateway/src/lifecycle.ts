// Starts parts in order and stops them in reverse, all within a deadline; a failed or interrupted start stops what had
// started. Stopping is final.

import type { Logger } from './observe/logger.ts'

export interface Part {
  readonly name: string
  readonly start?: () => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

const STOP_WITHIN_MS = 10_000

export class Lifecycle {
  readonly #parts: readonly Part[]
  readonly #log: Logger
  readonly #started: Part[] = []
  #stopping: Promise<void> | undefined

  constructor(parts: readonly Part[], log: Logger) {
    this.#parts = parts
    this.#log = log
  }

  /** Rejects with what a part's start rejected with, once everything that had started is stopped again. */
  async start(): Promise<void> {
    try {
      for (const part of this.#parts) {
        if (this.#stopping !== undefined) throw new Error('stopped while starting')
        await part.start?.()
        this.#started.push(part)
      }
    } catch (fault) {
      await this.stop()
      throw fault
    }
  }

  /**
   * Resolves when everything that has started is stopped, or `withinMs` is over: what has not stopped by then is named
   * in the log and left behind. Safe at any time, any number of times.
   */
  stop(withinMs = STOP_WITHIN_MS): Promise<void> {
    // One after the other: two callers must not stop neighbours at the same time.
    this.#stopping = (this.#stopping ?? Promise.resolve()).then(() => this.#stopAll(withinMs))
    return this.#stopping
  }

  async #stopAll(withinMs: number): Promise<void> {
    const deadline = Promise.withResolvers<'overdue'>()
    const timer = setTimeout(() => deadline.resolve('overdue'), withinMs)
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) {
      try {
        if ((await Promise.race([part.stop?.(), deadline.promise])) === 'overdue') {
          throw new Error(`did not stop within ${withinMs} ms of all`)
        }
      } catch (fault) {
        this.#log.error('part failed to stop', { part: part.name, error: String(fault) })
      }
    }
    clearTimeout(timer)
  }
}
