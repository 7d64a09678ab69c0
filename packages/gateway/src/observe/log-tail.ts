// Reads the end of the log by byte offset: complete lines only, bounded bytes per call, never blocking the loop.
// Offsets are global, so a reader keeps its place when files are rotated. Redaction happened when lines were written.

import { type FileHandle, open, stat } from 'node:fs/promises'
import type { LogsTailParams, LogsTailResult } from '@openclaw/gateway-protocol'
import type { LogFiles, LogSegment } from './log-files.ts'

const DEFAULT_LINES = 500
const DEFAULT_BYTES = 250_000
const NEWLINE = 0x0a

/** The bytes to read: from one offset of the whole log to its end. */
export interface TailWindow {
  readonly fromBytes: number
  /** The reader's place no longer exists, or lies too far back: what it has must be discarded. */
  readonly reset: boolean
  /** Older lines exist that this answer leaves out. */
  readonly truncated: boolean
  readonly skippedBytes?: number
}

export interface TailRequest {
  readonly cursor: number | undefined
  readonly maxBytes: number
  /** First byte that still exists, and the end of the log. */
  readonly oldestBytes: number
  readonly sizeBytes: number
}

/** Decides which bytes answer a request. */
export function planTail({ cursor, maxBytes, oldestBytes, sizeBytes }: TailRequest): TailWindow {
  const fromBytes = Math.max(oldestBytes, sizeBytes - maxBytes)
  const truncated = fromBytes > oldestBytes
  if (cursor === undefined) return { fromBytes, reset: false, truncated }
  if (cursor > sizeBytes) return { fromBytes, reset: true, truncated }
  if (cursor < fromBytes) return { fromBytes, reset: true, truncated: true, skippedBytes: fromBytes - cursor }
  return { fromBytes: cursor, reset: false, truncated: false }
}

interface MeasuredSegment extends LogSegment {
  readonly endBytes: number
}

export class LogTail {
  readonly #files: LogFiles

  constructor({ files }: { readonly files: LogFiles }) {
    this.#files = files
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
    const file = this.#files.current()
    const segments = await Promise.all((await this.#files.segments()).map(measure))
    const oldestBytes = segments[0]?.startBytes ?? 0
    const sizeBytes = segments.at(-1)?.endBytes ?? 0
    const window = planTail({ cursor, maxBytes, oldestBytes, sizeBytes })
    // One byte more, to see whether the window begins at a line or inside one.
    const readFrom = Math.max(oldestBytes, window.fromBytes - 1)
    const bytes = await readRange(segments, readFrom, sizeBytes)
    const isCut = readFrom < window.fromBytes && bytes[0] !== NEWLINE
    const { lines, endBytes } = completeLines(bytes.subarray(window.fromBytes - readFrom), window.fromBytes, isCut)
    const shown = lines.slice(Math.max(0, lines.length - limit))
    return {
      file,
      cursor: endBytes,
      size: sizeBytes,
      lines: shown,
      truncated: window.truncated || shown.length < lines.length,
      reset: window.reset,
      ...(window.skippedBytes === undefined ? {} : { skippedBytes: window.skippedBytes }),
    }
  }
}

/**
 * The lines that end inside the bytes, and the offset behind the last of them. A line that began before the bytes is
 * left out; when it does not end inside them either, the offset moves to their end so that a reader gets past it.
 */
function completeLines(bytes: Buffer, fromBytes: number, isCut: boolean): { lines: string[]; endBytes: number } {
  const start = isCut ? bytes.indexOf(NEWLINE) + 1 : 0
  if (isCut && start === 0) return { lines: [], endBytes: fromBytes + bytes.length }
  const end = bytes.lastIndexOf(NEWLINE) + 1
  if (end <= start) return { lines: [], endBytes: fromBytes + start }
  const lines = bytes.toString('utf8', start, end - 1).split('\n')
  return { lines: lines.filter((line) => line.length > 0), endBytes: fromBytes + end }
}

async function measure(segment: LogSegment): Promise<MeasuredSegment> {
  try {
    return { ...segment, endBytes: segment.startBytes + (await stat(segment.path)).size }
  } catch (error) {
    // A log that nobody has written to yet is an empty one.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ...segment, endBytes: segment.startBytes }
    throw error
  }
}

async function readRange(segments: readonly MeasuredSegment[], from: number, to: number): Promise<Buffer> {
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
