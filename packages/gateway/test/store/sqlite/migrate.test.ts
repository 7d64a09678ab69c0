import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts'
import type { Migration } from '../../../src/store/sqlite/schema-state.ts'
import { commitNumber, cutTo, databaseIn, openHere, snapshotsIn, writerOf } from './damaged-files.ts'
import { stateDir } from './state-dir.ts'

const NEXT = MIGRATIONS.length + 1

const addColumn: Migration = {
  number: NEXT,
  name: 'add-a-table',
  readableFrom: MIGRATIONS.length,
  sql: "CREATE TABLE extra (id TEXT PRIMARY KEY) STRICT; INSERT INTO extra VALUES ('made');",
}

/** A store of this release with some records, closed. */
async function existingStore() {
  const directory = await stateDir()
  const opened = openHere(directory.path)
  const writer = writerOf(directory.path, opened)
  for (let number = 0; number < 10; number += 1) writer.commit(commitNumber(number))
  writer.close()
  return directory
}

const upgradeCopies = (path: string) =>
  readdirSync(snapshotsIn(path)).filter((name) => name.startsWith('before-upgrade-'))

describe('migrations', () => {
  it('are numbered from 1 without gaps, and readable from a schema that exists', () => {
    assert.deepEqual(
      MIGRATIONS.map(({ number }) => number),
      MIGRATIONS.map((_, index) => index + 1),
    )
    assert.equal(new Set(MIGRATIONS.map(({ name }) => name)).size, MIGRATIONS.length)
    for (const { number, readableFrom } of MIGRATIONS) assert.ok(readableFrom >= 1 && readableFrom <= number)
  })

  it('each live in a file named after their number and name', () => {
    const folder = new URL('../../../src/store/sqlite/migrations/', import.meta.url)
    assert.deepEqual(
      readdirSync(folder).sort(),
      [...MIGRATIONS.map(({ number, name }) => `${String(number).padStart(4, '0')}-${name}.ts`), 'index.ts'].sort(),
    )
  })

  it('run on a copy that takes the place of the database, and the file from before is kept', async () => {
    await using directory = await existingStore()
    const { report, database, records } = openHere(directory.path, { migrations: [...MIGRATIONS, addColumn] })
    assert.equal(report.migratedFrom, MIGRATIONS.length)
    assert.equal(report.schemaVersion, NEXT)
    assert.equal(records.devices?.length, 10)
    assert.deepEqual(
      database
        .prepare('SELECT id FROM extra')
        .all()
        .map(({ id }) => id),
      ['made'],
    )
    database.close()
    const [kept = '', ...others] = upgradeCopies(directory.path)
    assert.deepEqual(others, [])
    const before = new DatabaseSync(`${snapshotsIn(directory.path)}/${kept}`)
    assert.equal(before.prepare('SELECT count(*) AS n FROM devices').get()?.n, 10)
    before.close()
  })

  it('run once', async () => {
    await using directory = await existingStore()
    const migrations = [...MIGRATIONS, addColumn]
    openHere(directory.path, { migrations }).database.close()
    const { report, database } = openHere(directory.path, { migrations })
    database.close()
    assert.equal(report.migratedFrom, undefined)
    assert.equal(report.schemaVersion, NEXT)
  })

  it('leave the database as it was when one of them fails', async () => {
    await using directory = await existingStore()
    const before = readFileSync(databaseIn(directory.path))
    const broken: Migration = {
      ...addColumn,
      number: NEXT + 1,
      name: 'broken',
      sql: 'DELETE FROM devices; SELECT nonsense;',
    }
    assert.throws(() => openHere(directory.path, { migrations: [...MIGRATIONS, addColumn, broken] }), {
      code: 'STORE_MIGRATION_FAILED',
    })
    assert.ok(readFileSync(databaseIn(directory.path)).equals(before))
    const { report, records, database } = openHere(directory.path)
    database.close()
    assert.equal(report.schemaVersion, MIGRATIONS.length)
    assert.equal(records.devices?.length, 10)
  })

  it('let the release before go on when it can still read the result', async () => {
    await using directory = await existingStore()
    openHere(directory.path, { migrations: [...MIGRATIONS, addColumn] }).database.close()
    const { report, records, database } = openHere(directory.path)
    database.close()
    assert.equal(report.schemaVersion, NEXT)
    assert.equal(records.devices?.length, 10)
  })

  it('tell the release before why not when it cannot', async () => {
    await using directory = await existingStore()
    openHere(directory.path, { migrations: [...MIGRATIONS, { ...addColumn, readableFrom: NEXT }] }).database.close()
    assert.throws(() => openHere(directory.path), {
      code: 'STORE_TOO_NEW',
      details: { found: NEXT, readableFrom: NEXT, known: MIGRATIONS.length },
    })
  })

  it('upgrade a snapshot from before them when the database is damaged', async () => {
    await using directory = await existingStore()
    const { openStoreIn } = await import('./state-dir.ts')
    await using opened = await openStoreIn(directory.path)
    const { store } = opened
    await store.apply([{ put: 'meta', record: { name: 'a', value: 'b' } }])
    await store.close()
    cutTo(databaseIn(directory.path), 5_000)
    const { report, records, database } = openHere(directory.path, { migrations: [...MIGRATIONS, addColumn] })
    database.close()
    assert.equal(report.origin, 'restored')
    assert.equal(report.migratedFrom, MIGRATIONS.length)
    assert.equal(records.devices?.length, 10)
  })
})
