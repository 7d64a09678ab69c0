// Replays the outcome of a call that is repeated with the same key, and joins one that is still running.
// Keys are scoped to the caller; entries live for a while and are bounded, the oldest settled ones go first.

export interface IdempotencyOptions {
  readonly ttlMs: number
  readonly maxEntries: number
}

export const IDEMPOTENCY_DEFAULTS: IdempotencyOptions = { ttlMs: 300_000, maxEntries: 1_000 }

interface Entry<Outcome> {
  readonly outcome: Promise<Outcome>
  settledAtMs: number | undefined
}

export class IdempotencyCache<Outcome> {
  readonly #nowMs: () => number
  readonly #options: IdempotencyOptions
  readonly #entries = new Map<string, Entry<Outcome>>()

  constructor(components: { readonly nowMs: () => number }, options: IdempotencyOptions = IDEMPOTENCY_DEFAULTS) {
    this.#nowMs = components.nowMs
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** Runs `work` once per key; `work` must settle to an outcome value, failures included. */
  once(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const known = this.#entries.get(key)
    if (known !== undefined && !this.#isExpired(known)) return known.outcome
    const entry: Entry<Outcome> = { outcome: work(), settledAtMs: undefined }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    void entry.outcome.then(
      () => {
        entry.settledAtMs = this.#nowMs()
      },
      () => this.#entries.delete(key),
    )
    this.#trim()
    return entry.outcome
  }

  #isExpired(entry: Entry<Outcome>): boolean {
    return entry.settledAtMs !== undefined && this.#nowMs() - entry.settledAtMs > this.#options.ttlMs
  }

  #trim(): void {
    if (this.#entries.size <= this.#options.maxEntries) return
    for (const [key, entry] of this.#entries) {
      if (entry.settledAtMs === undefined) continue
      this.#entries.delete(key)
      if (this.#entries.size <= this.#options.maxEntries) return
    }
  }
}
