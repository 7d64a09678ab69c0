// Limits and intervals of the SQLite store, beside those every store shares.

import { resolveStoreOptions, resolveWithin, type StoreOptions } from '../options.ts'

export interface SqliteStoreOptions extends StoreOptions {
  /** Oldest facts are deleted beyond this many, in the commit that adds new ones. 1,000..10,000,000. */
  readonly maxAuditEntries: number
  /** A change is in a snapshot after this long at the latest, in milliseconds. 1,000..86,400,000. */
  readonly snapshotMaxAgeMs: number
  /** After a quiet time a snapshot waits this long for more changes, in milliseconds. 0..snapshotMaxAgeMs. */
  readonly snapshotSettleMs: number
  /** Newest snapshots kept, 1..100. */
  readonly keptSnapshots: number
  /**
   * When the database is damaged and no snapshot is good: `refuse` leaves the files alone and fails with STORE_CORRUPT;
   * `start-empty` moves them aside and begins anew, which unpairs every device.
   */
  readonly whenUnrecoverable: 'refuse' | 'start-empty'
}

export const SQLITE_STORE_DEFAULTS = {
  maxAuditEntries: 100_000,
  snapshotMaxAgeMs: 60_000,
  snapshotSettleMs: 5_000,
  keptSnapshots: 3,
  whenUnrecoverable: 'refuse',
} as const satisfies Omit<SqliteStoreOptions, keyof StoreOptions>

export function resolveSqliteStoreOptions(input: Partial<SqliteStoreOptions> = {}): SqliteStoreOptions {
  const options = { ...SQLITE_STORE_DEFAULTS, ...resolveStoreOptions(input), ...input }
  return resolveWithin(options as SqliteStoreOptions, {
    maxAuditEntries: [1_000, 10_000_000],
    snapshotMaxAgeMs: [1_000, 86_400_000],
    snapshotSettleMs: [0, options.snapshotMaxAgeMs],
    keptSnapshots: [1, 100],
  })
}
