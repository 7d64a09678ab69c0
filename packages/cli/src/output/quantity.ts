// Numbers as people read them: durations, sizes, shares.

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** `12.3 ms`, `4.2 s`, `5 min 3 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatMs(ms: number): string {
  if (ms < SECOND_MS) return `${ms < 100 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${Math.round(ms / 100) / 10} s`
  if (ms < HOUR_MS) return pair(ms, MINUTE_MS, 'min', SECOND_MS, 's')
  if (ms < DAY_MS) return pair(ms, HOUR_MS, 'h', MINUTE_MS, 'min')
  return pair(ms, DAY_MS, 'd', HOUR_MS, 'h')
}

function pair(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const rest = Math.floor((ms % largeMs) / smallMs)
  return `${Math.floor(ms / largeMs)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}

const KIB = 1_024

/** `812 B`, `64 KiB`, `57 MiB`, `1.2 GiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`
  if (bytes < KIB ** 2) return `${Math.round(bytes / KIB)} KiB`
  if (bytes < KIB ** 3) return `${Math.round(bytes / KIB ** 2)} MiB`
  return `${Math.round((bytes / KIB ** 3) * 10) / 10} GiB`
}

/** `0.3 %` of a share between 0 and 1. */
export const formatShare = (share: number): string => `${Math.round(share * 1_000) / 10} %`

export const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`
