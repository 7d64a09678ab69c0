// Which files of the log have had their time: those that are too old, and the oldest ones beyond the size that all may
// take together. Pure; never names the file that is being written.

import { dayOf, dayOfName, type LogFile } from './log-index.ts'

export interface RetentionOptions {
  /** Whole days a file is kept after its own. 0: for ever. */
  readonly retentionDays: number
  /** Bytes of all files together, the current one included at its full size. 0: no limit. */
  readonly maxBytes: number
}

/** A file is closed at this size at the latest, so that a cap can be kept by removing whole files. */
const PART_BYTES = { share: 8, min: 65_536, max: 67_108_864 } as const

export function partBytes({ maxBytes }: Pick<RetentionOptions, 'maxBytes'>): number {
  if (maxBytes === 0) return PART_BYTES.max
  return Math.min(PART_BYTES.max, Math.max(PART_BYTES.min, Math.floor(maxBytes / PART_BYTES.share)))
}

export interface RetentionFacts {
  /** Files that are no longer written, oldest first. */
  readonly closed: readonly LogFile[]
  /** Undefined: age is not judged this time. */
  readonly today: Date | undefined
}

const DAY_MS = 86_400_000

/** Names to remove, oldest first. What is kept stays without a gap, also when the clock once went back. */
export function planRetention({ closed, today }: RetentionFacts, options: RetentionOptions): string[] {
  const { retentionDays, maxBytes } = options
  const oldestKept = today === undefined || retentionDays === 0 ? '' : dayBefore(today, retentionDays)
  const roomBytes = maxBytes === 0 ? Number.POSITIVE_INFINITY : maxBytes - partBytes(options)
  let bytes = closed.reduce((sum, file) => sum + file.bytes, 0)
  const firstKept = closed.findIndex((file) => {
    const isGone = bytes > roomBytes || (dayOfName(file.name) ?? '') < oldestKept
    if (isGone) bytes -= file.bytes
    return !isGone
  })
  return closed.slice(0, firstKept === -1 ? closed.length : firstKept).map(({ name }) => name)
}

const dayBefore = (today: Date, days: number): string => dayOf(new Date(today.getTime() - days * DAY_MS))
