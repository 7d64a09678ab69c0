// The judge must be able to say no: each kind of expectation against what does not fit it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, closed, hello, http, refused } from './case.ts'
import { compare } from './compare.ts'
import type { Observation } from './drive.ts'

const helloOk: Observation = {
  connect: {
    type: 'res',
    id: '1',
    ok: true,
    payload: { type: 'hello-ok', protocol: 4, auth: { method: 'token', scopes: ['operator.read'] } },
  },
  answers: [],
}
const refusal = (error: object = {}): Observation => ({
  connect: {
    type: 'res',
    id: '1',
    ok: false,
    error: {
      code: 'INVALID_REQUEST',
      message: 'invalid role',
      retryable: false,
      details: { recovery: 'fix-request' },
      ...error,
    },
  },
  answers: [],
  close: { code: 1008, reason: 'invalid role' },
})
const invalidRole = refused('INVALID_REQUEST', undefined, 'invalid role')

test('what fits is no difference', () => {
  assert.deepEqual(
    compare(hello({ scopes: ['operator.read'], method: 'token', hasDeviceToken: false }), helloOk, 'ours'),
    [],
  )
  assert.deepEqual(compare(invalidRole, refusal(), 'ours'), [])
  assert.deepEqual(compare(closed(1000, ''), { answers: [], close: { code: 1000, reason: '' } }, 'official'), [])
})

test('silence fits nothing', () => {
  for (const expected of [hello(), invalidRole, closed(1008, /./), http(403, 'x'), answered()]) {
    assert.notDeepEqual(compare(expected, { answers: [] }, 'official'), [], expected.kind)
  }
})

test('other scopes, methods and tokens are differences', () => {
  assert.notDeepEqual(compare(hello({ scopes: [] }), helloOk, 'ours'), [])
  assert.notDeepEqual(compare(hello({ method: 'none' }), helloOk, 'ours'), [])
  assert.notDeepEqual(compare(hello({ hasDeviceToken: true }), helloOk, 'ours'), [])
})

test('a close after hello-ok is a difference', () => {
  assert.notDeepEqual(compare(hello(), { ...helloOk, close: { code: 1008, reason: '' } }, 'ours'), [])
})

test('other codes, details, sentences and closes are differences', () => {
  assert.notDeepEqual(compare(invalidRole, refusal({ code: 'FORBIDDEN' }), 'official'), [])
  assert.notDeepEqual(compare(invalidRole, refusal({ details: { code: 'X', recovery: 'none' } }), 'official'), [])
  assert.notDeepEqual(compare(invalidRole, refusal({ retryable: true }), 'official'), [])
  assert.notDeepEqual(
    compare(invalidRole, { ...refusal(), close: { code: 1002, reason: 'invalid role' } }, 'official'),
    [],
  )
  assert.notDeepEqual(compare(invalidRole, { ...refusal(), close: { code: 1008, reason: '' } }, 'official'), [])
})

test('a response is a difference where none is expected', () => {
  assert.notDeepEqual(compare(closed(1008, 'invalid role'), refusal(), 'official'), [])
})

test('in our dialect a refusal must be complete', () => {
  const incomplete = [
    { retryable: undefined },
    { details: {} },
    { details: { recovery: 'pair' } },
    { message: '' },
    { retryable: true },
  ]
  for (const error of incomplete) {
    const expected = refused('INVALID_REQUEST', undefined, /^/, {
      retryable: 'retryable' in error && error.retryable === true,
      closeReason: 'invalid role',
    })
    assert.equal(compare(expected, refusal(error), 'ours').length, 2, JSON.stringify(error))
    assert.deepEqual(compare(expected, refusal(error), 'official'), [], JSON.stringify(error))
  }
})
