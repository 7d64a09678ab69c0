import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, microsecondsPer, pairedRatio, percentile } from '../statistics.ts'

test('a percentile is a value that was really observed', () => {
  const values = [5, 1, 4, 2, 3]
  assert.equal(percentile(values, 0), 1)
  assert.equal(percentile(values, 50), 3)
  assert.equal(percentile(values, 99), 5)
  assert.ok(Number.isNaN(percentile([], 50)))
})

test('the median of an even count lies between the middle two', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([9]), 9)
})

test('a slow round that met both sides does not change their ratio', () => {
  const floor = [10, 10, 100]
  const ours = [20, 20, 200]
  assert.equal(pairedRatio(ours, floor), 2)
  assert.ok(Number.isNaN(pairedRatio(ours, [])))
})

test('an unknown total stays unknown per unit', () => {
  assert.equal(microsecondsPer(4, 2), 500)
  assert.equal(microsecondsPer(4, undefined), undefined)
})
