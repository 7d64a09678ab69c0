// Keyed digests by which clients refer to a version of the configuration (`hmac-sha256:v1:…`).
// Keyed, because everybody who may read the redacted configuration sees them: a plain digest would let a short password
// be guessed offline. The key lives in the state directory (0600), so that a client's `baseHash` survives a restart.

import { createHmac, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const KEY_FILE = 'config-hash.key'
const KEY_BYTES = 32

/** `raw`: the text of the file. `revision`: the configuration it amounts to. */
export type HashSubject = 'raw' | 'revision'

export type ConfigHasher = (subject: HashSubject, text: string) => string

export const createConfigHasher =
  (key: Uint8Array): ConfigHasher =>
  (subject, text) =>
    `hmac-sha256:v1:${createHmac('sha256', key).update(`${subject}\0`).update(text).digest('base64url')}`

export interface OpenedHasher {
  readonly hasher: ConfigHasher
  /** Set when the key could not be kept: hashes then change with the process, and clients have to read again. */
  readonly problem?: string
}

/** Reads the key, or makes one. Never fails: without a usable state directory the key is the process's own. */
export async function openConfigHasher(stateDir: string): Promise<OpenedHasher> {
  const file = join(stateDir, KEY_FILE)
  try {
    return { hasher: createConfigHasher((await readKey(file)) ?? (await createKey(file))) }
  } catch (error) {
    return { hasher: createConfigHasher(randomBytes(KEY_BYTES)), problem: `${file}: ${(error as Error).message}` }
  }
}

/** Undefined when there is no key yet, or something that is none. */
async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    const key = await readFile(file)
    return key.length === KEY_BYTES ? key : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whoever links a finished key to the name first wins; nobody ever sees half a key under it. */
async function createKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const key = randomBytes(KEY_BYTES)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, key, { flag: 'wx', mode: 0o600 })
  try {
    await link(draft, file)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const theirs = await readKey(file)
    if (theirs === undefined) await rename(draft, file) // Something that is no key lies there.
    return theirs ?? key
  } finally {
    await rm(draft, { force: true })
  }
}
