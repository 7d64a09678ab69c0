// The few things the log does with files, so that a full, slow or read-only disk is an ordinary object in tests.

import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { replaceFile } from '../config/replace-file.ts'

/** A file that is appended to. */
export interface OpenLogFile {
  readonly path: string
  /** Bytes that were written, maybe fewer than given. Rejects when none were. */
  write(bytes: Uint8Array): Promise<number>
  /** Writes all of it, or throws. */
  writeSync(bytes: Uint8Array): void
  size(): Promise<number>
  /** Cuts the file to its first bytes. */
  truncate(bytes: number): Promise<void>
  /** The last bytes of the file, fewer when it is shorter. */
  readEnd(bytes: number): Promise<Buffer>
  close(): Promise<void>
}

export interface LogDisk {
  prepareDirectory(directory: string): Promise<void>
  open(path: string): Promise<OpenLogFile>
  /** Appends without having the file open: for a process that is about to end. */
  appendSync(path: string, bytes: Uint8Array): void
  /** Names in the directory; none when it does not exist. */
  names(directory: string): Promise<string[]>
  namesSync(directory: string): string[]
  /** Undefined when there is no such file. */
  size(path: string): Promise<number | undefined>
  readText(path: string): Promise<string | undefined>
  replaceText(path: string, text: string): Promise<void>
  remove(path: string): Promise<void>
}

export const nodeDisk: LogDisk = {
  prepareDirectory: async (directory) => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  },
  open: async (path) => new NodeLogFile(path, await open(path, 'a+', 0o600)),
  appendSync: (path, bytes) => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const descriptor = openSync(path, 'a', 0o600)
    try {
      writeAllSync(descriptor, bytes)
    } finally {
      closeSync(descriptor)
    }
  },
  names: (directory) => orElse(readdir(directory), []),
  namesSync: (directory) => (existsSync(directory) ? readdirSync(directory) : []),
  size: (path) =>
    orElse(
      stat(path).then(({ size }) => size),
      undefined,
    ),
  readText: (path) => orElse(readFile(path, 'utf8'), undefined),
  replaceText: replaceFile,
  remove: (path) => rm(path, { force: true }),
}

/** The files of a directory that may be gone meanwhile. */
async function orElse<T, E>(result: Promise<T>, missing: E): Promise<T | E> {
  try {
    return await result
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return missing
    throw error
  }
}

function writeAllSync(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
}

class NodeLogFile implements OpenLogFile {
  readonly path: string
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle) {
    this.path = path
    this.#handle = handle
  }

  async write(bytes: Uint8Array): Promise<number> {
    return (await this.#handle.write(bytes)).bytesWritten
  }

  writeSync(bytes: Uint8Array): void {
    writeAllSync(this.#handle.fd, bytes)
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  truncate(bytes: number): Promise<void> {
    return this.#handle.truncate(bytes)
  }

  async readEnd(bytes: number): Promise<Buffer> {
    const size = await this.size()
    const length = Math.min(bytes, size)
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.subarray(0, bytesRead)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The log files of a directory with their sizes, in no particular order. */
export async function listLogFiles(disk: LogDisk, directory: string, isLog: (name: string) => boolean) {
  const names = (await disk.names(directory)).filter(isLog)
  const sized = await Promise.all(names.map(async (name) => ({ name, bytes: await disk.size(join(directory, name)) })))
  return sized.flatMap(({ name, bytes }) => (bytes === undefined ? [] : [{ name, bytes }]))
}
