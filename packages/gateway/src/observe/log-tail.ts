// Reads the log by byte offset: complete lines only, bounded bytes per call, never blocking the loop. Offsets are global,
// so a reader keeps its place when files are rotated. Redaction happened when lines were written.

import { type FileHandle, open } from 'node:fs/promises'
import type { LogsTailParams, LogsTailResult } from '@openclaw/gateway-protocol'
import type { LogFiles, LogSegment } from './log-files.ts'

const DEFAULT_LINES = 500
const DEFAULT_BYTES = 250_000
const NEWLINE = 0x0a

export interface LogTailOptions {
  /**
   * How far behind a follower may be and still be given every line, in bytes: ten minutes of twenty lines a second.
   * One that is further behind, and by more than its own `maxBytes`, starts over at the end.
   */
  readonly reachBytes: number
}

export const LOG_TAIL_DEFAULTS: LogTailOptions = { reachBytes: 4_194_304 }

/** The bytes to read. */
export interface TailWindow {
  readonly fromBytes: number
  readonly toBytes: number
  /** The reader's place no longer exists, or lies too far back: what it has must be discarded. */
  readonly reset: boolean
  /** Older lines exist that this answer leaves out. */
  readonly truncated: boolean
  readonly skippedBytes?: number
  /** Which lines are shown when there are more than asked for: a follower is owed the next ones, not the last ones. */
  readonly shown: 'first' | 'last'
}

export interface TailRequest {
  readonly cursor: number | undefined
  readonly maxBytes: number
  /** First byte that still exists, and the end of the log. */
  readonly oldestBytes: number
  readonly sizeBytes: number
}

/** Decides which bytes answer a request. */
export function planTail(
  { cursor, maxBytes, oldestBytes, sizeBytes }: TailRequest,
  { reachBytes }: LogTailOptions = LOG_TAIL_DEFAULTS,
): TailWindow {
  const fromBytes = Math.max(oldestBytes, sizeBytes - maxBytes)
  const end = { fromBytes, toBytes: sizeBytes, truncated: fromBytes > oldestBytes, shown: 'last' } as const
  if (cursor === undefined) return { ...end, reset: false }
  if (cursor > sizeBytes) return { ...end, reset: true }
  if (cursor < oldestBytes || sizeBytes - cursor > Math.max(reachBytes, maxBytes)) {
    return { ...end, reset: true, truncated: true, skippedBytes: fromBytes - cursor }
  }
  const toBytes = Math.min(sizeBytes, cursor + maxBytes)
  return { fromBytes: cursor, toBytes, reset: false, truncated: false, shown: 'first' }
}

export class LogTail {
  readonly #files: LogFiles
  readonly #options: LogTailOptions

  constructor({ files }: { readonly files: LogFiles }, options: LogTailOptions = LOG_TAIL_DEFAULTS) {
    this.#files = files
    this.#options = options
  }

  async read(params: LogsTailParams): Promise<LogsTailResult> {
    try {
      return await this.#read(params)
    } catch (error) {
      // The oldest file was removed while it was being read: what is left answers.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return await this.#read(params)
    }
  }

  async #read({ cursor, limit = DEFAULT_LINES, maxBytes = DEFAULT_BYTES }: LogsTailParams): Promise<LogsTailResult> {
    const { file, segments } = await this.#files.layout()
    const oldestBytes = segments[0]?.startBytes ?? 0
    const sizeBytes = segments.at(-1)?.endBytes ?? 0
    const window = planTail({ cursor, maxBytes, oldestBytes, sizeBytes }, this.#options)
    // One byte more, to see whether the window begins at a line or inside one.
    const readFrom = Math.max(oldestBytes, window.fromBytes - 1)
    const bytes = await readRange(segments, readFrom, window.toBytes)
    const isCut = readFrom < window.fromBytes && bytes[0] !== NEWLINE
    const text = bytes.subarray(window.fromBytes - readFrom)
    const { lines, readBytes, isPartial } = completeLines(text, { isCut, isEnd: window.toBytes === sizeBytes })
    const { shown, shownBytes } =
      window.shown === 'last' ? newest(lines, limit, readBytes) : next(lines, limit, readBytes)
    return {
      file,
      cursor: window.fromBytes + shownBytes,
      size: sizeBytes,
      lines: shown.map(({ text }) => text),
      truncated: window.truncated || isPartial || (window.shown === 'last' && shown.length < lines.length),
      reset: window.reset,
      ...(window.skippedBytes === undefined ? {} : { skippedBytes: window.skippedBytes }),
    }
  }
}

interface Line {
  readonly text: string
  /** Offset behind its newline. */
  readonly endBytes: number
}

interface CompleteLines {
  readonly lines: readonly Line[]
  /** How far a reader gets. */
  readonly readBytes: number
  /** A line that fits into no answer was passed over. */
  readonly isPartial: boolean
}

/**
 * The lines that end inside the bytes. One that began before them is left out; one that neither begins nor ends inside
 * them, or is longer than them, is passed over so that a reader gets past it.
 */
function completeLines(bytes: Buffer, { isCut, isEnd }: { isCut: boolean; isEnd: boolean }): CompleteLines {
  const start = isCut ? bytes.indexOf(NEWLINE) + 1 : 0
  if (isCut && start === 0) return { lines: [], readBytes: bytes.length, isPartial: true }
  const lines: Line[] = []
  let readBytes = start
  for (let end = bytes.indexOf(NEWLINE, start); end !== -1; end = bytes.indexOf(NEWLINE, readBytes)) {
    if (end > readBytes) lines.push({ text: bytes.toString('utf8', readBytes, end), endBytes: end + 1 })
    readBytes = end + 1
  }
  const isTooLong = !isEnd && readBytes === 0 && bytes.length > 0
  return { lines, readBytes: isTooLong ? bytes.length : readBytes, isPartial: isTooLong }
}

interface Shown {
  readonly shown: readonly Line[]
  readonly shownBytes: number
}

const newest = (lines: readonly Line[], limit: number, readBytes: number): Shown => ({
  shown: lines.slice(Math.max(0, lines.length - limit)),
  shownBytes: readBytes,
})

function next(lines: readonly Line[], limit: number, readBytes: number): Shown {
  const shown = lines.slice(0, limit)
  return { shown, shownBytes: shown.length < lines.length ? (shown.at(-1)?.endBytes ?? 0) : readBytes }
}

async function readRange(segments: readonly LogSegment[], from: number, to: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const { path, startBytes, endBytes } of segments) {
    const start = Math.max(from, startBytes)
    const end = Math.min(to, endBytes)
    if (start >= end) continue
    await using file = await open(path, 'r')
    parts.push(await readExactly(file, start - startBytes, end - start))
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

/** Fewer bytes only when the file became shorter meanwhile. */
async function readExactly(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}
