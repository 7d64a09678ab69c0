import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromBase64Url, toBase64Url } from '@breakwater/protocol'
import fc from 'fast-check'

test('what is encoded decodes to the same bytes, in the platform’s own spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = toBase64Url(bytes)
      assert.equal(text, Buffer.from(bytes).toString('base64url'))
      assert.deepEqual(fromBase64Url(text), new Uint8Array(bytes))
    }),
  )
})

test('standard base64, padded or not, is read as well', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const padded = Buffer.from(bytes).toString('base64')
      assert.deepEqual(fromBase64Url(padded), new Uint8Array(bytes))
      assert.deepEqual(fromBase64Url(padded.replace(/=+$/, '')), new Uint8Array(bytes))
    }),
  )
})

test('text that no bytes encode to is refused and never throws', () => {
  for (const text of ['a', 'ab=c', 'a b', 'ab\n', 'äöü', 'abc===', 'a=', '💥', 'abcde']) {
    assert.equal(fromBase64Url(text), undefined, JSON.stringify(text))
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotThrow(() => fromBase64Url(text))
    }),
  )
})
