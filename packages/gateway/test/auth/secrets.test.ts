import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSameSecret } from '../../src/auth/secrets.ts'

test('secrets are the same when they are the same text, and only then', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => isSameSecret(a, a) && isSameSecret(a, b) === (a === b)))
})

test('secrets of other lengths are compared without an error', () => {
  assert.equal(isSameSecret('secret', ''), false)
  assert.equal(isSameSecret('', ''), true)
  assert.equal(isSameSecret('é', 'e\u0301'), false, 'text is compared as it was written')
})
