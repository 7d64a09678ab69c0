// A Store over any backend: memory in front, decisions taken on the newest state, one queue to disk. A change becomes
// visible in memory only when the backend has it; when the backend refuses, nothing has happened.

import type { Clock } from '@breakwater/supervisor'
import type { Logger } from '../observe/logger.ts'
import type { LoadedRecords, StoreBackend, Write, WriteGroup } from './backend.ts'
import { CommitQueue } from './commit-queue.ts'
import { StoreFault } from './fault.ts'
import { freezeDeep } from './freeze-deep.ts'
import { DECIDED_NOUNS, type DecidedNoun, type DecidedRecords, NOUN_NAMES, NOUNS } from './nouns.ts'
import type { StoreOptions } from './options.ts'
import type { Sighting } from './records.ts'
import { SightingBook } from './sighting-book.ts'
import { type StagedEntry, StagedTable } from './staged-table.ts'
import type { Change, Decision, Reader, Store, StoreStatus, StoreView } from './store.ts'
import { AUDIT_PAGE, type AuditPage, type AuditQuery, type AuditReader } from './store.ts'

export interface StagedStoreComponents {
  readonly backend: StoreBackend
  readonly clock: Clock
  readonly log: Logger
}

type AnyRecord = DecidedRecords[DecidedNoun]

/** A change ready for both places it goes to: the row for disk, the frozen copy for memory. */
interface PreparedChange {
  readonly write: Write
  readonly memory?: { readonly noun: DecidedNoun; readonly id: string; readonly entry: StagedEntry<AnyRecord> }
}

export class StagedStore implements Store {
  readonly devices: Store['devices']
  readonly pairRequests: Store['pairRequests']
  readonly setupCodes: Store['setupCodes']
  readonly meta: Store['meta']
  readonly sightings: SightingBook
  readonly audit: AuditReader

  readonly #backend: StoreBackend
  readonly #log: Logger
  readonly #tables = Object.fromEntries(DECIDED_NOUNS.map((noun) => [noun, new StagedTable()])) as unknown as Readonly<
    Record<DecidedNoun, StagedTable<AnyRecord>>
  >
  readonly #stagedView: StoreView
  readonly #queue: CommitQueue
  #state: StoreStatus['state'] = 'open'
  #failure: StoreFault | undefined
  #closing: Promise<void> | undefined

  constructor({ backend, clock, log }: StagedStoreComponents, options: StoreOptions, loaded: LoadedRecords = {}) {
    this.#backend = backend
    this.#log = log
    const committed = this.#view((table) => table.committed)
    this.devices = committed.devices
    this.pairRequests = committed.pairRequests
    this.setupCodes = committed.setupCodes
    this.meta = committed.meta
    this.#stagedView = this.#view((table) => table.staged)
    this.audit = { list: (query) => this.#listAudit(query) }
    this.#queue = new CommitQueue(
      { commit: (group) => backend.commit(group), onFailure: (fault, group) => this.#onFailure(fault, group) },
      options,
    )
    this.sightings = new SightingBook(
      {
        clock,
        isKnown: (id) => this.devices.has(id) || this.pairRequests.has(id),
        save: async (writes) => {
          this.#assertNotFailed()
          await this.#queue.pushLossy(writes)
        },
      },
      options.sightingIntervalMs,
    )
    this.#load(loaded)
  }

  // Async so that every refusal is a rejection; the decision itself still runs before this call returns.
  async decide<T>(decision: (view: StoreView) => Decision<T>): Promise<T> {
    this.#assertOpen()
    const { changes, result } = decision(this.#stagedView)
    const prepared = changes.map(prepare)
    const writes = prepared.map((change) => change.write)
    this.#queue.assertRoom(writes)
    this.#assertWithinLimits(prepared)
    if (prepared.length === 0 && this.#queue.isIdle) return result
    this.#stage(prepared)
    await this.#queue.push(writes, () => this.#commit(prepared))
    return result
  }

  apply(changes: readonly Change[]): Promise<void> {
    return this.decide(() => ({ changes, result: undefined }))
  }

  status(): StoreStatus {
    const counts = NOUN_NAMES.map((noun) => {
      const count = noun === 'sightings' ? this.sightings.size : this.#tables[noun].committed.size
      return [noun, { count, limit: NOUNS[noun].limit }] as const
    })
    const snapshots = this.#backend.snapshots?.()
    return {
      state: this.#state,
      ...(this.#failure === undefined ? {} : { failure: this.#failure.code }),
      records: Object.fromEntries(counts) as unknown as StoreStatus['records'],
      queue: this.#queue.status(),
      commits: { ...this.#queue.counters },
      sightings: this.sightings.status(),
      ...(snapshots === undefined ? {} : { snapshots }),
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#state = 'closing'
    await this.#queue.idle()
    await this.sightings.close()
    await this.#backend.close()
    this.#state = 'closed'
  }

  async #listAudit(query: AuditQuery = {}): Promise<AuditPage> {
    if (this.#state === 'closed') throw new StoreFault('STORE_CLOSED')
    const limit = query.limit ?? AUDIT_PAGE.defaultLimit
    if (!Number.isInteger(limit) || limit < 1 || limit > AUDIT_PAGE.maxLimit) {
      throw new RangeError(`audit page limit must be a whole number in 1..${AUDIT_PAGE.maxLimit}, not ${limit}`)
    }
    return this.#backend.listAudit({ ...query, limit })
  }

  #assertOpen(): void {
    this.#assertNotFailed()
    if (this.#state !== 'open') throw new StoreFault('STORE_CLOSED')
  }

  #assertNotFailed(): void {
    if (this.#failure === undefined) return
    const { code, message } = this.#failure
    throw new StoreFault(code, message, { cause: this.#failure })
  }

  #assertWithinLimits(changes: readonly PreparedChange[]): void {
    for (const noun of DECIDED_NOUNS) {
      const table = this.#tables[noun]
      const touched = new Map<string, boolean>()
      for (const { memory } of changes) {
        if (memory?.noun === noun) touched.set(memory.id, memory.entry.record !== undefined)
      }
      let size = table.staged.size
      for (const [id, exists] of touched) size += Number(exists) - Number(table.staged.has(id))
      const { limit } = NOUNS[noun]
      if (size <= limit || size <= table.staged.size) continue
      throw new StoreFault('STORE_LIMIT', `The store holds at most ${limit} ${noun}.`, { details: { noun, limit } })
    }
  }

  #stage(changes: readonly PreparedChange[]): void {
    for (const { memory } of changes) {
      if (memory !== undefined) this.#tables[memory.noun].stage(memory.id, memory.entry)
    }
  }

  #commit(changes: readonly PreparedChange[]): void {
    for (const { memory } of changes) {
      if (memory === undefined) continue
      this.#tables[memory.noun].commit(memory.id, memory.entry)
      if (memory.entry.record === undefined && !this.#isSeenElsewhere(memory.id)) this.sightings.forget(memory.id)
    }
  }

  #isSeenElsewhere(id: string): boolean {
    return this.devices.has(id) || this.pairRequests.has(id)
  }

  #onFailure(fault: StoreFault, group: WriteGroup): void {
    if (!group.isLossy || fault.fatal) for (const noun of DECIDED_NOUNS) this.#tables[noun].dropStaged()
    if (fault.fatal) {
      this.#failure = fault
      if (this.#state === 'open') this.#state = 'failed'
    }
    const fields = { code: fault.code, changes: group.writes.length, isLossy: group.isLossy, error: fault.stack }
    if (fault.fatal) this.#log.error('store failed; it accepts no changes until the gateway restarts', fields)
    else this.#log.warn('store refused a group of changes', fields)
  }

  #load(loaded: LoadedRecords): void {
    for (const noun of DECIDED_NOUNS) {
      for (const [id, record] of loaded[noun] ?? []) this.#tables[noun].load(id, freezeDeep(JSON.parse(record)))
    }
    for (const [, record] of loaded.sightings ?? []) this.sightings.load(JSON.parse(record) as Sighting)
  }

  #view(side: (table: StagedTable<AnyRecord>) => Reader<AnyRecord>): StoreView {
    return Object.fromEntries(DECIDED_NOUNS.map((noun) => [noun, side(this.#tables[noun])])) as unknown as StoreView
  }
}

/** Memory keeps a copy of exactly what disk gets: later edits of the caller's object reach neither. */
function prepare(change: Change): PreparedChange {
  if ('append' in change) {
    const { fact } = change
    return { write: { append: 'audit', subject: fact.subject, fact: JSON.stringify(fact) } }
  }
  if ('remove' in change) {
    const { remove: noun, id } = change
    return { write: { remove: noun, id }, memory: { noun, id, entry: { record: undefined } } }
  }
  const { put: noun, record } = change
  const id = (NOUNS[noun].idOf as (record: AnyRecord) => string)(record)
  const json = JSON.stringify(record)
  return {
    write: { put: noun, id, record: json },
    memory: { noun, id, entry: { record: freezeDeep(JSON.parse(json) as AnyRecord) } },
  }
}
