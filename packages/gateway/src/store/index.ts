// The store's surface for the rest of the gateway, the command line and the test kit.

export { append, put, remove } from './changes.ts'
export { STORE_FAULTS, StoreFault, type StoreFaultCode } from './fault.ts'
export { type MemoryStoreComponents, openMemoryStore } from './memory-store.ts'
export { type DecidedNoun, NOUNS, type NounName } from './nouns.ts'
export { STORE_DEFAULTS, type StoreOptions } from './options.ts'
export * from './records.ts'
export { describeOpenReport, type StoreOpenReport } from './sqlite/open-report.ts'
export { type OpenedStore, openSqliteStore, type SqliteStoreComponents, type StorePlace } from './sqlite/open-store.ts'
export { SQLITE_STORE_DEFAULTS, type SqliteStoreOptions } from './sqlite/options.ts'
export { acquireOwnerLock, type Owner, type OwnerLock, type OwnerLockOptions } from './sqlite/owner-lock.ts'
export type {
  AuditPage,
  AuditQuery,
  AuditReader,
  Change,
  Decision,
  Reader,
  Seen,
  SightingLog,
  Store,
  StoreStatus,
  StoreView,
} from './store.ts'
