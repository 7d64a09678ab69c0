// Reads a database through: its schema, its structure, and every record that memory will hold. What it returns has been
// proved row by row. The audit's rows are proved when they are read; only its structure is checked here.

import type { DatabaseSync } from 'node:sqlite'
import type { LoadedRecords } from '../backend.ts'
import { NOUN_NAMES, NOUNS, type NounName } from '../nouns.ts'
import { asDamage, type KeyedText, openForReading, readRows } from './connection.ts'
import { assertUsable, type Migration, readSchemaState } from './schema-state.ts'
import { DamageError } from './sqlite-error.ts'

export interface VerifiedContent {
  readonly version: number
  readonly records: LoadedRecords
}

/** Problems listed at most when a file is damaged. */
const MAX_PROBLEMS = 10

/** Throws DamageError, or STORE_TOO_NEW for a file that a later release reserved for itself. */
export function readThrough(database: DatabaseSync, migrations: readonly Migration[]): VerifiedContent {
  const state = readSchemaState(database)
  assertUsable(state, migrations)
  // Before an upgrade the tables of newer nouns are rightly absent; afterwards an absent table is damage.
  const nouns = state.version < migrations.length ? nounsPresent(database) : NOUN_NAMES
  assertSound(database, nouns)
  const records: Partial<Record<NounName, KeyedText[]>> = {}
  for (const noun of nouns) records[noun] = readRows(database, NOUNS[noun].table, 'id', 'record')
  return { version: state.version, records }
}

/** Reads a copy through, for its verdict only. */
export function verifyCopy(path: string, migrations: readonly Migration[]): void {
  const copy = openForReading(path)
  try {
    readThrough(copy, migrations)
  } finally {
    copy.close()
  }
}

/** The whole file's structure, and every index of the tables that are loaded. */
function assertSound(database: DatabaseSync, nouns: readonly NounName[]): void {
  const problems = findProblems(database, `quick_check(${MAX_PROBLEMS})`)
  for (const noun of nouns) {
    if (problems.length > 0) break
    problems.push(...findProblems(database, `integrity_check(${NOUNS[noun].table})`))
  }
  if (problems.length > 0) throw new DamageError(problems.slice(0, MAX_PROBLEMS))
}

function findProblems(database: DatabaseSync, pragma: string): string[] {
  return asDamage(() => {
    const statement = database.prepare(`PRAGMA ${pragma}`)
    statement.setReturnArrays(true)
    const lines = statement.all() as unknown as [string][]
    return lines.map(([line]) => line).filter((line) => line !== 'ok')
  })
}

function nounsPresent(database: DatabaseSync): readonly NounName[] {
  const rows = asDamage(() => database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all())
  const tables = new Set(rows.map((row) => row.name))
  return NOUN_NAMES.filter((noun) => tables.has(NOUNS[noun].table))
}
