import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { editDistance, nearestKey } from '../../src/config/nearest-key.ts'

test('the distance counts inserted, removed and replaced letters', () => {
  assert.equal(editDistance('', 'abc'), 3)
  assert.equal(editDistance('kitten', 'sitting'), 3)
  assert.equal(editDistance('port', 'prot'), 2)
})

test('the distance is a metric', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      assert.equal(editDistance(a, b), editDistance(b, a))
      assert.equal(editDistance(a, b) === 0, a === b)
      assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c))
    }),
  )
})

test('a neighbour is preferred to a namesake elsewhere, and a wild guess is not made', () => {
  const siblings = ['gateway.port', 'gateway.bind']
  const all = [...siblings, 'gateway.auth.token']
  assert.equal(nearestKey('Port', siblings, all), 'gateway.port')
  assert.equal(nearestKey('token', siblings, all), 'gateway.auth.token')
  assert.equal(nearestKey('colour', siblings, all), undefined)
  assert.equal(nearestKey('p'.repeat(100_000), siblings, all), undefined)
})
