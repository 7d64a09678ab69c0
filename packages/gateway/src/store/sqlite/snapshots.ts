// Copies of the database taken while it runs, each proved good before it counts. The newest few are kept.
// Names carry the time, so the folder alone tells which copy is the newest.

import { readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import type { Migration } from './schema-state.ts'
import { createPrivateFile, makePrivateDirectory, removeDatabase, syncPath } from './store-files.ts'
import { verifyCopy } from './verify.ts'

export interface Snapshot {
  readonly file: string
  readonly takenAtMs: number
}

export interface SnapshotPlace {
  readonly directory: string
  readonly migrations: readonly Migration[]
  /** Newest snapshots that stay. */
  readonly keptCount: number
}

/** Pages copied per step; between two steps a waiting commit gets its turn. */
const PAGES_PER_STEP = 256
const UNFINISHED = 'unfinished.sqlite'
const NAME = /^gateway-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3}Z)\.sqlite$/

export function snapshotName(takenAtMs: number): string {
  return `gateway-${fileStamp(takenAtMs)}.sqlite`
}

/** An ISO date that every file system accepts. */
export function fileStamp(atMs: number): string {
  return new Date(atMs).toISOString().replaceAll(':', '-')
}

/** Newest first. */
export function listSnapshots(directory: string): Snapshot[] {
  return namesIn(directory)
    .flatMap((name) => {
      const match = NAME.exec(name)
      if (match === null) return []
      const [, day, hours, minutes, seconds] = match
      return [{ file: join(directory, name), takenAtMs: Date.parse(`${day}T${hours}:${minutes}:${seconds}`) }]
    })
    .sort((a, b) => b.takenAtMs - a.takenAtMs)
}

/** Resolves once the copy is verified, on disk and the oldest surplus ones are gone. One at a time. */
export async function takeSnapshot(
  database: DatabaseSync,
  { directory, migrations, keptCount }: SnapshotPlace,
  nowMs: number,
): Promise<Snapshot> {
  makePrivateDirectory(directory)
  // A wall clock set back must not make the newest snapshot look like the oldest, which would delete it.
  const takenAtMs = Math.max(nowMs, (listSnapshots(directory)[0]?.takenAtMs ?? 0) + 1)
  const unfinished = join(directory, UNFINISHED)
  removeDatabase(unfinished)
  createPrivateFile(unfinished)
  try {
    await backup(database, unfinished, { rate: PAGES_PER_STEP })
    verifyCopy(unfinished, migrations)
  } catch (error) {
    removeDatabase(unfinished)
    throw error
  }
  syncPath(unfinished)
  const file = join(directory, snapshotName(takenAtMs))
  renameSync(unfinished, file)
  syncPath(directory)
  for (const surplus of listSnapshots(directory).slice(keptCount)) rmSync(surplus.file)
  return { file, takenAtMs }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
