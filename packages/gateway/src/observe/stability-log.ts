// The last thousand events worth knowing when something went wrong, numbered since the process started.
// In memory only and lossy: the oldest make room. What is worth recording is the caller's decision.

import type { Clock } from './clock.ts'

export interface StabilityEvent {
  readonly seq: number
  /** Epoch milliseconds. */
  readonly ts: number
  readonly type: string
  readonly [field: string]: unknown
}

/** What other parts see of the log. */
export interface StabilityRecorder {
  /** `type` is dotted, e.g. `loop.stalled`; fields hold no secrets and no user content. */
  record(type: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface StabilityReport {
  readonly generatedAt: string
  readonly capacity: number
  readonly count: number
  readonly dropped: number
  readonly firstSeq: number | null
  readonly lastSeq: number | null
  readonly events: readonly StabilityEvent[]
  readonly summary: { readonly byType: Readonly<Record<string, number>> }
}

const CAPACITY = 1_000

export class StabilityLog implements StabilityRecorder {
  readonly #clock: Clock
  /** A ring: the event with number n is at (n - 1) % CAPACITY. */
  readonly #ring: StabilityEvent[] = []
  #lastSeq = 0

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  record(type: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#lastSeq += 1
    this.#ring[(this.#lastSeq - 1) % CAPACITY] = { ...fields, seq: this.#lastSeq, ts: this.#clock.nowMs(), type }
  }

  /** The newest `limit` events, oldest first; the counts are of everything still held. */
  report(limit: number): StabilityReport {
    const held = this.#held()
    const byType: Record<string, number> = {}
    for (const { type } of held) byType[type] = (byType[type] ?? 0) + 1
    return {
      generatedAt: new Date(this.#clock.nowMs()).toISOString(),
      capacity: CAPACITY,
      count: held.length,
      dropped: this.#lastSeq - held.length,
      firstSeq: held[0]?.seq ?? null,
      lastSeq: held.at(-1)?.seq ?? null,
      events: held.slice(Math.max(0, held.length - limit)),
      summary: { byType },
    }
  }

  #held(): StabilityEvent[] {
    const split = this.#lastSeq > CAPACITY ? this.#lastSeq % CAPACITY : 0
    return [...this.#ring.slice(split), ...this.#ring.slice(0, split)]
  }
}
