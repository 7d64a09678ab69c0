// Order and grouping of writes on their way to disk. A group closes at the end of the loop turn in which its first
// write arrived, or when the commit running meanwhile ends, so a burst shares one fsync and a lone write waits for
// nobody. Bounded by changes and bytes. What a write means is not its business.

import type { Write, WriteGroup } from './backend.ts'
import { StoreFault } from './fault.ts'
import type { StoreOptions } from './options.ts'

export interface CommitQueueComponents {
  readonly commit: (group: WriteGroup) => Promise<void>
  /** Called before the writers hear of it. A lossy group takes nobody down with it. */
  readonly onFailure: (fault: StoreFault, group: WriteGroup) => void
}

interface Batch {
  readonly writes: readonly Write[]
  readonly bytes: number
  readonly onCommitted: () => void
  readonly resolve: () => void
  readonly reject: (fault: StoreFault) => void
}

export interface CommitCounters {
  count: number
  failedCount: number
  rowCount: number
  lastGroupSize: number
  largestGroupSize: number
  lastMs: number
  longestMs: number
}

export class CommitQueue {
  readonly #components: CommitQueueComponents
  readonly #options: StoreOptions
  #waiting: Batch[] = []
  #waitingLossy: Batch[] = []
  #changes = 0
  #bytes = 0
  #refusedCount = 0
  #running: Promise<void> | undefined
  readonly counters: CommitCounters = {
    count: 0,
    failedCount: 0,
    rowCount: 0,
    lastGroupSize: 0,
    largestGroupSize: 0,
    lastMs: 0,
    longestMs: 0,
  }

  constructor(components: CommitQueueComponents, options: StoreOptions) {
    this.#components = components
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#running === undefined
  }

  /** Throws STORE_BUSY when the writes do not fit now, STORE_LIMIT when they never will. */
  assertRoom(writes: readonly Write[]): void {
    const { maxWaitingChanges, maxWaitingBytes } = this.#options
    const bytes = bytesOf(writes)
    if (writes.length > maxWaitingChanges || bytes > maxWaitingBytes) {
      throw new StoreFault('STORE_LIMIT', 'The decision is larger than the whole queue to disk.', {
        details: { changes: writes.length, bytes, maxWaitingChanges, maxWaitingBytes },
      })
    }
    if (this.#changes + writes.length <= maxWaitingChanges && this.#bytes + bytes <= maxWaitingBytes) return
    this.#refusedCount += 1
    throw new StoreFault('STORE_BUSY', undefined, {
      details: { waitingChanges: this.#changes, waitingBytes: this.#bytes, maxWaitingChanges, maxWaitingBytes },
    })
  }

  /** Resolves once the writes, and all pushed before them, are durable; `onCommitted` runs just before. */
  push(writes: readonly Write[], onCommitted: () => void): Promise<void> {
    return this.#enqueue(this.#waiting, writes, onCommitted)
  }

  /** Goes to disk in a group of its own, after the decisions that wait. */
  pushLossy(writes: readonly Write[]): Promise<void> {
    return this.#enqueue(this.#waitingLossy, writes, () => {})
  }

  /** Resolves when nothing is waiting or running. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  status() {
    const { maxWaitingChanges, maxWaitingBytes } = this.#options
    return {
      waitingChanges: this.#changes,
      maxWaitingChanges,
      waitingBytes: this.#bytes,
      maxWaitingBytes,
      refusedCount: this.#refusedCount,
    }
  }

  #enqueue(lane: Batch[], writes: readonly Write[], onCommitted: () => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const bytes = bytesOf(writes)
    lane.push({ writes, bytes, onCommitted, resolve, reject })
    this.#changes += writes.length
    this.#bytes += bytes
    this.#running ??= this.#run()
    return promise
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length + this.#waitingLossy.length > 0) {
      const isLossy = this.#waiting.length === 0
      const batches = this.#takeGroup(isLossy ? this.#waitingLossy : this.#waiting)
      await this.#commitGroup(batches, { writes: batches.flatMap((batch) => batch.writes), isLossy })
    }
    this.#running = undefined
  }

  #takeGroup(lane: Batch[]): Batch[] {
    let size = 0
    const end = lane.findIndex((batch, index) => {
      size += batch.writes.length
      return index > 0 && size > this.#options.maxGroupChanges
    })
    return lane.splice(0, end === -1 ? lane.length : end)
  }

  async #commitGroup(batches: readonly Batch[], group: WriteGroup): Promise<void> {
    const startedAt = performance.now()
    try {
      // A decision that changed nothing still waits for what it saw, but costs no commit.
      if (group.writes.length > 0) await this.#components.commit(group)
    } catch (error) {
      this.#fail(batches, group, StoreFault.is(error) ? error : new StoreFault('STORE_IO', undefined, { cause: error }))
      return
    }
    if (group.writes.length > 0) this.#count(group, performance.now() - startedAt)
    for (const batch of batches) {
      this.#release(batch)
      batch.onCommitted()
      batch.resolve()
    }
  }

  #fail(batches: readonly Batch[], group: WriteGroup, fault: StoreFault): void {
    this.counters.failedCount += 1
    const lost = [...batches, ...this.#takeLostWith(group, fault)]
    this.#components.onFailure(fault, group)
    for (const batch of lost) {
      this.#release(batch)
      batch.reject(fault)
    }
  }

  /** Later decisions may have been taken on what the failed ones would have made true, so they fail with them. */
  #takeLostWith(group: WriteGroup, fault: StoreFault): Batch[] {
    if (fault.fatal) return [...this.#waiting.splice(0), ...this.#waitingLossy.splice(0)]
    return group.isLossy ? [] : this.#waiting.splice(0)
  }

  #release(batch: Batch): void {
    this.#changes -= batch.writes.length
    this.#bytes -= batch.bytes
  }

  #count(group: WriteGroup, durationMs: number): void {
    const { counters } = this
    counters.count += 1
    counters.rowCount += group.writes.length
    counters.lastGroupSize = group.writes.length
    counters.largestGroupSize = Math.max(counters.largestGroupSize, group.writes.length)
    counters.lastMs = durationMs
    counters.longestMs = Math.max(counters.longestMs, durationMs)
  }
}

function bytesOf(writes: readonly Write[]): number {
  let characters = 0
  for (const write of writes) {
    if ('put' in write) characters += write.id.length + write.record.length
    else if ('append' in write) characters += write.fact.length
    else characters += write.id.length
  }
  return characters * 2
}
