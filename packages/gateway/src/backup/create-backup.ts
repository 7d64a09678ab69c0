// Writes a backup: one compressed archive with the store as it is at one moment, the keys, the token and the
// configuration. Works beside a running gateway and without one, and disturbs nobody.

import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { syncDirectory } from '../config/replace-file.ts'
import { type CopiedDatabase, copyDatabase } from '../store/sqlite/copy-database.ts'
import { DamageError } from '../store/sqlite/sqlite-error.ts'
import { type BackupPlaces, type BackupSource, listContents } from './backup-contents.ts'
import { BackupFault } from './backup-fault.ts'
import { encodeManifest, MANIFEST, type Manifest, type ManifestFile } from './manifest.ts'
import { encodeTarHeader, TAR_END, tarPadding } from './tar.ts'

export interface BackupOptions extends BackupPlaces {
  /** Where the archive goes. Must not exist yet, unless `overwrite`. */
  readonly target: string
  readonly overwrite: boolean
  /** Version of the program. */
  readonly release: string
}

export interface MadeBackup {
  readonly file: string
  readonly bytes: number
  readonly manifest: Manifest
  readonly remarks: readonly string[]
}

/** In the archive. */
export const STORE_PATH = 'state/store/gateway.sqlite'

/** Rejects with BACKUP_STORE_DAMAGED, with EEXIST, or with another system error; leaves nothing then. */
export async function createBackup(options: BackupOptions): Promise<MadeBackup> {
  const { stateDir, target, overwrite } = options
  if (!overwrite) await assertAbsent(target)
  const work = await mkdtemp(join(tmpdir(), 'breakwater-backup-'))
  const draft = `${target}.new-${randomBytes(6).toString('hex')}`
  try {
    const copy = join(work, 'gateway.sqlite')
    const copied = await copyStore(stateDir, copy)
    const { sources, remarks } = await listContents(options)
    const all = copied === undefined ? sources : [...sources, { path: STORE_PATH, file: copy }]
    const store =
      copied === undefined
        ? undefined
        : {
            schemaVersion: copied.version,
            counts: Object.fromEntries(Object.entries(copied.records).map(([noun, rows]) => [noun, rows.length])),
          }
    const about = {
      createdAtMs: Date.now(),
      release: options.release,
      hostname: hostname(),
      stateDir,
      configPath: options.configPath,
      store,
    }
    const files: ManifestFile[] = []
    await pipeline(
      Readable.from(archive(all, files, () => encodeManifest({ ...about, files }))),
      createGzip(),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    )
    await rename(draft, target)
    await syncDirectory(dirname(target))
    const manifest = { format: 'breakwater-backup', formatVersion: 1, ...about, files } as const
    return { file: target, bytes: (await stat(target)).size, manifest, remarks }
  } finally {
    await rm(work, { recursive: true, force: true })
    await rm(draft, { force: true })
  }
}

async function copyStore(stateDir: string, copy: string): Promise<CopiedDatabase | undefined> {
  try {
    return await copyDatabase(stateDir, copy)
  } catch (error) {
    if (!(error instanceof DamageError)) throw error
    throw new BackupFault('BACKUP_STORE_DAMAGED', `the store is damaged: ${error.problems[0]}`, { cause: error })
  }
}

async function assertAbsent(target: string): Promise<void> {
  const info = await stat(target).catch(() => undefined)
  if (info !== undefined) throw Object.assign(new Error(`${target} exists already`), { code: 'EEXIST' })
}

/** The archive's bytes; what went into it is noted in `files` for the list that comes last. */
async function* archive(
  sources: readonly BackupSource[],
  files: ManifestFile[],
  manifest: () => Buffer,
): AsyncGenerator<Buffer> {
  for (const { path, file } of sources) {
    const { size, mode, mtimeMs } = await stat(file)
    yield encodeTarHeader({ path, bytes: size, mode, modifiedAtMs: mtimeMs })
    const digest = createHash('sha256')
    for await (const chunk of contentOf(file, size)) {
      digest.update(chunk)
      yield chunk
    }
    yield tarPadding(size)
    files.push({ path, bytes: size, sha256: digest.digest('hex'), mode: mode & 0o777 })
  }
  const list = manifest()
  yield encodeTarHeader({ path: MANIFEST, bytes: list.length, mode: 0o600, modifiedAtMs: Date.now() })
  yield list
  yield tarPadding(list.length)
  yield TAR_END
}

const CHUNK_BYTES = 1_048_576

/** The first `bytes` bytes: a file that grows meanwhile is kept as it was. */
async function* contentOf(file: string, bytes: number): AsyncGenerator<Buffer> {
  if (bytes <= CHUNK_BYTES) {
    const content = (await readFile(file)).subarray(0, bytes)
    if (content.length < bytes) throw new Error(`${file} became shorter while it was read`)
    yield content
    return
  }
  await using handle = await open(file, 'r')
  for (let at = 0; at < bytes; ) {
    const wanted = Math.min(CHUNK_BYTES, bytes - at)
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at)
    if (bytesRead === 0) throw new Error(`${file} became shorter while it was read`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
