// One noun in memory, twice: what is committed, and what will be once everything under way is on disk.
// Knows nothing of disks or promises; the caller says when a staged change became true or will never be.

import type { Reader } from './store.ts'

/** A staged change; its identity tells whether a later one has replaced it. */
export interface StagedEntry<R> {
  /** Undefined when the record is to be removed. */
  readonly record: R | undefined
}

export class StagedTable<R> {
  readonly #committed = new Map<string, R>()
  readonly #staged = new Map<string, StagedEntry<R>>()
  #stagedSize = 0

  readonly committed: Reader<R> = committedReader(this.#committed)
  readonly staged: Reader<R> = this.#stagedReader()

  /** Puts a record that came from disk. */
  load(id: string, record: R): void {
    this.#committed.set(id, record)
    this.#stagedSize = this.#committed.size
  }

  stage(id: string, entry: StagedEntry<R>): void {
    this.#stagedSize += Number(entry.record !== undefined) - Number(this.staged.has(id))
    this.#staged.set(id, entry)
  }

  commit(id: string, entry: StagedEntry<R>): void {
    if (entry.record === undefined) this.#committed.delete(id)
    else this.#committed.set(id, entry.record)
    if (this.#staged.get(id) === entry) this.#staged.delete(id)
  }

  /** Forgets every change that is not committed. */
  dropStaged(): void {
    this.#staged.clear()
    this.#stagedSize = this.#committed.size
  }

  #stagedReader(): Reader<R> {
    const committed = this.#committed
    const staged = this.#staged
    const stagedSize = () => this.#stagedSize
    const get = (id: string): R | undefined => {
      const entry = staged.get(id)
      return entry === undefined ? committed.get(id) : entry.record
    }
    return {
      get,
      has: (id) => get(id) !== undefined,
      *values() {
        for (const [id, record] of committed) if (!staged.has(id)) yield record
        for (const { record } of staged.values()) if (record !== undefined) yield record
      },
      get size() {
        return stagedSize()
      },
    }
  }
}

function committedReader<R>(records: ReadonlyMap<string, R>): Reader<R> {
  return {
    get: (id) => records.get(id),
    has: (id) => records.has(id),
    values: () => records.values(),
    get size() {
      return records.size
    },
  }
}
