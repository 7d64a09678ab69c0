// Files that survive a crash at any point: complete on disk under a name of their own before they get the real one.
// Knows nothing about what is in them, and does not keep writers apart.

import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** An open file, as far as it is needed here. */
export interface OpenFile {
  writeFile(text: string): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/** The part of `node:fs/promises` that is used. A rude one can fail, stop or crash at every call. */
export interface FileSystem {
  readFile(path: string, encoding: 'utf8'): Promise<string>
  open(path: string, flags: 'wx' | 'r', mode?: number): Promise<OpenFile>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  readdir(path: string): Promise<string[]>
  mkdir(path: string, options: { readonly recursive: true; readonly mode: number }): Promise<string | undefined>
  stat(path: string): Promise<{ readonly mode: number }>
}

export const nodeFileSystem: FileSystem = { mkdir, open, readdir, readFile, rename, stat, unlink }

const PRIVATE_FILE = 0o600
const PRIVATE_DIRECTORY = 0o700
const TEMPORARY = '.tmp'

/** Writes a new file of the owner's alone, and resolves when its content is on disk. Its name may not be yet. */
export async function writeDurably(files: FileSystem, path: string, text: string): Promise<void> {
  const file = await files.open(path, 'wx', PRIVATE_FILE)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Resolves when the names in the directory are on disk. */
export async function syncDirectory(files: FileSystem, path: string): Promise<void> {
  // Windows has no handle to a directory; the file itself is synced there all the same.
  if (process.platform === 'win32') return
  const directory = await files.open(path, 'r').catch((error) => {
    // One that may be written to but not be read cannot be synced by us; the system will in its own time.
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return undefined
    throw error
  })
  try {
    await directory?.sync()
  } finally {
    await directory?.close()
  }
}

/** Makes a directory of the owner's alone, and its name durable; one that exists is left as it is. */
export async function makePrivateDirectory(files: FileSystem, path: string): Promise<void> {
  const wanted = resolve(path)
  const first = await files.mkdir(wanted, { recursive: true, mode: PRIVATE_DIRECTORY })
  if (first === undefined) return
  for (let made = wanted; ; made = dirname(made)) {
    await syncDirectory(files, dirname(made))
    if (made === first || made === dirname(made)) return
  }
}

/**
 * Gives `path` a new content: whoever reads it, whenever, finds the old one or the new one. Only for one writer at a time:
 * what an earlier one left half-done is cleared away.
 */
export async function replaceDurably(files: FileSystem, path: string, text: string): Promise<void> {
  const directory = dirname(path)
  await clearTemporaries(files, directory, basename(path))
  const temporary = `${path}.${process.pid}${TEMPORARY}`
  try {
    await writeDurably(files, temporary, text)
    await files.rename(temporary, path)
  } catch (error) {
    // A full disk must not be kept full by what could not be finished; the first error is the one that matters.
    await files.unlink(temporary).catch(() => {})
    throw error
  }
  await syncDirectory(files, directory)
}

async function clearTemporaries(files: FileSystem, directory: string, name: string): Promise<void> {
  for (const entry of await files.readdir(directory)) {
    if (entry.startsWith(`${name}.`) && entry.endsWith(TEMPORARY)) await files.unlink(join(directory, entry))
  }
}
