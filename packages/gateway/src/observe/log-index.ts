// Where each file of the log begins in the whole log, so that a reader's place means the same after a rotation, a
// removal or a restart. Pure: text in, text out; the writer keeps it on disk before a new file gets its first byte.

/** Beside the log files. */
export const LOG_INDEX_NAME = 'offsets.json'

export interface LogEntry {
  /** File name without directory. */
  readonly name: string
  /** Offset of its first byte in the whole log. */
  readonly startBytes: number
}

/** In the order they were written; a file ends where the next one begins. */
export type LogIndex = readonly LogEntry[]

/** A file of the log as it lies in the directory. */
export interface LogFile {
  readonly name: string
  readonly bytes: number
}

/**
 * How far the log jumps ahead when nobody knows any more where its last file ended. Larger than a file can be, so that
 * no reader's old place looks like one in the new file.
 */
export const LOST_BYTES = 2 ** 32

const FILE_NAME = /^breakwater-(\d{4}-\d{2}-\d{2})(?:\.(\d{1,6}))?\.log$/

/** The first file of a day, `breakwater-2026-01-31.log`. */
export const logFileName = (at: Date, part = 0): string => `breakwater-${dayOf(at)}${part === 0 ? '' : `.${part}`}.log`

/** Days begin at midnight UTC. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10)

/** Undefined for names that are no log file's. */
export function dayOfName(name: string): string | undefined {
  return FILE_NAME.exec(name)?.[1]
}

/** The next free name of a day: later parts are numbered, from 1. */
export function nextFileName(at: Date, taken: readonly string[]): string {
  const day = dayOf(at)
  const parts = taken.flatMap((name) => {
    const match = FILE_NAME.exec(name)
    return match?.[1] === day ? [Number(match[2] ?? 0)] : []
  })
  return logFileName(at, parts.length === 0 ? 0 : Math.max(...parts) + 1)
}

export const encodeLogIndex = (files: LogIndex): string => `${JSON.stringify({ version: 1, files })}\n`

/** Undefined when the text is no index. */
export function parseLogIndex(text: string): LogIndex | undefined {
  try {
    const { version, files } = JSON.parse(text) as { version?: unknown; files?: unknown }
    if (version !== 1 || !Array.isArray(files)) return undefined
    return isIndex(files) ? files.map(({ name, startBytes }) => ({ name, startBytes })) : undefined
  } catch {
    return undefined
  }
}

function isIndex(files: readonly unknown[]): files is LogIndex {
  let before = -1
  return files.every((file) => {
    const { name, startBytes } = (file ?? {}) as Partial<LogEntry>
    if (typeof name !== 'string' || !FILE_NAME.test(name)) return false
    if (!Number.isSafeInteger(startBytes) || (startBytes as number) < Math.max(0, before)) return false
    before = startBytes as number
    return true
  })
}

/** The index with the files behind its last one that it does not know, by day and part; of none, all files from 0. */
export function adoptFiles(index: LogIndex, files: readonly LogFile[]): LogIndex {
  const last = index.at(-1)
  const bytesOf = new Map(files.map(({ name, bytes }) => [name, bytes]))
  const unknown = files.filter(({ name }) => last === undefined || byName(name, last.name) > 0)
  const adopted = [...index]
  for (const { name } of unknown.sort((a, b) => byName(a.name, b.name))) {
    adopted.push({ name, startBytes: startOfNext(adopted, bytesOf.get(adopted.at(-1)?.name ?? '')) })
  }
  return adopted
}

/** Order of names by day and part. */
export function byName(a: string, b: string): number {
  const [dayA = '', partA = '0'] = FILE_NAME.exec(a)?.slice(1) ?? []
  const [dayB = '', partB = '0'] = FILE_NAME.exec(b)?.slice(1) ?? []
  return dayA === dayB ? Number(partA) - Number(partB) : dayA < dayB ? -1 : 1
}

/** Where a file begins that is opened behind the last one; `bytes` of the last one is undefined when it is gone. */
export function startOfNext(index: LogIndex, bytes: number | undefined): number {
  const last = index.at(-1)
  return last === undefined ? 0 : last.startBytes + (bytes ?? LOST_BYTES)
}
