// Which migrations made a database file, as the file itself says. The answer is checksummed like every other row: a
// flipped bit must not make a file look older or newer than it is.

import type { DatabaseSync } from 'node:sqlite'
import { StoreFault } from '../fault.ts'
import { readRows } from './connection.ts'
import { rowChecksum } from './row-checksum.ts'
import { DamageError } from './sqlite-error.ts'

export interface Migration {
  /** 1, 2, 3 ... without gaps. */
  readonly number: number
  readonly name: string
  /** The oldest schema number whose release can still read and write the database after this migration. */
  readonly readableFrom: number
  readonly sql: string
}

export interface SchemaState {
  /** Migrations applied. */
  readonly version: number
  /** A release that knows fewer migrations than this must not touch the file. */
  readonly readableFrom: number
}

interface AppliedMigration {
  readonly name: string
  readonly readableFrom: number
  readonly appliedAtMs: number
}

const HISTORY = 'schema_history'

export function createHistory(database: DatabaseSync): void {
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${HISTORY} (number INTEGER PRIMARY KEY, record TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT`,
  )
}

export function recordMigration(database: DatabaseSync, migration: Migration, appliedAtMs: number): void {
  const { number, name, readableFrom } = migration
  const record = JSON.stringify({ name, readableFrom, appliedAtMs } satisfies AppliedMigration)
  const insert = database.prepare(`INSERT INTO ${HISTORY} (number, record, checksum) VALUES (?, ?, ?)`)
  insert.run(number, record, rowChecksum(HISTORY, number, record))
}

/** Reads the history; one without entries belongs to a file under construction. */
export function readSchemaState(database: DatabaseSync): SchemaState {
  const applied = readRows(database, HISTORY, 'number', 'record').map(([, record]) => JSON.parse(record))
  const readableFrom = (applied as AppliedMigration[]).map((migration) => migration.readableFrom)
  return { version: applied.length, readableFrom: Math.max(0, ...readableFrom) }
}

/** Refuses a live file or snapshot that is not complete, or that a later release reserved for itself. */
export function assertUsable(state: SchemaState, migrations: readonly Migration[]): void {
  if (state.version === 0) throw new DamageError(['the schema history is empty'])
  if (state.readableFrom <= migrations.length) return
  throw new StoreFault(
    'STORE_TOO_NEW',
    `The database has schema ${state.version}, which needs a release that knows schema ${state.readableFrom}; this one knows ${migrations.length}. Install the later release again, or put back the copy it kept in store/snapshots before it upgraded.`,
    { details: { found: state.version, readableFrom: state.readableFrom, known: migrations.length } },
  )
}
