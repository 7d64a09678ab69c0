// Follows a log by its cursor: asks for what comes behind it, hands every line over once, in order, and keeps its place
// however often the source fails. Knows neither connections nor files.

import type { LogsTailParams, LogsTailResult } from '@openclaw/gateway-protocol'

export type TailParams = Pick<LogsTailParams, 'cursor' | 'limit' | 'maxBytes'>

export interface LogSource {
  /** Rejects when it cannot answer now; `isOver` tells whether it ever will. */
  read(params: TailParams): Promise<LogsTailResult>
}

export interface FollowComponents {
  readonly source: LogSource
  readonly onLines: (lines: readonly string[]) => void
  /** The place was lost: so many bytes of the log went by unseen, undefined when nobody knows. */
  readonly onSkipped: (bytes: number | undefined) => void
  /** Told about each failure; throws to give up. */
  readonly onFailure: (error: unknown) => void
  /** Resolves after so many milliseconds, or at once when `signal` aborts. */
  readonly pause: (ms: number) => Promise<void>
  readonly signal: AbortSignal
}

/** Between two questions while nothing new comes. */
export const POLL_MS = 400
/** After a failure of the source, which has its own way of coming back. */
export const RETRY_MS = 250

/** What the wire allows at most: a follower that was away catches up in few questions. */
const FULL = { limit: 5_000, maxBytes: 1_000_000 } as const

/** Resolves when `signal` aborts; rejects with what `onFailure` throws. */
export async function followLog(components: FollowComponents, startCursor: number): Promise<void> {
  const { source, onLines, onSkipped, onFailure, pause, signal } = components
  let cursor = startCursor
  while (!signal.aborted) {
    let answer: LogsTailResult
    try {
      answer = await source.read({ cursor, ...FULL })
    } catch (error) {
      if (signal.aborted) return
      onFailure(error)
      await pause(RETRY_MS)
      continue
    }
    if (answer.reset) onSkipped(answer.skippedBytes)
    if (answer.lines.length > 0) onLines(answer.lines)
    const isMore = answer.cursor > cursor && answer.cursor < answer.size
    cursor = answer.cursor
    if (!isMore) await pause(POLL_MS)
  }
}
