// Replaces a file so that whoever reads it, now or after a crash, finds the old text or the new one, never a part.
// The directory is synchronised too: without that a power cut may forget the new name. Knows nothing of the content.

import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Leftovers of writers that were killed are removed once they are this old. */
const LEFTOVER_AGE_MS = 60_000

/** Resolves when the text is on disk under its name. The file is then readable by its owner only. */
export async function replaceFile(path: string, text: string): Promise<void> {
  // A symbolic link is followed, not replaced: people keep configuration in repositories and link to it.
  const target = await realpath(path).catch(() => path)
  const directory = dirname(target)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await removeLeftovers(target)
  const draft = join(directory, `${draftPrefix(target)}${process.pid}-${randomBytes(6).toString('hex')}`)
  try {
    await writeDurably(draft, text)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncDirectory(directory)
}

const draftPrefix = (target: string): string => `.${basename(target)}.new-`

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(text)
  await file.sync()
}

export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return // Directories cannot be opened there; NTFS journals the rename.
  await using handle = await open(directory, 'r')
  await handle.sync()
}

async function removeLeftovers(target: string): Promise<void> {
  const directory = dirname(target)
  for (const name of await readdir(directory)) {
    if (!name.startsWith(draftPrefix(target))) continue
    const path = join(directory, name)
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    )
    if (age > LEFTOVER_AGE_MS) await rm(path, { force: true })
  }
}
