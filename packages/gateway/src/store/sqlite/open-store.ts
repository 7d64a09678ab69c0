// Opens the embedded store: owner lock, writer thread, verified records into memory. The whole start-up of a state
// directory is in this order and nowhere else.

import type { Clock } from '@breakwater/supervisor'
import type { Logger } from '../../observe/logger.ts'
import type { StoreBackend } from '../backend.ts'
import { StagedStore } from '../staged-store.ts'
import type { Store } from '../store.ts'
import { describeOpenReport, type StoreOpenReport } from './open-report.ts'
import { resolveSqliteStoreOptions, type SqliteStoreOptions } from './options.ts'
import { acquireOwnerLock, type OwnerLock, type OwnerLockOptions } from './owner-lock.ts'
import { assertNoUnfinishedRestore } from './restore-journal.ts'
import { WorkerBackend } from './worker-backend.ts'

export interface SqliteStoreComponents {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Where the store is, and how its directory comes to belong to this process: either a lock the caller already holds
 * (and releases itself, after closing the store), or what is needed to take one for as long as the store is open.
 */
export type StorePlace = { readonly lock: OwnerLock } | OwnerLockOptions

export interface OpenedStore {
  readonly store: Store
  readonly report: StoreOpenReport
}

/**
 * Rejects with STORE_OWNED (another process has the directory), STORE_CORRUPT (damaged, and no snapshot is good),
 * STORE_RESTORING, STORE_TOO_NEW, STORE_MIGRATION_FAILED, STORE_FULL, STORE_READONLY or STORE_IO; nothing is left running or locked then.
 */
export async function openSqliteStore(
  components: SqliteStoreComponents,
  place: StorePlace,
  options: Partial<SqliteStoreOptions> = {},
): Promise<OpenedStore> {
  const resolved = resolveSqliteStoreOptions(options)
  const lock = 'lock' in place ? place.lock : await acquireOwnerLock(place)
  const releaseLock = () => {
    if (!('lock' in place)) lock.release()
  }
  if (lock.nameFault !== undefined) components.log.warn(lock.nameFault.message, { code: lock.nameFault.code })
  try {
    assertNoUnfinishedRestore(lock.stateDir)
    const { maxAuditEntries, keptSnapshots, whenUnrecoverable } = resolved
    const startEmpty = whenUnrecoverable === 'start-empty'
    const setup = { stateDir: lock.stateDir, maxAuditEntries, keptSnapshots, startEmpty }
    const writer = new WorkerBackend(components, setup, resolved)
    const { records, report } = await writer.opened()
    for (const sentence of describeOpenReport(report)) components.log.warn(sentence, { storeOpen: report })
    const backend = releasing(writer, releaseLock)
    return { store: new StagedStore({ ...components, backend }, resolved, records), report }
  } catch (error) {
    releaseLock()
    throw error
  }
}

/** The directory is free for the next owner only when the writer thread has ended. */
function releasing(writer: WorkerBackend, release: () => void): StoreBackend {
  return {
    commit: (group) => writer.commit(group),
    listAudit: (query) => writer.listAudit(query),
    snapshots: () => writer.snapshots(),
    close: () => writer.close().finally(release),
  }
}
