// A damaged or missing database: the newest good snapshot takes its place, the damaged files are kept.
// Every step can be cut off by a crash: the database is either the old one, absent (and found missing next time), or
// the restored one.

import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { DamageReport } from './open-report.ts'
import type { Migration } from './schema-state.ts'
import { fileStamp, listSnapshots, type Snapshot } from './snapshots.ts'
import { DamageError, isDamage } from './sqlite-error.ts'
import {
  companionsOf,
  createPrivateFile,
  logOf,
  makePrivateDirectory,
  removeDatabase,
  replaceFile,
  type StoreFiles,
  syncPath,
} from './store-files.ts'
import { verifyCopy } from './verify.ts'

export interface RestoreOptions {
  readonly migrations: readonly Migration[]
  readonly startEmpty: boolean
  readonly nowMs: number
  /** When the database or its log was written last, found before anyone touched them. */
  readonly lastWrittenAtMs: number | undefined
}

/** Folders of damaged files that are kept; the oldest goes first. */
const KEPT_DAMAGED = 8

/**
 * Puts the newest good snapshot in the place of the database. Throws DamageError, with every file left where it was,
 * when there is none and `startEmpty` is false; with it, the caller finds no database and creates one.
 */
export function restoreSnapshot(
  files: StoreFiles,
  cause: DamageReport['cause'],
  problems: readonly string[],
  { migrations, startEmpty, nowMs, lastWrittenAtMs }: RestoreOptions,
): DamageReport {
  const { snapshot, badSnapshots } = stageNewestGood(files, migrations)
  if (snapshot === undefined && !startEmpty) {
    const tried = badSnapshots.length === 0 ? 'there is no snapshot' : 'every snapshot is damaged too'
    throw new DamageError([...problems, `${tried} in ${files.snapshots}`])
  }
  const keptIn = setAside(files, nowMs)
  if (snapshot !== undefined) replaceFile(files.next, files.database)
  return {
    cause,
    problems,
    badSnapshots,
    ...(keptIn === undefined ? {} : { keptIn }),
    ...(lastWrittenAtMs === undefined ? {} : { lastWrittenAtMs }),
    ...(snapshot === undefined ? {} : { restoredFrom: snapshot.file, restoredStateOfMs: snapshot.takenAtMs }),
  }
}

/** Copies the database and its log as they are, for whoever wants to look into the damage. */
export function keepCopy(files: StoreFiles, nowMs: number): string {
  const folder = damageFolder(files, nowMs)
  for (const file of [files.database, logOf(files.database)]) {
    if (existsSync(file)) copyFileSync(file, join(folder, basename(file)))
  }
  return folder
}

function stageNewestGood(
  files: StoreFiles,
  migrations: readonly Migration[],
): { snapshot: Snapshot | undefined; badSnapshots: string[] } {
  const badSnapshots: string[] = []
  for (const snapshot of listSnapshots(files.snapshots)) {
    removeDatabase(files.next)
    createPrivateFile(files.next)
    copyFileSync(snapshot.file, files.next)
    try {
      verifyCopy(files.next, migrations)
      return { snapshot, badSnapshots }
    } catch (error) {
      removeDatabase(files.next)
      if (!isDamage(error)) throw error
      badSnapshots.push(snapshot.file)
    }
  }
  return { snapshot: undefined, badSnapshots }
}

/** Moves the database and whatever lies beside it. A log left behind would be applied to the restored database. */
function setAside(files: StoreFiles, nowMs: number): string | undefined {
  const found = [files.database, ...companionsOf(files.database)].filter((file) => existsSync(file))
  if (found.length === 0) return undefined
  const folder = damageFolder(files, nowMs)
  for (const file of found) renameSync(file, join(folder, basename(file)))
  syncPath(folder)
  syncPath(files.directory)
  return folder
}

function damageFolder(files: StoreFiles, nowMs: number): string {
  makePrivateDirectory(files.damaged)
  const stamp = fileStamp(nowMs)
  const taken = readdirSync(files.damaged).sort()
  for (const name of taken.slice(0, 1 - KEPT_DAMAGED)) rmSync(join(files.damaged, name), { recursive: true })
  const attempt = taken.filter((name) => name.startsWith(stamp)).length
  const folder = join(files.damaged, attempt === 0 ? stamp : `${stamp}-${attempt}`)
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

export function lastWritten(files: StoreFiles): number | undefined {
  const found = [files.database, logOf(files.database)].filter((file) => existsSync(file))
  return found.length === 0 ? undefined : Math.round(Math.max(...found.map((file) => statSync(file).mtimeMs)))
}
