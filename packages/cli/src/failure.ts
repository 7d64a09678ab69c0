// How a command fails: a code, a sentence, what to do next, and the exit code. Every error becomes one before it is
// shown, and the text and JSON forms show the same facts.

import { EXIT, type ExitCode } from './exit-codes.ts'

export interface Failure {
  /** For programs: the gateway's own code where it gave one. */
  readonly code: string
  /** For people: one sentence. */
  readonly message: string
  readonly exitCode: ExitCode
  /** The exact command to run next. */
  readonly nextCommand?: string | undefined
  /** What to do next when no single command does it. */
  readonly nextStep?: string | undefined
  /** Whether the same call may succeed later. */
  readonly retryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly details?: unknown
}

export class CommandError extends Error {
  readonly failure: Failure

  constructor(failure: Failure, cause?: unknown) {
    super(failure.message, cause === undefined ? undefined : { cause })
    this.name = 'CommandError'
    this.failure = failure
  }
}

export const usageError = (message: string, nextStep?: string): CommandError =>
  new CommandError({ code: 'USAGE', message, exitCode: EXIT.usage, nextStep })

/** Anything thrown as a failure; what nobody expected is a fault of this program and shows its stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof CommandError) return error.failure
  return {
    code: 'INTERNAL_FAULT',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    exitCode: EXIT.internal,
    nextStep: 'This is a fault of the program itself; please report it with the lines above.',
  }
}
