// Names the work that runs on the event loop, so that a stall leaves one record with its owner (law 8). Measures the
// synchronous part only: a span ends when its function returns, also when it returns a promise.

import type { Logger } from './logger.ts'

export interface SpansComponents {
  readonly log: Logger
  /** Monotonic milliseconds. */
  readonly monotonicMs?: () => number
}

/** Work that held the loop longer than this is recorded. */
export const STALL_MS = 1_000

export interface Stall {
  /** The innermost span that spent most of the time itself. */
  readonly owner: string
  /** The outermost span: what the loop was asked to do. */
  readonly root: string
  readonly durationMs: number
  /** The owner's share, without spans inside it. */
  readonly ownerMs: number
}

export class Spans {
  readonly #log: Logger
  readonly #monotonicMs: () => number
  #depth = 0
  /** Time spent in finished spans directly below the running one. */
  #nestedMs = 0
  #owner = ''
  #ownerMs = 0
  /** Stalls recorded since the start. */
  stallCount = 0
  lastStall: Stall | undefined

  constructor({ log, monotonicMs = () => performance.now() }: SpansComponents) {
    this.#log = log
    this.#monotonicMs = monotonicMs
  }

  /** Runs `work` under a label and returns what it returns. Nesting is free; only the outermost span is recorded. */
  run<Result>(label: string, work: () => Result): Result {
    const nestedBefore = this.#nestedMs
    this.#nestedMs = 0
    this.#depth += 1
    const startedAt = this.#monotonicMs()
    try {
      return work()
    } finally {
      const durationMs = this.#monotonicMs() - startedAt
      const ownMs = durationMs - this.#nestedMs
      if (ownMs >= this.#ownerMs) {
        this.#owner = label
        this.#ownerMs = ownMs
      }
      this.#nestedMs = nestedBefore + durationMs
      this.#depth -= 1
      if (this.#depth === 0) this.#finish(label, durationMs)
    }
  }

  #finish(root: string, durationMs: number): void {
    if (durationMs > STALL_MS) {
      this.stallCount += 1
      this.lastStall = {
        owner: this.#owner,
        root,
        durationMs: Math.round(durationMs),
        ownerMs: Math.round(this.#ownerMs),
      }
      this.#log.warn('event loop stalled', { ...this.lastStall })
    }
    this.#nestedMs = 0
    this.#owner = ''
    this.#ownerMs = 0
  }
}
