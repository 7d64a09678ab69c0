// Takes a backup apart into a directory of its own and proves every file of it, the store row by row. Trusts nothing the
// archive says about itself: paths stay below the directory, sizes within bounds, digests must fit.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createGunzip } from 'node:zlib'
import { MIGRATIONS } from '../store/sqlite/migrations/index.ts'
import { DamageError } from '../store/sqlite/sqlite-error.ts'
import { verifyCopy } from '../store/sqlite/verify.ts'
import { unusable } from './backup-fault.ts'
import { STORE_PATH } from './create-backup.ts'
import { decodeManifest, MANIFEST, type Manifest, type ManifestFile } from './manifest.ts'
import { decodeTarHeader, readerOf, TAR_BLOCK_BYTES, type TarHeader, type TarReader, tarPadding } from './tar.ts'

export const EXTRACT_LIMITS = {
  files: 100_000,
  inAllBytes: 64 * 1_024 ** 3,
  manifestBytes: 64 * 1_024 ** 2,
} as const
const CHUNK_BYTES = 1_048_576

/** Rejects with DamageError, a store fault (STORE_TOO_NEW) or a system error. `directory` must exist. */
export async function extractBackup(archive: string, directory: string): Promise<Manifest> {
  const source = createReadStream(archive)
  const unzipped = createGunzip()
  source.on('error', (error) => unzipped.destroy(error))
  source.pipe(unzipped)
  try {
    const { manifest, found } = await extractAll(readerOf(unzipped), directory)
    assertComplete(manifest, found)
    if (found.has(STORE_PATH)) verifyCopy(join(directory, STORE_PATH), MIGRATIONS)
    return manifest
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof DamageError) throw unusable(`the store in the archive is damaged: ${error.problems[0]}`, error)
    if (code?.startsWith('Z_') === true) throw unusable('the archive is damaged or cut off', error)
    throw error
  } finally {
    source.destroy()
    unzipped.destroy()
  }
}

interface Extracted {
  readonly manifest: Manifest
  readonly found: ReadonlyMap<string, ManifestFile>
}

async function extractAll(reader: TarReader, directory: string): Promise<Extracted> {
  const found = new Map<string, ManifestFile>()
  let manifest: Manifest | undefined
  let inAllBytes = 0
  for (;;) {
    const block = await reader.take(TAR_BLOCK_BYTES)
    if (block.length < TAR_BLOCK_BYTES) throw unusable('the archive is cut off')
    const header = decodeTarHeader(block)
    if (header === undefined) break
    if (manifest !== undefined) throw unusable('the archive goes on behind its list of contents')
    inAllBytes += header.bytes
    assertAcceptable(header, found, inAllBytes)
    if (header.path === MANIFEST) manifest = decodeManifest((await content(reader, header)).toString('utf8'))
    else found.set(header.path, await extractFile(reader, header, directory))
    await reader.take(tarPadding(header.bytes).length)
  }
  if (manifest === undefined) throw unusable('the archive has no list of contents: it is cut off, or no backup')
  return { manifest, found }
}

function assertAcceptable({ path, bytes }: TarHeader, found: ReadonlyMap<string, unknown>, inAllBytes: number): void {
  const segments = path.split('/')
  const isPlain = segments.every(
    (segment) => segment !== '' && segment !== '.' && segment !== '..' && !/[\0\\]/.test(segment),
  )
  const isOurs = path === MANIFEST || ((segments[0] === 'state' || segments[0] === 'config') && segments.length > 1)
  if (!isPlain || !isOurs) throw unusable(`the archive holds a path that no backup has: ${JSON.stringify(path)}`)
  if (found.has(path)) throw unusable(`the archive holds ${path} twice`)
  if (path === MANIFEST && bytes > EXTRACT_LIMITS.manifestBytes) throw unusable('the list of contents is too long')
  if (found.size >= EXTRACT_LIMITS.files || inAllBytes > EXTRACT_LIMITS.inAllBytes)
    throw unusable('the archive is too large')
}

async function content(reader: TarReader, { path, bytes }: TarHeader): Promise<Buffer> {
  const taken = await reader.take(bytes)
  if (taken.length < bytes) throw unusable(`the archive is cut off in ${path}`)
  return taken
}

async function extractFile(reader: TarReader, header: TarHeader, directory: string): Promise<ManifestFile> {
  const { path, bytes, mode } = header
  const file = join(directory, path)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const digest = createHash('sha256')
  // Wider than its owner needs is never wanted here, whatever it was.
  await using handle = await open(file, 'wx', mode & 0o700)
  for (let left = bytes; left > 0; ) {
    const chunk = await reader.take(Math.min(left, CHUNK_BYTES))
    if (chunk.length === 0) throw unusable(`the archive is cut off in ${path}`)
    digest.update(chunk)
    await handle.writeFile(chunk)
    left -= chunk.length
  }
  await handle.sync()
  return { path, bytes, sha256: digest.digest('hex'), mode: mode & 0o700 }
}

function assertComplete({ files }: Manifest, found: ReadonlyMap<string, ManifestFile>): void {
  for (const { path, sha256 } of files) {
    const file = found.get(path)
    if (file === undefined) throw unusable(`${path} is missing from the archive`)
    if (file.sha256 !== sha256) throw unusable(`${path} is damaged in the archive`)
  }
  if (files.length !== found.size) throw unusable('the archive holds files that its list does not name')
}
