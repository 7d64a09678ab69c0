// From whatever is on disk to a verified database of this release's schema, with a report of what had to be done:
// create, replay, restore, upgrade. Runs once, in the worker, while the process holds the owner lock.

import { chmodSync, copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { LoadedRecords } from '../backend.ts'
import { openForWriting } from './connection.ts'
import { inspectLog } from './log-inspection.ts'
import { migrateFile } from './migrate.ts'
import type { DamageReport, StoreOpenReport } from './open-report.ts'
import { keepCopy, lastWritten, restoreSnapshot } from './recover.ts'
import type { Migration } from './schema-state.ts'
import { fileStamp, listSnapshots } from './snapshots.ts'
import { DamageError } from './sqlite-error.ts'
import {
  createPrivateFile,
  logOf,
  makePrivateDirectory,
  removeDatabase,
  replaceFile,
  type StoreFiles,
  syncPath,
} from './store-files.ts'
import { readThrough, type VerifiedContent } from './verify.ts'

export interface OpenDatabaseOptions {
  readonly migrations: readonly Migration[]
  readonly startEmpty: boolean
  readonly nowMs: number
}

export interface OpenedDatabase {
  readonly database: DatabaseSync
  readonly records: LoadedRecords
  readonly report: Omit<StoreOpenReport, 'openMs'>
}

type Finding = Pick<StoreOpenReport, 'origin' | 'wasUnclean'> &
  Partial<Pick<StoreOpenReport, 'damage' | 'logDamage' | 'migratedFrom'>>

type Verified = VerifiedContent & { readonly database: DatabaseSync }

/** The caller's options and what was seen before anything was touched. */
type Plan = OpenDatabaseOptions & { readonly lastWrittenAtMs: number | undefined }

export function openDatabase(files: StoreFiles, options: OpenDatabaseOptions): OpenedDatabase {
  makePrivateDirectory(files.directory)
  removeDatabase(files.next)
  const plan = { ...options, lastWrittenAtMs: lastWritten(files) }
  const found = findDatabase(files, plan)
  const { verified, damage } = openOrRestore(files, plan)
  const { database, records, version, migratedFrom } = upgrade(files, verified, options)
  const report = {
    ...found,
    ...(damage === undefined ? {} : { damage, origin: originAfter(damage) }),
    ...(migratedFrom === undefined ? {} : { migratedFrom }),
    schemaVersion: version,
  }
  return { database, records, report }
}

/** Makes sure a database file is there: found, restored because only its snapshots are left, or created. */
function findDatabase(files: StoreFiles, plan: Plan): Finding {
  const log = logOf(files.database)
  if (existsSync(files.database)) {
    const wasUnclean = existsSync(log)
    const logDamage = inspectLog(log)
    if (logDamage === undefined) return { origin: 'opened', wasUnclean }
    // One unreadable commit may be no more than the write the crash interrupted; there is nothing to look into then.
    const keptIn = logDamage.unreadableCommits === 1 ? {} : { keptIn: keepCopy(files, plan.nowMs) }
    return { origin: 'opened', wasUnclean, logDamage: { ...logDamage, ...keptIn } }
  }
  if (listSnapshots(files.snapshots).length === 0) {
    createDatabase(files, plan)
    return { origin: 'created', wasUnclean: false }
  }
  const damage = restoreSnapshot(files, 'missing', ['the database file is missing'], plan)
  if (!existsSync(files.database)) createDatabase(files, plan)
  return { origin: originAfter(damage), wasUnclean: true, damage }
}

function openOrRestore(files: StoreFiles, plan: Plan): { readonly verified: Verified; readonly damage?: DamageReport } {
  try {
    return { verified: openVerified(files.database, plan.migrations) }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error
    const damage = restoreSnapshot(files, 'damaged', error.problems, plan)
    if (!existsSync(files.database)) createDatabase(files, plan)
    return { verified: openVerified(files.database, plan.migrations), damage }
  }
}

function openVerified(path: string, migrations: readonly Migration[]): Verified {
  chmodSync(path, 0o600)
  const database = openForWriting(path)
  try {
    return { database, ...readThrough(database, migrations) }
  } catch (error) {
    database.close()
    throw error
  }
}

/** Built beside and moved in when complete, so that a half-made database is never found. */
function createDatabase(files: StoreFiles, { migrations, nowMs }: OpenDatabaseOptions): void {
  removeDatabase(files.next)
  createPrivateFile(files.next)
  migrateFile(files.next, migrations, nowMs)
  replaceFile(files.next, files.database)
}

/** Files from before an upgrade that are kept, newest first. */
const KEPT_BEFORE_UPGRADE = 2

function upgrade(
  files: StoreFiles,
  verified: Verified,
  { migrations, nowMs }: OpenDatabaseOptions,
): Verified & { readonly migratedFrom?: number } {
  if (verified.version >= migrations.length) return verified
  // Closing folds the log into the file, so the copies are whole.
  verified.database.close()
  keepBeforeUpgrade(files, verified.version, nowMs)
  createPrivateFile(files.next)
  copyFileSync(files.database, files.next)
  migrateFile(files.next, migrations, nowMs)
  replaceFile(files.next, files.database)
  return { ...openVerified(files.database, migrations), migratedFrom: verified.version }
}

function keepBeforeUpgrade(files: StoreFiles, version: number, nowMs: number): void {
  makePrivateDirectory(files.snapshots)
  const kept = join(files.snapshots, `before-upgrade-${fileStamp(nowMs)}-schema-${version}.sqlite`)
  rmSync(kept, { force: true })
  createPrivateFile(kept)
  copyFileSync(files.database, kept)
  syncPath(kept)
  syncPath(files.snapshots)
  const older = readdirSync(files.snapshots).filter((name) => name.startsWith('before-upgrade-'))
  for (const name of older.sort().slice(0, -KEPT_BEFORE_UPGRADE)) rmSync(join(files.snapshots, name))
}

const originAfter = (damage: DamageReport): StoreOpenReport['origin'] =>
  damage.restoredFrom === undefined ? 'started-empty' : 'restored'
