// What is wrong with the state directory, as a failure its owner can act on. Reads codes, never messages.

import { StoreFault, type StoreFaultCode } from '@breakwater/gateway/local'
import { isRecord } from '@breakwater/protocol'
import { EXIT } from '../exit-codes.ts'
import { CommandError } from '../failure.ts'

/** Undefined for errors that are not about the store or the file system. */
export function toStateFailure(error: unknown, stateDir: string): CommandError | undefined {
  if (StoreFault.is(error)) return failure(error, storeNextStep(error, stateDir), error.details)
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  const nextStep = code === undefined ? undefined : SYSTEM_NEXT_STEPS[code]?.(stateDir)
  return nextStep === undefined ? undefined : failure(error as Error & { code: string }, nextStep)
}

const failure = (error: Error & { readonly code: string }, nextStep: string, details?: unknown): CommandError =>
  new CommandError({ code: error.code, message: error.message, exitCode: EXIT.cannotStart, nextStep, details }, error)

function storeNextStep({ code, details }: StoreFault, stateDir: string): string {
  if (code !== 'STORE_OWNED') {
    return STORE_NEXT_STEPS[code]?.(stateDir) ?? `Check the disk that holds ${stateDir}, then start again.`
  }
  const pid = isRecord(details.owner) ? details.owner.pid : undefined
  const stop = typeof pid === 'number' ? `kill ${pid} (stops that one), ` : ''
  return `breakwater status (talks to the gateway that runs), ${stop}or BREAKWATER_STATE_DIR=<directory> for a second one.`
}

const STORE_NEXT_STEPS: Partial<Record<StoreFaultCode, (stateDir: string) => string>> = {
  STORE_FULL: (stateDir) => `Free space on the disk that holds ${stateDir}, then start again.`,
  STORE_READONLY: (stateDir) => `Make ${stateDir} writable for this user, then start again.`,
  STORE_TOO_NEW: (stateDir) =>
    `Run the release that wrote ${stateDir}, or set BREAKWATER_STATE_DIR to another directory.`,
  STORE_RESTORING: () => 'breakwater restore (without a file: finishes it)',
  STORE_CORRUPT: (stateDir) =>
    `breakwater restore <file> (from a backup), or move ${stateDir} away to start with an empty one.`,
}

const SYSTEM_NEXT_STEPS: Readonly<Record<string, (stateDir: string) => string>> = {
  EACCES: (stateDir) => `Make ${stateDir} belong to this user, or set BREAKWATER_STATE_DIR to another directory.`,
  EPERM: (stateDir) => `Make ${stateDir} belong to this user, or set BREAKWATER_STATE_DIR to another directory.`,
  EROFS: () => 'Set BREAKWATER_STATE_DIR to a directory on a writable disk.',
  ENOSPC: (stateDir) => `Free space on the disk that holds ${stateDir}, then start again.`,
  ENOTDIR: (stateDir) => `${stateDir} is not a directory: move the file away, or set BREAKWATER_STATE_DIR.`,
  EEXIST: (stateDir) => `${stateDir} is not a directory: move the file away, or set BREAKWATER_STATE_DIR.`,
}
