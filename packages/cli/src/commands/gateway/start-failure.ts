// Why the gateway did not start, as a failure its owner can act on. Reads codes, never messages.

import { ListenFault, StartFault, TlsFault } from '@breakwater/gateway'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { toStateFailure } from '../../target/state-failure.ts'

/** Anything else comes back as it is: a fault of the program, not of its surroundings. */
export function toStartFailure(error: unknown, stateDir: string): unknown {
  if (error instanceof StartFault) return failure(error, EXIT.configuration)
  if (error instanceof ListenFault || error instanceof TlsFault) return failure(error, EXIT.cannotStart)
  return toStateFailure(error, stateDir) ?? error
}

const failure = (error: Error & { readonly code: string; readonly nextStep: string }, exitCode: 6 | 7): CommandError =>
  new CommandError({ code: error.code, message: error.message, exitCode, nextStep: error.nextStep }, error)
