import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { resolveStoreOptions, STORE_DEFAULTS } from '../../src/store/options.ts'
import { resolveSqliteStoreOptions, SQLITE_STORE_DEFAULTS } from '../../src/store/sqlite/options.ts'

describe('store options', () => {
  it('default to the published values', () => {
    assert.deepEqual(resolveStoreOptions(), STORE_DEFAULTS)
    assert.deepEqual(resolveSqliteStoreOptions(), { ...STORE_DEFAULTS, ...SQLITE_STORE_DEFAULTS })
  })

  it('are refused out of range with a sentence that names the option', () => {
    for (const value of [0, 1.5, Number.NaN, -1, 1_000_001]) {
      assert.throws(() => resolveStoreOptions({ maxWaitingChanges: value }), /maxWaitingChanges .* 1\.\.1000000/)
    }
    assert.throws(() => resolveSqliteStoreOptions({ sightingIntervalMs: 10 }), RangeError)
    assert.throws(() => resolveSqliteStoreOptions({ keptSnapshots: 0 }), RangeError)
  })

  it('never let a snapshot settle longer than a change may wait for it', () => {
    assert.throws(() => resolveSqliteStoreOptions({ snapshotMaxAgeMs: 2_000, snapshotSettleMs: 3_000 }), RangeError)
  })
})
