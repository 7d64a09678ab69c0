// State directories for store tests, and a store in one of them.

import { type Clock, systemClock } from '@breakwater/supervisor'
import { tempDir } from '../../../../testkit/src/temp-dir.ts'
import { type LogFields, type Logger, silentLogger } from '../../../src/observe/logger.ts'
import { type OpenedStore, openSqliteStore } from '../../../src/store/sqlite/open-store.ts'
import type { SqliteStoreOptions } from '../../../src/store/sqlite/options.ts'

export const stateDir = tempDir

export const OWNER = { owner: 'store test', nextCommand: 'breakwater gateway status' }

export interface OpenForTest extends Partial<SqliteStoreOptions> {
  readonly clock?: Clock
  readonly log?: Logger
}

/** Dispose of it, or a failed test leaves a thread that keeps the process alive. */
export async function openStoreIn(path: string, options: OpenForTest = {}): Promise<OpenedStore & AsyncDisposable> {
  const { clock = systemClock, log = silentLogger, ...rest } = options
  const opened = await openSqliteStore({ clock, log }, { stateDir: path, ...OWNER }, rest)
  return { ...opened, [Symbol.asyncDispose]: () => opened.store.close() }
}

export interface LogLine {
  readonly level: 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields | undefined
}

/** A log that keeps what is above info. */
export function recordingLog(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const log = {
    ...silentLogger,
    lines,
    child: () => log,
    warn: (message: string, fields?: LogFields) => void lines.push({ level: 'warn', message, fields }),
    error: (message: string, fields?: LogFields) => void lines.push({ level: 'error', message, fields }),
  }
  return log
}
