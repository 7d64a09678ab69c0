// What a database has to do to become a store: take groups of writes durably and answer questions about the audit.
// Everything that gives a store its meaning (staging, order, limits, sightings) is in front of it, in StagedStore.

import type { NounName } from './nouns.ts'
import type { AuditPage, AuditQuery, StoreStatus } from './store.ts'

/** One row to write; records and facts are JSON text. */
export type Write =
  | { readonly put: NounName; readonly id: string; readonly record: string }
  | { readonly remove: NounName; readonly id: string }
  | { readonly append: 'audit'; readonly subject: string; readonly fact: string }

export interface WriteGroup {
  readonly writes: readonly Write[]
  /** Whether somebody waits for it; lossy groups hold sightings only. */
  readonly isLossy: boolean
}

export interface StoreBackend {
  /** Resolves when the whole group is durable. A rejection means that none of it is. Called one at a time. */
  commit(group: WriteGroup): Promise<void>
  listAudit(query: Required<Pick<AuditQuery, 'limit'>> & Omit<AuditQuery, 'limit'>): Promise<AuditPage>
  snapshots?(): NonNullable<StoreStatus['snapshots']>
  /** Called once, after the last commit has settled. */
  close(): Promise<void>
}

/** What a backend found on disk: records as JSON text. */
export type LoadedRecords = Readonly<Partial<Record<NounName, readonly (readonly [id: string, record: string])[]>>>
