// Reads one configuration file within bounds. Every failure is a value: a person's file system is full of surprises.

import { constants } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'

/** Largest configuration file, included or not. */
export const MAX_CONFIG_FILE_BYTES = 1_048_576

export type TextFile =
  | { readonly ok: true; readonly text: string; readonly realPath: string }
  | { readonly ok: false; readonly problem: 'missing' | 'forbidden' | 'unusable'; readonly message: string }

/** Reads a text file. `mayRead` judges the real path, after every symbolic link, before the file is opened. */
export type ReadTextFile = (path: string, mayRead?: (realPath: string) => boolean) => Promise<TextFile>

export const readTextFile: ReadTextFile = async (path, mayRead = () => true) => {
  try {
    const realPath = await realpath(path)
    if (!mayRead(realPath)) return { ok: false, problem: 'forbidden', message: 'outside the directories it may be in' }
    if (!(await stat(realPath)).isFile()) return unusable('not a regular file')
    return await readWhole(realPath)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, problem: 'missing', message: 'no such file' }
    return unusable(code === 'EACCES' || code === 'EPERM' ? 'not readable by this user' : message)
  }
}

async function readWhole(realPath: string): Promise<TextFile> {
  // Without O_NONBLOCK a pipe put in the file's place since the check would hold a thread for ever.
  await using file = await open(realPath, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  const { size } = await file.stat()
  if (size > MAX_CONFIG_FILE_BYTES) return unusable(`larger than ${MAX_CONFIG_FILE_BYTES} bytes`)
  const buffer = Buffer.alloc(size + 1)
  let length = 0
  while (length <= size) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  if (length > size) return unusable('still being written')
  const bytes = buffer.subarray(0, length)
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), realPath }
  } catch {
    return unusable('not UTF-8 text')
  }
}

const unusable = (message: string): TextFile => ({ ok: false, problem: 'unusable', message })
