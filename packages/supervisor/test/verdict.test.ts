import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundText, isVerdict, MAX_VERDICT_TEXT, toVerdict } from '../src/verdict.ts'

test('a thrown error becomes a retry with its message and its string code', () => {
  const error = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' })
  assert.deepEqual(toVerdict(error), { verdict: 'retry', reason: 'connect refused', code: 'ECONNREFUSED' })
  assert.deepEqual(toVerdict(new TypeError('')), { verdict: 'retry', reason: 'TypeError', code: undefined })
  assert.equal(toVerdict(Object.assign(new Error('x'), { code: 1006 })).code, undefined)
  assert.deepEqual(toVerdict('gone'), { verdict: 'retry', reason: 'gone' })
})

test('only the three verdicts are verdicts', () => {
  for (const verdict of ['retry', 'pairing', 'terminal']) assert.ok(isVerdict({ verdict, reason: '' }))
  for (const other of [undefined, null, 'retry', {}, { verdict: 'wait' }]) assert.equal(isVerdict(other), false)
})

test('text of the other side is cut to its limit', () => {
  assert.equal(boundText('short'), 'short')
  assert.equal(boundText('x'.repeat(MAX_VERDICT_TEXT)).length, MAX_VERDICT_TEXT)
  const cut = boundText('x'.repeat(MAX_VERDICT_TEXT + 1))
  assert.equal(cut.length, MAX_VERDICT_TEXT)
  assert.ok(cut.endsWith('…'))
})
