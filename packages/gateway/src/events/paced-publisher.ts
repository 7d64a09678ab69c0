// Publishes on request, but never so often that publishing could hold more than a given share of the event loop: the
// first request runs at once, later ones merge into one that waits in proportion to what the last one cost.
// Knows nothing of what is published. Lossy by design: only the state at the moment of publishing goes out.

export interface PacedPublisherComponents {
  readonly publish: () => void
  /** Monotonic milliseconds with a fraction. */
  readonly monotonicMs: () => number
}

/** A publish that took t may be followed by the next one after this many times t: at most a tenth of the loop. */
const COST_MULTIPLE = 10
const MIN_PAUSE_MS = 20
const MAX_PAUSE_MS = 2_000

export class PacedPublisher {
  readonly #publish: () => void
  readonly #monotonicMs: () => number
  #notBefore = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  /** Requests that were answered by a publish of a later or earlier request. */
  mergedCount = 0

  constructor({ publish, monotonicMs }: PacedPublisherComponents) {
    this.#publish = publish
    this.#monotonicMs = monotonicMs
  }

  request(): void {
    if (this.#isStopped) return
    if (this.#timer !== undefined) {
      this.mergedCount += 1
      return
    }
    const waitMs = this.#notBefore - this.#monotonicMs()
    if (waitMs <= 0) this.#run()
    else this.#timer = setTimeout(() => this.#run(), Math.ceil(waitMs)).unref()
  }

  /** Drops what is still waiting. Requests after this do nothing. */
  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #run(): void {
    this.#timer = undefined
    const startedAt = this.#monotonicMs()
    try {
      this.#publish()
    } finally {
      const endedAt = this.#monotonicMs()
      const pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, (endedAt - startedAt) * COST_MULTIPLE))
      this.#notBefore = endedAt + pauseMs
    }
  }
}
