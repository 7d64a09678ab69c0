// What belongs into a backup: everything the state directory keeps but what is made anew, and the configuration when it
// lies elsewhere. By exclusion, so that what a later release keeps is not forgotten.

import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'

export interface BackupSource {
  /** In the archive: below `state/` or `config/`. */
  readonly path: string
  readonly file: string
}

export interface BackupContents {
  readonly sources: readonly BackupSource[]
  /** What is left out although somebody may expect it, in sentences. */
  readonly remarks: readonly string[]
}

/** The store is copied in a way of its own. */
const EXCLUDED: ReadonlySet<string> = new Set(['logs', 'run', 'store', 'owner.lock', 'owner.json', 'restore.json'])
export const ASIDE_PREFIX = 'before-restore-'
export const STAGING_PREFIX = 'restore-staging-'

/** What of the state directory's top level is neither backed up nor replaced by a restore. */
export const staysInPlace = (name: string): boolean =>
  (EXCLUDED.has(name) && name !== 'store') || name.startsWith(ASIDE_PREFIX) || name.startsWith(STAGING_PREFIX)

const isDraft = (name: string): boolean => /^\..*\.new-/.test(name) || /\.[0-9]+\.[0-9a-f]{8}$/.test(name)

export interface BackupPlaces {
  readonly stateDir: string
  readonly configPath: string
  /** The configuration file and those it includes. */
  readonly configSources: readonly string[]
}

export async function listContents({ stateDir, configPath, configSources }: BackupPlaces): Promise<BackupContents> {
  const remarks: string[] = []
  const sources: BackupSource[] = []
  for (const name of await namesIn(stateDir)) {
    if (EXCLUDED.has(name) || staysInPlace(name)) continue
    await walk(join(stateDir, name), `state/${name}`, sources, remarks)
  }
  const configDir = dirname(configPath)
  for (const file of configSources.filter((source) => !isBelow(source, stateDir))) {
    const from = relative(configDir, file)
    if (from.startsWith('..')) remarks.push(`${file} is included from elsewhere and not in the backup`)
    else if (await isFile(file)) sources.push({ path: `config/${from.split(sep).join('/')}`, file })
  }
  return { sources, remarks }
}

async function walk(file: string, path: string, sources: BackupSource[], remarks: string[]): Promise<void> {
  const info = await stat(file).catch(() => undefined)
  if (info === undefined) return // Gone meanwhile, or a link to nowhere.
  if (info.isDirectory()) {
    for (const name of await namesIn(file)) await walk(join(file, name), `${path}/${name}`, sources, remarks)
  } else if (info.isFile()) {
    if (!isDraft(path.split('/').at(-1) ?? '')) sources.push({ path, file })
  } else remarks.push(`${file} is no ordinary file and not in the backup`)
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const isBelow = (file: string, directory: string): boolean => {
  const from = relative(directory, file)
  return from !== '' && !from.startsWith('..') && !from.startsWith(sep)
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (info) => info.isFile(),
    () => false,
  )
