// Puts a backup in the place of what a state directory holds. Everything is proved before anything is touched; what was
// there is kept beside it. Once the first file is moved a journal says what is left to do, so that a crash leaves either
// the old state, the new one, or one that the next call finishes; no gateway starts in between.

import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { replaceFile, syncDirectory } from '../config/replace-file.ts'
import { acquireOwnerLock } from '../store/sqlite/owner-lock.ts'
import { RESTORE_JOURNAL } from '../store/sqlite/restore-journal.ts'
import { fileStamp } from '../store/sqlite/snapshots.ts'
import { ASIDE_PREFIX, STAGING_PREFIX, staysInPlace } from './backup-contents.ts'
import { extractBackup } from './extract-backup.ts'
import type { Manifest } from './manifest.ts'

export interface RestoreOptions {
  readonly stateDir: string
  /** Where the configuration goes when the backup holds one that lay outside the state directory. */
  readonly configPath: string
  /** Undefined: finish a restore that was interrupted. */
  readonly archive: string | undefined
}

export interface Restored {
  /** Undefined when an interrupted restore was finished. */
  readonly manifest: Manifest | undefined
  /** Holds what was there before; undefined when there was nothing. */
  readonly aside: string | undefined
}

interface Journal {
  readonly staging: string
  readonly aside: string
  readonly configPath: string
  /** What lay in the state directory. */
  readonly old: readonly string[]
}

export interface RestoreComponents {
  /** Moves a file or directory within the state directory. */
  readonly rename?: (from: string, to: string) => Promise<void>
}

/** Rejects with STORE_OWNED while a gateway owns the directory, and with whatever is wrong with the archive. */
export async function restoreBackup(
  { stateDir, configPath, archive }: RestoreOptions,
  { rename: move = rename }: RestoreComponents = {},
): Promise<Restored> {
  using _lock = await acquireOwnerLock({ stateDir, owner: 'breakwater restore', nextCommand: 'breakwater status' })
  const unfinished = await readJournal(stateDir)
  if (unfinished !== undefined) await finish(stateDir, unfinished, move)
  await removeStaging(stateDir)
  if (archive === undefined) return { manifest: undefined, aside: unfinished && join(stateDir, unfinished.aside) }
  const staging = await mkdtemp(join(stateDir, STAGING_PREFIX))
  let manifest: Manifest
  try {
    manifest = await extractBackup(archive, staging)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    throw error
  }
  const old = (await readdir(stateDir)).filter((name) => !staysInPlace(name))
  const aside = `${ASIDE_PREFIX}${fileStamp(Date.now())}`
  const journal: Journal = { staging: staging.slice(stateDir.length + 1), aside, configPath, old }
  await replaceFile(journalPath(stateDir), `${JSON.stringify(journal)}\n`)
  await finish(stateDir, journal, move)
  return { manifest, aside: old.length === 0 ? undefined : join(stateDir, aside) }
}

/** Whether a restore was interrupted here. */
export const isRestoreUnfinished = (stateDir: string): boolean => existsSync(journalPath(stateDir))

const journalPath = (stateDir: string): string => join(stateDir, RESTORE_JOURNAL)

async function readJournal(stateDir: string): Promise<Journal | undefined> {
  try {
    return JSON.parse(await readFile(journalPath(stateDir), 'utf8')) as Journal
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

type Move = NonNullable<RestoreComponents['rename']>

/** Each step may have been done already: what is no longer where it was is where it should be. */
async function finish(stateDir: string, { staging, aside, configPath, old }: Journal, move: Move): Promise<void> {
  const asideDir = join(stateDir, aside)
  const staged = join(stateDir, staging, 'state')
  await mkdir(asideDir, { recursive: true, mode: 0o700 })
  for (const name of old) {
    // A name that is aside already may by now mean the new file.
    if (!existsSync(join(asideDir, name))) await moveIfThere(move, join(stateDir, name), join(asideDir, name))
  }
  await syncDirectory(asideDir)
  for (const name of await namesIn(staged)) {
    // Made by a start that was refused while the restore was half-way.
    await moveIfThere(move, join(stateDir, name), join(asideDir, `${name}.meanwhile`))
    await move(join(staged, name), join(stateDir, name))
  }
  await syncDirectory(stateDir)
  await placeConfig(join(stateDir, staging, 'config'), configPath, asideDir)
  await rm(join(stateDir, staging), { recursive: true, force: true })
  if ((await readdir(asideDir)).length === 0) await rm(asideDir, { recursive: true })
  await rm(journalPath(stateDir))
  await syncDirectory(stateDir)
}

/** Written where configuration is looked for now, which need not be where it was. */
async function placeConfig(staged: string, configPath: string, asideDir: string): Promise<void> {
  for (const path of await filesIn(staged)) {
    const target = join(dirname(configPath), path)
    const before = await readFile(target, 'utf8').catch(() => undefined)
    const after = await readFile(join(staged, path), 'utf8')
    if (before === after) continue
    const kept = join(asideDir, '_configuration', path)
    if (before !== undefined && !existsSync(kept)) {
      await mkdir(dirname(kept), { recursive: true, mode: 0o700 })
      await replaceFile(kept, before)
    }
    await replaceFile(target, after)
  }
}

async function filesIn(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return []
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
}

async function namesIn(directory: string): Promise<string[]> {
  return existsSync(directory) ? readdir(directory) : []
}

async function moveIfThere(move: Move, from: string, to: string): Promise<void> {
  try {
    await move(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Left behind by a process that was killed while it unpacked. */
async function removeStaging(stateDir: string): Promise<void> {
  const left = (await readdir(stateDir)).filter((name) => name.startsWith(STAGING_PREFIX))
  await Promise.all(left.map((name) => rm(join(stateDir, name), { recursive: true, force: true })))
}
