// Starts parts in order and stops them in reverse, each with a deadline; a failed or interrupted start stops what had
// started. Stopping is final.

import type { Logger } from './observe/logger.ts'

export interface Part {
  readonly name: string
  readonly start?: () => void | Promise<void>
  readonly stop?: () => void | Promise<void>
}

/** A part that does not stop in time is left behind and named in the log. */
const STOP_DEADLINE_MS = 10_000

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

  /** Resolves when everything that has started is stopped or was left behind. Safe at any time, any number of times. */
  stop(): Promise<void> {
    // One after the other: two callers must not stop neighbours at the same time.
    this.#stopping = (this.#stopping ?? Promise.resolve()).then(() => this.#stopAll())
    return this.#stopping
  }

  async #stopAll(): Promise<void> {
    for (let part = this.#started.pop(); part !== undefined; part = this.#started.pop()) await this.#stopOne(part)
  }

  async #stopOne(part: Part): Promise<void> {
    const deadline = Promise.withResolvers<void>()
    const timer = setTimeout(
      () => deadline.reject(new Error(`did not stop within ${STOP_DEADLINE_MS} ms`)),
      STOP_DEADLINE_MS,
    )
    try {
      await Promise.race([part.stop?.(), deadline.promise])
    } catch (fault) {
      this.#log.error('part failed to stop', { part: part.name, error: String(fault) })
    } finally {
      clearTimeout(timer)
    }
  }
}
