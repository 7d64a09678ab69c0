// Notices events that were lost: sequence numbers count per socket, and a dropped event consumes one. Pure.

export interface Gap {
  readonly expected: number
  readonly received: number
}

/** The last number seen on this socket; undefined before the first. */
export type LastSeq = number | undefined

/** Frames without a number take no part; the first number seen is the base; a repeated or older one changes nothing. */
export function observeSeq(last: LastSeq, seq: number | undefined): { last: LastSeq; gap: Gap | undefined } {
  if (seq === undefined || !Number.isSafeInteger(seq)) return { last, gap: undefined }
  if (last === undefined) return { last: seq, gap: undefined }
  if (seq <= last) return { last, gap: undefined }
  return { last: seq, gap: seq > last + 1 ? { expected: last + 1, received: seq } : undefined }
}
