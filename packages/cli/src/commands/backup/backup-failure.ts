// Why a backup was not made or not put back, with the way out. Reads codes, never messages.

import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { toStateFailure } from '../../target/state-failure.ts'

export interface BackupPlace {
  readonly stateDir: string
  readonly file: string
}

/** Anything else comes back as it is. */
export function toBackupFailure(error: unknown, place: BackupPlace): unknown {
  if (error instanceof CommandError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  const nextStep = typeof code === 'string' ? NEXT_STEPS[code]?.(place) : undefined
  if (nextStep === undefined) return toStateFailure(error, place.stateDir) ?? error
  return new CommandError({ code: String(code), message: String(message), exitCode: EXIT.failed, nextStep }, error)
}

const NEXT_STEPS: Readonly<Record<string, (place: BackupPlace) => string>> = {
  BACKUP_UNUSABLE: ({ file }) => `Nothing was changed. Use another backup than ${file}.`,
  BACKUP_STORE_DAMAGED: () =>
    'breakwater gateway restart (the next start puts the newest snapshot in its place), then this again. Nothing was written.',
  EEXIST: ({ file }) => `Name another file, or --force to replace ${file}.`,
  ENOENT: ({ file }) => `Check the path: ${file}`,
  STORE_OWNED: () => 'breakwater gateway stop, then this again: a backup is put back while no gateway runs.',
}
