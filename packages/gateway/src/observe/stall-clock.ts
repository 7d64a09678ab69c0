// Measures how long the event loop was held up, in total, so that deadlines can tell a silent peer from a stalled gateway
// (law 4). A short timer's lateness is the stall; `stalledMs()` samples at once, so a reader never sees an old figure even
// when its own timer fires first after a freeze.

/** How often the loop proves itself alive. */
const BEAT_MS = 20
/** Lateness below this is ordinary scheduling, not a stall. */
const TOLERATED_LATENESS_MS = 10

export interface StallClockComponents {
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class StallClock {
  readonly #now: () => number
  #timer: NodeJS.Timeout | undefined
  #lastBeatAt: number
  #stalledMs = 0
  #longestMs = 0

  constructor({ now }: StallClockComponents = { now: () => performance.now() }) {
    this.#now = now
    this.#lastBeatAt = now()
  }

  start(): void {
    this.#lastBeatAt = this.#now()
    this.#timer ??= setInterval(() => this.#beat(), BEAT_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Monotonic milliseconds on this clock's time base. */
  now(): number {
    return this.#now()
  }

  /** Total milliseconds the loop was held up since the start; only ever grows. */
  stalledMs(): number {
    if (this.#timer !== undefined) this.#sample()
    return this.#stalledMs
  }

  /** The longest single stall since the last call; reading resets it. */
  takeLongestStallMs(): number {
    const longest = this.#longestMs
    this.#longestMs = 0
    return longest
  }

  #beat(): void {
    this.#sample()
    this.#lastBeatAt = this.#now()
  }

  /** Counts lateness beyond what was already counted for the current beat. */
  #sample(): void {
    const now = this.#now()
    const latenessMs = now - this.#lastBeatAt - BEAT_MS
    if (latenessMs <= TOLERATED_LATENESS_MS) return
    this.#stalledMs += latenessMs
    this.#longestMs = Math.max(this.#longestMs, latenessMs)
    this.#lastBeatAt = now - BEAT_MS
  }
}
