import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { STORE_FAULTS, StoreFault } from '../../../src/store/fault.ts'
import { fromFaultData, toFaultData } from '../../../src/store/sqlite/messages.ts'
import { DamageError, isDamage, toStoreFault } from '../../../src/store/sqlite/sqlite-error.ts'

const sqlite = (errcode: number) => Object.assign(new Error(`sqlite ${errcode}`), { code: 'ERR_SQLITE_ERROR', errcode })
const system = (code: string) => Object.assign(new Error(code), { code })

describe('errors of SQLite and the file system', () => {
  const table: readonly [error: Error, code: string, damage: boolean][] = [
    [sqlite(13), 'STORE_FULL', false],
    [sqlite(8), 'STORE_READONLY', false],
    [sqlite(8 | (5 << 8)), 'STORE_READONLY', false],
    [sqlite(11), 'STORE_CORRUPT', true],
    [sqlite(11 | (1 << 8)), 'STORE_CORRUPT', true],
    [sqlite(26), 'STORE_CORRUPT', true],
    [sqlite(10 | (4 << 8)), 'STORE_IO', false],
    [sqlite(14), 'STORE_IO', false],
    [sqlite(7), 'STORE_IO', false],
    [system('ENOSPC'), 'STORE_FULL', false],
    [system('EDQUOT'), 'STORE_FULL', false],
    [system('EROFS'), 'STORE_READONLY', false],
    [system('EACCES'), 'STORE_READONLY', false],
    [system('EIO'), 'STORE_IO', false],
    [new DamageError(['row 7']), 'STORE_CORRUPT', true],
  ]
  for (const [error, code, damage] of table) {
    it(`${error.message} becomes ${code}${damage ? ' and leads to a restore' : ''}`, () => {
      const fault = toStoreFault(error, 'writing')
      assert.equal(fault.code, code)
      assert.equal(fault.cause, error)
      assert.equal(isDamage(error), damage)
    })
  }

  it('keep code, details and cause on their way between threads', () => {
    const fault = new StoreFault('STORE_FULL', 'no room', { details: { path: 'x' }, cause: sqlite(13) })
    const arrived = fromFaultData(structuredClone(toFaultData(fault)))
    assert.ok(StoreFault.is(arrived))
    assert.deepEqual(
      [arrived.code, arrived.message, arrived.details, arrived.retryable],
      ['STORE_FULL', 'no room', { path: 'x' }, true],
    )
    assert.equal((arrived.cause as { errcode: number }).errcode, 13)
  })
})

it('the store faults are these, and these are fatal', () => {
  assert.deepEqual(
    Object.entries(STORE_FAULTS).map(
      ([code, { fatal, retryable }]) => `${code}${fatal ? '!' : ''}${retryable ? '?' : ''}`,
    ),
    [
      'STORE_BUSY?',
      'STORE_FULL?',
      'STORE_READONLY?',
      'STORE_LIMIT',
      'STORE_CLOSED',
      'STORE_OWNED?',
      'STORE_TOO_NEW',
      'STORE_MIGRATION_FAILED',
      'STORE_RESTORING',
      'STORE_CORRUPT!',
      'STORE_IO!',
      'STORE_WORKER_LOST!',
    ],
  )
})
