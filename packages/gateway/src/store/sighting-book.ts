// When devices and waiting requests were last seen. Kept in memory at once, handed over for saving in batches: noting
// a reconnect never costs a commit, and a crash may lose what one interval held.
// Bounded without a limit of its own: only ids that are paired or pending are kept.

import type { Clock, Timer } from '@breakwater/supervisor'
import type { Write } from './backend.ts'
import type { Sighting } from './records.ts'
import type { Seen, SightingLog } from './store.ts'

export interface SightingBookComponents {
  readonly clock: Clock
  readonly isKnown: (id: string) => boolean
  /** Saves a batch; a rejection means it stays unsaved and is tried again with the next batch. */
  readonly save: (writes: readonly Write[]) => Promise<void>
}

/** Sightings saved in one group, so that a batch of a large fleet does not hold up decisions. */
const MAX_BATCH = 500

export class SightingBook implements SightingLog {
  readonly #components: SightingBookComponents
  readonly #intervalMs: number
  readonly #sightings = new Map<string, Sighting>()
  readonly #unsaved = new Set<string>()
  #timer: Timer | undefined
  #isClosed = false
  #savedCount = 0
  #failedSaves = 0
  #ignoredCount = 0

  constructor(components: SightingBookComponents, intervalMs: number) {
    this.#components = components
    this.#intervalMs = intervalMs
  }

  get size(): number {
    return this.#sightings.size
  }

  /** Takes what came from disk; a sighting whose device has gone meanwhile is forgotten. */
  load(sighting: Sighting): void {
    if (this.#components.isKnown(sighting.id)) this.#sightings.set(sighting.id, Object.freeze(sighting))
    else this.#unsaved.add(sighting.id)
  }

  get(id: string): Sighting | undefined {
    return this.#sightings.get(id)
  }

  note({ id, atMs, reason, tokenRole }: Seen): boolean {
    if (this.#isClosed || !this.#components.isKnown(id)) {
      this.#ignoredCount += 1
      return false
    }
    const before = this.#sightings.get(id)
    const tokensUsedAtMs = tokenRole ? { ...before?.tokensUsedAtMs, [tokenRole]: atMs } : before?.tokensUsedAtMs
    const lastReason = reason ?? before?.reason
    this.#sightings.set(
      id,
      Object.freeze({
        id,
        lastSeenAtMs: atMs,
        ...(lastReason === undefined ? {} : { reason: lastReason }),
        ...(tokensUsedAtMs === undefined ? {} : { tokensUsedAtMs: Object.freeze(tokensUsedAtMs) }),
      }),
    )
    this.#markUnsaved(id)
    return true
  }

  /** The device was removed, or the request answered. */
  forget(id: string): void {
    if (this.#sightings.delete(id)) this.#markUnsaved(id)
  }

  /** Saves what is unsaved now. Never rejects: a failed save is counted, its sightings wait for the next interval. */
  async save(): Promise<void> {
    this.#disarm()
    const ids = [...this.#unsaved]
    this.#unsaved.clear()
    for (let start = 0; start < ids.length; start += MAX_BATCH) {
      await this.#saveBatch(ids.slice(start, start + MAX_BATCH))
    }
    if (this.#unsaved.size > 0) this.#arm()
  }

  /** Saves for the last time. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.save()
    this.#disarm()
  }

  status() {
    return {
      unsavedCount: this.#unsaved.size,
      savedCount: this.#savedCount,
      failedSaves: this.#failedSaves,
      ignoredCount: this.#ignoredCount,
    }
  }

  async #saveBatch(ids: readonly string[]): Promise<void> {
    try {
      await this.#components.save(ids.map((id) => this.#toWrite(id)))
      this.#savedCount += ids.length
    } catch {
      // Whoever commits has reported the fault; here it only means "later".
      this.#failedSaves += 1
      for (const id of ids) this.#unsaved.add(id)
    }
  }

  #toWrite(id: string): Write {
    const sighting = this.#sightings.get(id)
    return sighting === undefined
      ? { remove: 'sightings', id }
      : { put: 'sightings', id, record: JSON.stringify(sighting) }
  }

  #markUnsaved(id: string): void {
    this.#unsaved.add(id)
    this.#arm()
  }

  #arm(): void {
    if (this.#isClosed) return
    this.#timer ??= this.#components.clock.setTimer(() => void this.save(), this.#intervalMs)
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#components.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }
}
