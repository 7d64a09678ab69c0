// What a dialler says when there is no session, or no longer one: a value that decides what happens next.
// Nothing here reads a message: the dialler maps codes to verdicts, the supervisor maps verdicts to waits.

import { SupervisorError } from './supervisor-error.ts'

/** Try again: with backoff, and not before the server's hint if it gave one. */
export interface RetryVerdict {
  readonly verdict: 'retry'
  /** A sentence for people, without secrets. Shown in status and warnings. */
  readonly reason: string
  /** Machine code of the refusal, if there is one. */
  readonly code?: string | undefined
  /** The server's hint in milliseconds: the next attempt waits at least this long. Clamped to `maxRetryAfterMs`. */
  readonly retryAfterMs?: number | undefined
  /** The server is alive and still starting (or pacing arrivals): the hint is obeyed and the backoff does not grow. */
  readonly starting?: boolean | undefined
}

/** A human has to approve this device first: pause, keeping the request they are looking at. */
export interface PairingVerdict {
  readonly verdict: 'pairing'
  readonly reason: string
  readonly code?: string | undefined
  /** The pending request; unset keeps the id of an earlier verdict. */
  readonly requestId?: string | undefined
  /**
   * Asking again does not disturb the request: the next attempt comes after this wait, in milliseconds, instead of
   * the long pause. Clamped to `maxRetryAfterMs`; unset or 0 = the pause.
   */
  readonly retryAfterMs?: number | undefined
}

/** Trying again cannot help until the credential, the configuration or the pairing changes. */
export interface TerminalVerdict {
  readonly verdict: 'terminal'
  readonly reason: string
  readonly code?: string | undefined
}

export type Verdict = RetryVerdict | PairingVerdict | TerminalVerdict

/** Longest text kept from a verdict, in UTF-16 units: the other side writes it, status and logs repeat it. */
export const MAX_VERDICT_TEXT = 512

export function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null || !('verdict' in value)) return false
  return value.verdict === 'retry' || value.verdict === 'pairing' || value.verdict === 'terminal'
}

/** The verdict for a dial or session that failed by throwing. Nesting is a mistake in the program: no retry mends it. */
export function toVerdict(error: unknown): RetryVerdict | TerminalVerdict {
  if (isNestedDial(error)) return { verdict: 'terminal', reason: error.message, code: error.code }
  if (!(error instanceof Error)) return { verdict: 'retry', reason: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { verdict: 'retry', reason: error.message || error.name, code }
}

export function isNestedDial(error: unknown): error is SupervisorError {
  return SupervisorError.is(error) && error.code === 'NESTED_DIAL'
}

/** A text from the other side, cut to {@link MAX_VERDICT_TEXT}. */
export function boundText(text: string): string {
  return text.length <= MAX_VERDICT_TEXT ? text : `${text.slice(0, MAX_VERDICT_TEXT - 1)}…`
}
