// One writer at a time, across processes. The lock is the kernel's, held through SQLite on an empty file: it dies with the
// process however it dies, so there is never a stale one to judge.
//
// Nothing in this process may open the lock file by other means: on POSIX systems, closing any descriptor of a file drops
// the process's locks on it.

import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock, Random } from '@breakwater/supervisor'
import { ClientError } from './errors.ts'

export interface FileLockComponents {
  readonly clock: Clock
  readonly random: Random
}

export interface FileLockOptions {
  readonly path: string
  /** How long to wait for the holder, in milliseconds. */
  readonly timeoutMs: number
}

const SQLITE_BUSY = 5
const MAX_POLL_MS = 20

/** Runs `work` while nobody else holds the lock. Rejects with CREDENTIALS_BUSY when it could not be had in time. */
export async function withFileLock<T>(
  { clock, random }: FileLockComponents,
  { path, timeoutMs }: FileLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  createOnce(path)
  const giveUpAt = clock.now() + timeoutMs
  for (;;) {
    const lock = tryLock(path)
    if (lock !== undefined) {
      try {
        return await work()
      } finally {
        lock.close()
      }
    }
    if (clock.now() >= giveUpAt) {
      throw new ClientError('CREDENTIALS_BUSY', `${path} was held by another process for ${timeoutMs} ms`)
    }
    await new Promise<void>((resolve) => clock.setTimer(resolve, 1 + Math.floor(random() * MAX_POLL_MS)))
  }
}

function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    // Without a journal file, so that the lock can be had on a full disk.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    if (isBusy(error)) return undefined
    throw error
  }
}

/** Exclusive creation fails on an existing file without ever opening it. */
function createOnce(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === SQLITE_BUSY
