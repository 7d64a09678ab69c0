import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consoleText } from '../../src/observe/console-text.ts'

test('plain text stays as it is, in every script', () => {
  for (const text of ['hello', 'Grüße, 世界 💥', '“quoted” – and more', '{"a":1}'])
    assert.equal(consoleText(text), text)
})

test('nothing can steer a terminal, forge a line or reorder what is shown', () => {
  assert.equal(consoleText('a\nb\tc'), 'a\\nb\\tc')
  assert.equal(consoleText('\u001b[31m\u009b2J\u0007\r'), '\\u001b[31m\\u009b2J\\u0007\\u000d')
  assert.equal(consoleText('a\u202eb\u2066\u2028'), 'a\\u202eb\\u2066\\u2028')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(consoleText(text), /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u)
    }),
  )
})

test('values are shown as JSON, and never fail a log line', () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  assert.equal(consoleText({ a: '\n' }), '{"a":"\\n"}')
  assert.equal(consoleText(12), '12')
  assert.equal(consoleText(null), 'null')
  assert.equal(consoleText(undefined), 'undefined')
  assert.equal(consoleText(12n), '12')
  assert.equal(consoleText(circular), '[object Object]')
})
