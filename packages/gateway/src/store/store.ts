// The contract of the gateway's memory. Reads are synchronous and come from memory; a change is on disk before the
// promise that announced it resolves. Nothing here names a database, a connection or a transaction.
//
// Reads that only answer use the store itself: what is committed. Reads that decide use the view `decide` hands out,
// which includes every earlier decision still on its way to disk, so two decisions can never both act on the old state.

import type { Role } from '@breakwater/protocol'
import type { StoreFaultCode } from './fault.ts'
import type { DecidedNoun, DecidedRecords, NounName } from './nouns.ts'
import type { AuditEntry, AuditFact, Sighting } from './records.ts'

/** Records are deeply frozen; keep them as long as you like. */
export interface Reader<R> {
  get(id: string): R | undefined
  has(id: string): boolean
  /** In no particular order. Ends early or late when records change meanwhile; collect it before awaiting anything. */
  values(): IteratorObject<R>
  readonly size: number
}

export type StoreView = { readonly [N in DecidedNoun]: Reader<DecidedRecords[N]> }

/** One step of a decision. Built by `put`, `remove` and `append` (changes.ts). */
export type Change =
  | { readonly [N in DecidedNoun]: { readonly put: N; readonly record: DecidedRecords[N] } }[DecidedNoun]
  | { readonly remove: DecidedNoun; readonly id: string }
  | { readonly append: 'audit'; readonly fact: AuditFact }

/** What a decision changes, all of it or nothing, and what its caller is told afterwards. */
export interface Decision<T> {
  readonly changes: readonly Change[]
  readonly result: T
}

export interface Store extends StoreView, AsyncDisposable {
  readonly sightings: SightingLog
  readonly audit: AuditReader

  /**
   * Runs `decision` at once on the newest state and resolves with its result when its changes, and every earlier
   * change it could see, are on disk and visible in memory. Decisions take effect in the order of the calls.
   *
   * Rejects with a StoreFault and then memory is as if it had never been called: STORE_BUSY, STORE_LIMIT and
   * STORE_CLOSED before anything was tried, STORE_FULL, STORE_READONLY and the fatal codes afterwards. When an earlier
   * decision fails, those that could see its changes fail with the same code. What `decision` throws rejects unchanged.
   */
  decide<T>(decision: (view: StoreView) => Decision<T>): Promise<T>

  /** `decide` for changes that depend on nothing stored. */
  apply(changes: readonly Change[]): Promise<void>

  status(): StoreStatus

  /** Refuses new changes, finishes those under way, saves the sightings, lets the files go. Idempotent. */
  close(): Promise<void>
}

/** Lossy by contract: kept in memory at once, saved in batches, up to one interval is lost in a crash. Never waits. */
export interface SightingLog {
  get(id: string): Sighting | undefined
  /** False when `id` is neither a paired device nor a pending request; nothing is kept then. */
  note(seen: Seen): boolean
}

export interface Seen {
  /** A device id or a pairing request id. */
  readonly id: string
  readonly atMs: number
  readonly reason?: string
  /** The role whose device token was used. */
  readonly tokenRole?: Role
}

export interface AuditReader {
  /** Newest first, committed facts only. Runs off the event loop. */
  list(query?: AuditQuery): Promise<AuditPage>
}

export interface AuditQuery {
  /** Only facts about this device or setup id. */
  readonly subject?: string
  /** Continue a listing: the `nextBeforeSeq` of the page before. */
  readonly beforeSeq?: number
  /** Entries per page, 1..500; undefined means 100. */
  readonly limit?: number
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[]
  /** Present when there may be older facts. */
  readonly nextBeforeSeq?: number
  /** Facts of this page whose checksum no longer fits; they are not among the entries. */
  readonly damagedSeqs: readonly number[]
}

export const AUDIT_PAGE = { defaultLimit: 100, maxLimit: 500 } as const

/** For `status`, health and metrics. Counters start at 0 when the store is opened. */
export interface StoreStatus {
  readonly state: 'open' | 'failed' | 'closing' | 'closed'
  /** Why it accepts no changes any more. */
  readonly failure?: StoreFaultCode
  readonly records: Readonly<Record<NounName, { readonly count: number; readonly limit: number }>>
  readonly queue: {
    readonly waitingChanges: number
    readonly maxWaitingChanges: number
    readonly waitingBytes: number
    readonly maxWaitingBytes: number
    /** Decisions refused with STORE_BUSY. */
    readonly refusedCount: number
  }
  readonly commits: {
    readonly count: number
    readonly failedCount: number
    readonly rowCount: number
    readonly lastGroupSize: number
    readonly largestGroupSize: number
    readonly lastMs: number
    readonly longestMs: number
  }
  readonly sightings: {
    readonly unsavedCount: number
    readonly savedCount: number
    readonly failedSaves: number
    /** Notes about ids that are neither paired nor pending. */
    readonly ignoredCount: number
  }
  /** Absent where the store keeps none. */
  readonly snapshots?: {
    readonly takenCount: number
    readonly failedCount: number
    readonly lastAtMs?: number
    /** When the oldest change happened that is in no snapshot yet. */
    readonly dirtySinceMs?: number
  }
}
