// The files of the log as their only writer sees them: one that grows, a new one each day and at a size, the oldest ones
// removed. Keeps the index that gives every byte its place in the whole log. Fails loudly; what a failure costs is the
// caller's business, who also calls one method at a time.

import { join } from 'node:path'
import { type LogDisk, listLogFiles, type OpenLogFile } from './log-disk.ts'
import {
  adoptFiles,
  byName,
  dayOf,
  dayOfName,
  encodeLogIndex,
  LOG_INDEX_NAME,
  type LogIndex,
  logFileName,
  nextFileName,
  parseLogIndex,
  startOfNext,
} from './log-index.ts'
import { partBytes, planRetention, type RetentionOptions } from './log-retention.ts'

export interface RotatingFileComponents {
  readonly disk: LogDisk
  readonly now: () => Date
  /** A new file could not be made; the last one goes on. */
  readonly onRotationFailed: (error: unknown) => void
}

export interface RotatingFileOptions extends RetentionOptions {
  readonly directory: string
}

/** What became of lines: those that are not in a file, whole, are left. */
export interface Appended {
  readonly left: readonly Buffer[]
  readonly error?: unknown
}

/** Longest end of a file that is searched for the line a crash has cut. Longer than a line can be. */
const TORN_END_BYTES = 1_048_576
/** Lines between two attempts to make a new file after one has failed. */
const ROTATION_RETRY_LINES = 256
const NEWLINE = 0x0a

export class RotatingFile {
  readonly #components: RotatingFileComponents
  #options: RotatingFileOptions
  #file: OpenLogFile | undefined
  #name = ''
  #bytes = 0
  #index: LogIndex = []
  #linesToRetry = 0
  /** Files removed for their age or for the size of all. */
  removedCount = 0

  constructor(components: RotatingFileComponents, options: RotatingFileOptions) {
    this.#components = components
    this.#options = options
  }

  /** The file that is written, or will be. */
  get path(): string {
    return join(this.#options.directory, this.#name || logFileName(this.#components.now()))
  }

  get index(): LogIndex {
    return this.#index
  }

  setRetention({ retentionDays, maxBytes }: RetentionOptions): void {
    this.#options = { ...this.#options, retentionDays, maxBytes }
  }

  /** Goes on with the last file, without the line a crash may have cut. Does nothing when a file is open. */
  async open(): Promise<void> {
    if (this.#file !== undefined) return
    const { directory } = this.#options
    const { disk } = this.#components
    await disk.prepareDirectory(directory)
    const files = await this.#list()
    const stored = parseLogIndex((await disk.readText(join(directory, LOG_INDEX_NAME))) ?? '')
    const index = adoptFiles(stored ?? [], files)
    const last = index.at(-1)
    if (last === undefined || !files.some(({ name }) => name === last.name)) {
      this.#index = index
      await this.#openNext(undefined)
      return
    }
    const file = await disk.open(join(directory, last.name))
    this.#bytes = await withoutTornEnd(file)
    if (index.length !== stored?.length) await this.#saveIndex(index)
    this.#index = index
    this.#name = last.name
    this.#file = file
  }

  /** Never rejects. No part of a line that is left stays in a file. */
  async append(lines: readonly Buffer[]): Promise<Appended> {
    let left = lines
    try {
      while (left.length > 0) {
        await this.open()
        await this.#rotateIfDue(left.length)
        const batch = this.#fitting(left)
        const written = await this.#write(batch)
        left = written.left.length === 0 ? left.slice(batch.length) : [...written.left, ...left.slice(batch.length)]
        if (written.error !== undefined) return { left, error: written.error }
      }
      return { left }
    } catch (error) {
      return { left, error }
    }
  }

  /** Without rotation: for a process that is about to end, or does not own the files yet. */
  appendSync(bytes: Uint8Array): void {
    if (this.#file !== undefined) {
      this.#file.writeSync(bytes)
      this.#bytes += bytes.length
      return
    }
    const { disk, now } = this.#components
    const { directory } = this.#options
    const today = disk.namesSync(directory).filter((name) => dayOfName(name) === dayOf(now()))
    disk.appendSync(join(directory, today.sort(byName).at(-1) ?? logFileName(now())), bytes)
  }

  /** `today` undefined: only the size is judged. */
  async prune(today: Date | undefined): Promise<void> {
    if (this.#file === undefined) return
    const order = new Map(this.#index.map(({ name }, at) => [name, at]))
    // What the index does not know is older than it.
    const closed = (await this.#list())
      .filter(({ name }) => name !== this.#name)
      .sort((a, b) => (order.get(a.name) ?? -1) - (order.get(b.name) ?? -1) || byName(a.name, b.name))
    const names = planRetention({ closed, today }, this.#options)
    if (names.length === 0) return
    // Removed before the index forgets them: an entry without a file is harmless, a file without an entry is lost.
    for (const name of names) await this.#components.disk.remove(join(this.#options.directory, name))
    this.removedCount += names.length
    const index = this.#index.filter(({ name }) => !names.includes(name))
    await this.#saveIndex(index)
    this.#index = index
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #list() {
    return listLogFiles(this.#components.disk, this.#options.directory, (name) => dayOfName(name) !== undefined)
  }

  async #rotateIfDue(lineCount: number): Promise<void> {
    const isSameDay = dayOfName(this.#name) === dayOf(this.#components.now())
    if (isSameDay && this.#bytes < partBytes(this.#options)) return
    this.#linesToRetry -= lineCount
    if (this.#linesToRetry > 0) return
    const last = this.#file
    try {
      await this.#openNext(await last?.size())
      await last?.close()
      await this.prune(undefined)
      this.#linesToRetry = 0
    } catch (error) {
      // No room for another file, or no rights: the last one takes the lines until there is.
      this.#linesToRetry = ROTATION_RETRY_LINES
      this.#components.onRotationFailed(error)
    }
  }

  /** The index knows a file before the file gets its first byte: without its place its lines could not be found. */
  async #openNext(lastBytes: number | undefined): Promise<void> {
    const { disk, now } = this.#components
    const { directory } = this.#options
    const taken = [...this.#index.map(({ name }) => name), ...(await disk.names(directory))]
    const name = nextFileName(now(), taken)
    const index = [...this.#index, { name, startBytes: startOfNext(this.#index, lastBytes) }]
    const file = await disk.open(join(directory, name))
    try {
      await this.#saveIndex(index)
    } catch (error) {
      await file.close()
      await disk.remove(file.path)
      throw error
    }
    this.#file = file
    this.#index = index
    this.#name = name
    this.#bytes = 0
  }

  #saveIndex(index: LogIndex): Promise<void> {
    return this.#components.disk.replaceText(join(this.#options.directory, LOG_INDEX_NAME), encodeLogIndex(index))
  }

  /** As many lines as the file may still take, at least one. */
  #fitting(lines: readonly Buffer[]): readonly Buffer[] {
    const roomBytes = partBytes(this.#options) - this.#bytes
    let bytes = 0
    const end = lines.findIndex((line, index) => {
      bytes += line.length
      return index > 0 && bytes > roomBytes
    })
    return end === -1 ? lines : lines.slice(0, end)
  }

  async #write(lines: readonly Buffer[]): Promise<Appended> {
    const bytes = Buffer.concat(lines)
    let written = 0
    try {
      while (written < bytes.length) written += (await this.#file?.write(bytes.subarray(written))) ?? 0
      this.#bytes += bytes.length
      return { left: [] }
    } catch (error) {
      const whole = bytes.subarray(0, written).lastIndexOf(NEWLINE) + 1
      this.#bytes += whole
      if (written > whole) await this.#cutTornEnd()
      return { left: splitLines(bytes.subarray(whole)), error }
    }
  }

  async #cutTornEnd(): Promise<void> {
    try {
      await this.#file?.truncate(this.#bytes)
    } catch {
      // Opened anew before the next line, which cuts it then.
      await this.close().catch(() => undefined)
    }
  }
}

function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, start) + 1
    lines.push(bytes.subarray(start, end))
    start = end
  }
  return lines
}

/** Cuts what follows the last newline: the line a crash has left half-written. Resolves with the file's size. */
async function withoutTornEnd(file: OpenLogFile): Promise<number> {
  const size = await file.size()
  const end = await file.readEnd(TORN_END_BYTES)
  const kept = size - end.length + end.lastIndexOf(NEWLINE) + 1
  if (kept !== size) await file.truncate(kept)
  return kept
}
