// How this store opens SQLite files: the live one for writing, copies for reading; and how it reads rows that carry a
// checksum. What SQLite says about a file's content becomes a DamageError here, trouble reaching it passes unchanged.

import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { rowChecksum } from './row-checksum.ts'
import { DamageError, isDamage } from './sqlite-error.ts'

/**
 * EXCLUSIVE keeps the log's index in memory instead of a shared file and refuses any other program. FULL syncs the log
 * on every commit. Checkpoints are made by hand, so that each of them empties the log (see log-inspection.ts).
 */
const WRITER_PRAGMAS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA temp_store = MEMORY;
  PRAGMA cell_size_check = ON;
  PRAGMA trusted_schema = OFF;
`

export function openForWriting(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    asDamage(() => database.exec(WRITER_PRAGMAS))
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** For a copy nobody writes: no locks, no log beside it. */
export function openForReading(path: string): DatabaseSync {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return new DatabaseSync(url, { readOnly: true })
}

export type KeyedText = readonly [key: string, text: string]

/** Every row of a table of the form (key, text, checksum), in key order. Throws DamageError when one does not fit. */
export function readRows(database: DatabaseSync, table: string, keyColumn: string, textColumn: string): KeyedText[] {
  return asDamage(() => {
    const sql = `SELECT ${keyColumn}, ${textColumn}, checksum FROM ${table} ORDER BY ${keyColumn}`
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    const rows: KeyedText[] = []
    for (const row of statement.iterate()) {
      const [key, text, checksum] = row as unknown as readonly [string, string, number]
      if (rowChecksum(table, key, text) !== checksum) throw new DamageError([`a row of ${table} fails its checksum`])
      rows.push([key, text])
    }
    return rows
  })
}

export function asDamage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof DamageError || !isDamage(error)) throw error
    throw new DamageError([(error as Error).message], error)
  }
}
