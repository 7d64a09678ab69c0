// Looks for lost commits in SQLite's write-ahead log before SQLite opens it. SQLite reads the log up to the first frame
// whose checksum fails and silently ignores the rest, which is right for a write torn by a crash and wrong for a
// damaged byte: acknowledged commits behind it would vanish without a word. Reads only.
//
// Format: the "WAL Format" section of SQLite's file format document. The log is short (the writer empties it at every
// checkpoint), so it is read as a whole.

import { existsSync, readFileSync } from 'node:fs'

export interface LogDamage {
  /**
   * Commits counted behind the damage, give or take one. A single one may be the write that the crash itself cut off,
   * never acknowledged; any more were acknowledged and are lost. Undefined when the log's own header is damaged: then
   * all of it is lost.
   */
  readonly unreadableCommits?: number
}

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
/** In a frame's header; zero unless the frame ends a commit. */
const PAGES_AFTER_COMMIT = 4
const MAGIC = 0x377f0682
const MIN_PAGE_BYTES = 512
const MAX_PAGE_BYTES = 65_536

/** Undefined when every commit in the log can be read. */
export function inspectLog(path: string): LogDamage | undefined {
  if (!existsSync(path)) return undefined
  const log = readFileSync(path)
  if (log.length < HEADER_BYTES + FRAME_HEADER_BYTES) return undefined
  const pageBytes = log.readUInt32BE(8)
  const sumsBigEndian = log.readUInt32BE(0) === MAGIC + 1
  const isOurs = (sumsBigEndian || log.readUInt32BE(0) === MAGIC) && isPageSize(pageBytes)
  const headerSum = isOurs ? addChecksum(log, 0, 24, [0, 0], sumsBigEndian) : undefined
  if (headerSum === undefined || !isChecksumAt(log, 24, headerSum)) return {}
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const goodEnd = findGoodEnd(log, frameBytes, headerSum, sumsBigEndian)
  // Less than a frame is a write that was cut off; damage does not make a file shorter.
  if (log.length - goodEnd < frameBytes) return undefined
  return { unreadableCommits: Math.max(1, countCommits(log, goodEnd, frameBytes)) }
}

type Checksum = readonly [number, number]

/** Where the chain of good frames ends. */
function findGoodEnd(log: Buffer, frameBytes: number, headerSum: Checksum, bigEndian: boolean): number {
  let sum = headerSum
  let offset = HEADER_BYTES
  for (; offset + frameBytes <= log.length; offset += frameBytes) {
    if (!hasSaltOfLog(log, offset)) break
    sum = addChecksum(log, offset, offset + 8, sum, bigEndian)
    sum = addChecksum(log, offset + FRAME_HEADER_BYTES, offset + frameBytes, sum, bigEndian)
    if (!isChecksumAt(log, offset + 16, sum)) break
  }
  return offset
}

/** All frames belong to one generation, because every checkpoint of the writer truncates the log. */
function countCommits(log: Buffer, from: number, frameBytes: number): number {
  let commits = 0
  for (let offset = from; offset + frameBytes <= log.length; offset += frameBytes) {
    if (log.readUInt32BE(offset + PAGES_AFTER_COMMIT) !== 0) commits += 1
  }
  return commits
}

const hasSaltOfLog = (log: Buffer, frame: number): boolean =>
  log.readUInt32BE(frame + 8) === log.readUInt32BE(16) && log.readUInt32BE(frame + 12) === log.readUInt32BE(20)

const isChecksumAt = (log: Buffer, offset: number, [first, second]: Checksum): boolean =>
  log.readUInt32BE(offset) === first && log.readUInt32BE(offset + 4) === second

const isPageSize = (bytes: number): boolean =>
  bytes >= MIN_PAGE_BYTES && bytes <= MAX_PAGE_BYTES && (bytes & (bytes - 1)) === 0

/** Continues the log's running checksum over [start, end). */
function addChecksum(log: Buffer, start: number, end: number, [a, b]: Checksum, bigEndian: boolean): Checksum {
  let first = a
  let second = b
  for (let offset = start; offset < end; offset += 8) {
    first = (first + wordAt(log, offset, bigEndian) + second) >>> 0
    second = (second + wordAt(log, offset + 4, bigEndian) + first) >>> 0
  }
  return [first, second]
}

const wordAt = (log: Buffer, offset: number, bigEndian: boolean): number =>
  bigEndian ? log.readUInt32BE(offset) : log.readUInt32LE(offset)
