// Whether the store of a state directory is whole, for `doctor`: reads a copy of it through, repairs nothing, and works
// beside the gateway that owns it.

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreFault } from '../fault.ts'
import { copyDatabase } from './copy-database.ts'
import { listSnapshots } from './snapshots.ts'
import { DamageError } from './sqlite-error.ts'
import { storeFiles } from './store-files.ts'

export interface StoreInspection {
  readonly file: string
  readonly verdict: 'absent' | 'whole' | 'damaged' | 'too-new'
  /** What was found, in the database's words. */
  readonly problems: readonly string[]
  readonly schemaVersion?: number
  readonly bytes?: number
  /** Records by kind. */
  readonly counts: Readonly<Record<string, number>>
  /** When the newest snapshot was taken, epoch milliseconds. */
  readonly newestSnapshotAtMs?: number
}

/** Rejects with a system error when the files cannot be read, or with `CopyInterrupted`. */
export async function inspectStore(stateDir: string): Promise<StoreInspection> {
  const { database, snapshots } = storeFiles(stateDir)
  const newestSnapshotAtMs = listSnapshots(snapshots)[0]?.takenAtMs
  const base = {
    file: database,
    counts: {},
    problems: [],
    ...(newestSnapshotAtMs === undefined ? {} : { newestSnapshotAtMs }),
  }
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-inspect-'))
  try {
    const copied = await copyDatabase(stateDir, join(directory, 'copy.sqlite'))
    if (copied === undefined) return { ...base, verdict: 'absent' }
    const { version, records, logDamage } = copied
    const isLogDamaged = logDamage !== undefined && logDamage.unreadableCommits !== 1
    return {
      ...base,
      verdict: isLogDamaged ? 'damaged' : 'whole',
      problems: isLogDamaged ? ['commits in the write-ahead log can no longer be read'] : [],
      schemaVersion: version,
      bytes: (await stat(database)).size,
      counts: Object.fromEntries(Object.entries(records).map(([noun, rows]) => [noun, rows.length])),
    }
  } catch (error) {
    if (error instanceof DamageError) return { ...base, verdict: 'damaged', problems: error.problems }
    if (StoreFault.is(error) && error.code === 'STORE_TOO_NEW') {
      return { ...base, verdict: 'too-new', problems: [error.message] }
    }
    throw error
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
