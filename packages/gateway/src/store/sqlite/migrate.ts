// Brings a database file to this release's schema. Works on a copy and never on the live file: a migration that fails,
// or a process that dies in the middle, leaves the database as it was.

import type { DatabaseSync } from 'node:sqlite'
import { StoreFault } from '../fault.ts'
import { openForWriting } from './connection.ts'
import { createHistory, type Migration, readSchemaState, recordMigration } from './schema-state.ts'
import { toStoreFault } from './sqlite-error.ts'
import { readThrough } from './verify.ts'

/** Applies what is missing to the file at `path` (empty, or a copy) and proves the result. Nobody else has it open. */
export function migrateFile(path: string, migrations: readonly Migration[], nowMs: number): void {
  const database = openForWriting(path)
  let doing = 'preparing the schema history'
  try {
    createHistory(database)
    for (const migration of migrations.slice(readSchemaState(database).version)) {
      doing = `migration ${migration.number} (${migration.name})`
      applyMigration(database, migration, nowMs)
    }
    doing = 'verifying the migrated database'
    readThrough(database, migrations)
  } catch (error) {
    const fault = toStoreFault(error, doing)
    if (fault.code === 'STORE_FULL' || fault.code === 'STORE_READONLY') throw fault
    throw new StoreFault('STORE_MIGRATION_FAILED', fault.message, { cause: error })
  } finally {
    database.close()
  }
}

function applyMigration(database: DatabaseSync, migration: Migration, nowMs: number): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec(migration.sql)
    recordMigration(database, migration, nowMs)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
