// A copy of a state directory's database that is whole and has been read through, taken by another process than the one
// that owns it, whether that one runs, hangs or is gone. Needs no cooperation and disturbs nobody.
//
// It rests on how the writer works: a commit only ever appends to the write-ahead log; the database file itself changes
// during a checkpoint alone, which ends by emptying the log. So the file as it was at any moment plus the log as it is
// later is a committed state, unless a checkpoint ended in between, and that shows in the file's time or the log's salt.

import { copyFile, open, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { openForWriting } from './connection.ts'
import { inspectLog, type LogDamage } from './log-inspection.ts'
import { MIGRATIONS } from './migrations/index.ts'
import type { Migration } from './schema-state.ts'
import { createPrivateFile, logOf, removeDatabase, storeFiles } from './store-files.ts'
import { readThrough, type VerifiedContent } from './verify.ts'

export interface CopiedDatabase extends VerifiedContent {
  /** Commits that can no longer be read from the log; a single one may be a write that was going on. */
  readonly logDamage?: LogDamage
}

/** A checkpoint takes milliseconds and comes every few megabytes of commits. */
const MAX_ATTEMPTS = 20
const RETRY_AFTER_MS = 50
/** A file written so lately could be written again without its time telling. */
const CLOCK_TICK_MS = 20

type CopyFile = (from: string, to: string) => Promise<void>

export interface CopyComponents {
  readonly migrations?: readonly Migration[]
  readonly copy?: CopyFile
}

/** Thrown when a checkpoint got in between every time. */
export class CopyInterrupted extends Error {
  override readonly name = 'CopyInterrupted'
}

/**
 * Makes `target`, a single file of mode 0600 without a log beside it. Undefined when there is no database. Throws
 * DamageError when what is there is damaged (the copy is left behind for a look), `CopyInterrupted`, or a system error.
 * Never call it in the process that owns the directory: closing a file would drop the locks it holds.
 */
export async function copyDatabase(
  stateDir: string,
  target: string,
  { migrations = MIGRATIONS, copy = copyFile }: CopyComponents = {},
): Promise<CopiedDatabase | undefined> {
  const { database } = storeFiles(stateDir)
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const before = await markOf(database)
    if (before === undefined) return undefined
    if (await tryCopy(copy, database, target, before)) return verify(target, migrations)
    removeDatabase(target)
    await delay(RETRY_AFTER_MS)
  }
  throw new CopyInterrupted(`${database} changed during each of ${MAX_ATTEMPTS} attempts to copy it`)
}

/** What changes when a checkpoint has run. */
interface Mark {
  readonly fileChange: string
  /** Of the log's header; empty while there is no log. */
  readonly salt: string
  readonly isFresh: boolean
}

async function tryCopy(copy: CopyFile, database: string, target: string, before: Mark): Promise<boolean> {
  if (before.isFresh) return false
  createPrivateFile(target)
  await copy(database, target)
  createPrivateFile(logOf(target))
  await copyLog(copy, logOf(database), logOf(target))
  const after = await markOf(database)
  const copied = await saltOf(logOf(target))
  // A log that was empty may have got its header meanwhile; a header that was there must still be the same.
  const isSameLog = before.salt === copied || before.salt === ''
  return after !== undefined && after.fileChange === before.fileChange && isSameLog
}

async function markOf(database: string): Promise<Mark | undefined> {
  try {
    const { size, mtimeMs, mtimeNs, ino } = await statPrecisely(database)
    const salt = await saltOf(logOf(database))
    return { fileChange: `${ino}:${size}:${mtimeNs}`, salt, isFresh: Date.now() - mtimeMs < CLOCK_TICK_MS }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function statPrecisely(path: string) {
  const info = await stat(path, { bigint: true })
  return { size: info.size, ino: info.ino, mtimeNs: info.mtimeNs, mtimeMs: Number(info.mtimeMs) }
}

const SALT_OFFSET = 16
const SALT_BYTES = 8

async function saltOf(log: string): Promise<string> {
  try {
    await using file = await open(log, 'r')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SALT_BYTES), 0, SALT_BYTES, SALT_OFFSET)
    return bytesRead === SALT_BYTES ? buffer.toString('hex') : ''
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

async function copyLog(copy: CopyFile, from: string, to: string): Promise<void> {
  try {
    await copy(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Opening the copy replays its log; closing it leaves one file. */
async function verify(target: string, migrations: readonly Migration[]): Promise<CopiedDatabase> {
  const logDamage = inspectLog(logOf(target))
  const database = openForWriting(target)
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return { ...readThrough(database, migrations), ...(logDamage === undefined ? {} : { logDamage }) }
  } finally {
    database.close()
    await Promise.all(['-wal', '-shm'].map((suffix) => rm(`${target}${suffix}`, { force: true })))
  }
}
