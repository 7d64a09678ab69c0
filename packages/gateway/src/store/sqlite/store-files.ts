// Where the store's files are and how they are made: private to the owner, and on disk before anyone relies on them.
// Runs in the worker. It never opens the live database: on POSIX systems, closing any descriptor of a file drops the
// process's locks on it.

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface StoreFiles {
  readonly directory: string
  readonly database: string
  /** A database under construction; takes the place of the live one in a single rename. */
  readonly next: string
  readonly snapshots: string
  /** Damaged files, each with its logs in a folder of its own. Never deleted by the store. */
  readonly damaged: string
}

export function storeFiles(stateDir: string): StoreFiles {
  const directory = join(stateDir, 'store')
  return {
    directory,
    database: join(directory, 'gateway.sqlite'),
    next: join(directory, 'gateway.next.sqlite'),
    snapshots: join(directory, 'snapshots'),
    damaged: join(directory, 'damaged'),
  }
}

/** SQLite's write-ahead log beside a database. */
export const logOf = (database: string): string => `${database}-wal`

const COMPANIONS = ['-wal', '-shm', '-journal'] as const

export const companionsOf = (database: string): readonly string[] => COMPANIONS.map((suffix) => `${database}${suffix}`)

export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** Creates an empty file that only the owner may read; SQLite gives its logs the same mode. Fails when it exists. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'wx', 0o600))
}

export function removeDatabase(path: string): void {
  for (const file of [path, ...companionsOf(path)]) rmSync(file, { force: true })
}

export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** After this returns, the name `to` means the new file even if the machine loses power. */
export function replaceFile(from: string, to: string): void {
  syncPath(from)
  renameSync(from, to)
  syncPath(dirname(to))
}
