// Reads what SQLite and the file system report, in one place, by number and never by text. Two questions: which store
// fault is it, and is the file damaged or merely out of reach?

import { StoreFault, type StoreFaultCode } from '../fault.ts'

/** Primary result codes of SQLite; the extended code's low byte. */
const SQLITE_ERROR = 1
const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_NOTADB = 26

/** Verification found the file itself to be wrong. Internal to this folder: it leads to a restore or to STORE_CORRUPT. */
export class DamageError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[], cause?: unknown) {
    super(`database damaged: ${problems[0] ?? 'unknown problem'}`, cause === undefined ? undefined : { cause })
    this.name = 'DamageError'
    this.problems = problems
  }
}

/** SQLite's primary result code, or undefined for an error of another kind. */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

export const isBusy = (error: unknown): boolean => sqliteCode(error) === SQLITE_BUSY

/** While reading a database through: does this say that its content is wrong (and not that the disk is out of reach)? */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamageError) return true
  const code = sqliteCode(error)
  if (code !== undefined) return code === SQLITE_CORRUPT || code === SQLITE_NOTADB || code === SQLITE_ERROR
  // A number that no longer fits: the row's header was changed.
  return (error as { code?: unknown }).code === 'ERR_OUT_OF_RANGE'
}

/** Any error as a StoreFault; `doing` completes the sentence "... failed". */
export function toStoreFault(error: unknown, doing: string): StoreFault {
  if (StoreFault.is(error)) return error
  const code = faultCode(error)
  const reason = error instanceof Error ? error.message : String(error)
  return new StoreFault(code, `${doing} failed: ${reason}`, { cause: error })
}

function faultCode(error: unknown): StoreFaultCode {
  if (error instanceof DamageError) return 'STORE_CORRUPT'
  switch (sqliteCode(error)) {
    case SQLITE_FULL:
      return 'STORE_FULL'
    case SQLITE_READONLY:
      return 'STORE_READONLY'
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return 'STORE_CORRUPT'
    case SQLITE_IOERR:
      return 'STORE_IO'
  }
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'STORE_FULL'
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'STORE_READONLY'
    default:
      return 'STORE_IO'
  }
}
