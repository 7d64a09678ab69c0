// Secrets that the gateway makes for itself: created once, readable by the owner only, never printed.

import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The file's content, made on first use from random bytes as base64url text. Safe against a crash half-way and against a
 * second process: the file appears complete or not at all, and the first one wins.
 */
export async function readOrCreateSecret(path: string, bytes = 32): Promise<string> {
  const existing = await readSecret(path)
  if (existing !== undefined) return existing
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(`${randomBytes(bytes).toString('base64url')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  await syncName(path)
  const created = await readSecret(path)
  if (created === undefined) throw new Error(`${path} is empty`)
  return created
}

/** What others derive from a secret outlives a power cut; so must its name in the directory. */
async function syncName(path: string): Promise<void> {
  if (process.platform === 'win32') return // Directories cannot be opened there; NTFS journals the link.
  await using directory = await open(dirname(path), 'r')
  await directory.sync()
}

/** The trimmed content, or undefined when there is no such file. An empty file is an error: it is not ours to replace. */
export async function readSecret(path: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(path, 'utf8')).trim()
    if (secret === '') throw new Error(`${path} is empty; remove it to have a new secret made`)
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
