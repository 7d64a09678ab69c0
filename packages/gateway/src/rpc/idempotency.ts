// Replays the outcome of a call that is repeated with the same key, and joins one that is still running.
// Keys are scoped to the caller; entries live for a while and are bounded, the oldest settled ones go first.

export interface IdempotencyOptions {
  readonly ttlMs: number
  /** Entries, running ones included; those are never dropped. */
  readonly maxEntries: number
  /** Bytes of settled outcomes in all, the newest one not counted. */
  readonly maxBytes: number
}

export const IDEMPOTENCY_DEFAULTS: IdempotencyOptions = { ttlMs: 300_000, maxEntries: 1_000, maxBytes: 16_777_216 }

export interface IdempotencyComponents<Outcome> {
  readonly nowMs: () => number
  /** What remembering an outcome costs. */
  readonly bytesOf: (outcome: Outcome) => number
}

interface Entry<Outcome> {
  readonly outcome: Promise<Outcome>
  settledAtMs: number | undefined
  bytes: number
}

export class IdempotencyCache<Outcome> {
  readonly #components: IdempotencyComponents<Outcome>
  readonly #options: IdempotencyOptions
  /** In the order the calls came. */
  readonly #entries = new Map<string, Entry<Outcome>>()
  #bytes = 0

  constructor(components: IdempotencyComponents<Outcome>, options: IdempotencyOptions = IDEMPOTENCY_DEFAULTS) {
    this.#components = components
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Runs `work` once per key; `work` must settle to an outcome value, failures included. */
  once(key: string, work: () => Promise<Outcome>): Promise<Outcome> {
    const known = this.#entries.get(key)
    if (known !== undefined && !this.#isExpired(known)) return known.outcome
    this.#delete(key)
    const entry: Entry<Outcome> = { outcome: work(), settledAtMs: undefined, bytes: 0 }
    this.#entries.set(key, entry)
    entry.outcome.then(
      (outcome) => this.#settled(entry, outcome),
      () => this.#delete(key),
    )
    this.#trim()
    return entry.outcome
  }

  #settled(entry: Entry<Outcome>, outcome: Outcome): void {
    entry.settledAtMs = this.#components.nowMs()
    entry.bytes = this.#components.bytesOf(outcome)
    this.#bytes += entry.bytes
    this.#trim(entry)
  }

  #isExpired(entry: Entry<Outcome>): boolean {
    return entry.settledAtMs !== undefined && this.#components.nowMs() - entry.settledAtMs > this.#options.ttlMs
  }

  #isFull(): boolean {
    return this.#entries.size > this.#options.maxEntries || this.#bytes > this.#options.maxBytes
  }

  /** The newest outcome stays, however large: its caller may be the one whose connection just broke. */
  #trim(newest?: Entry<Outcome>): void {
    if (!this.#isFull()) return
    for (const [key, entry] of this.#entries) {
      if (entry.settledAtMs === undefined || entry === newest) continue
      this.#delete(key)
      if (!this.#isFull()) return
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#bytes -= entry.bytes
    this.#entries.delete(key)
  }
}
