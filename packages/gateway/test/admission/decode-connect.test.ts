import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { validateConnect } from '@breakwater/protocol/validators/handshake'
import { decodeConnect } from '../../src/admission/decode-connect.ts'
import { candidate, connectParams } from './candidates.ts'

const decode = (frame: unknown) =>
  decodeConnect(validateConnect)(candidate(), typeof frame === 'string' ? frame : JSON.stringify(frame))

const connectFrame = (params: unknown) => ({ type: 'req', id: 'c1', method: 'connect', params })

describe('a first frame', () => {
  test('that is a connect request keeps its id and parameters', () => {
    const params = connectParams({ scopes: ['operator.read'] })
    const verdict = decode(connectFrame(params))
    assert.ok(verdict.ok)
    assert.deepEqual([verdict.value.requestId, verdict.value.connect], ['c1', params])
  })

  test('of another method is refused and answered', () => {
    const verdict = decode({ type: 'req', id: '1', method: 'health' })
    assert.ok(!verdict.ok)
    assert.deepEqual([verdict.refusal.error, verdict.refusal.isAnswered], ['INVALID_HANDSHAKE', undefined])
  })

  for (const [what, frame] of [
    ['not JSON', 'hello'],
    ['empty', ''],
    ['an event', { type: 'event', event: 'x' }],
    ['a list', []],
    ['without an id', { type: 'req', method: 'connect' }],
  ] as const) {
    test(`that is ${what} closes without an answer, with the same words for all`, () => {
      const verdict = decode(frame)
      assert.ok(!verdict.ok)
      const { error, isAnswered, closeReason, options } = verdict.refusal
      assert.deepEqual([error, isAnswered, closeReason], ['INVALID_HANDSHAKE', false, 'invalid request frame'])
      assert.match(options.message ?? '', /^invalid request frame: /)
    })
  }
})

describe('connect parameters that do not fit', () => {
  const whole = connectParams()
  const { client, minProtocol: _, ...withoutProtocol } = whole
  // The wire's own words for each.
  const CASES: readonly (readonly [params: unknown, problem: string])[] = [
    [{ ...whole, zzz: 1 }, "at root: unexpected property 'zzz'"],
    [{ ...whole, client: { ...client, zzz: 1 } }, "at /client: unexpected property 'zzz'"],
    [{ ...whole, auth: { zzz: '1' } }, "at /auth: unexpected property 'zzz'"],
    [{ ...whole, role: '' }, 'at /role: must not have fewer than 1 characters'],
    [{ ...whole, minProtocol: '4' }, 'at /minProtocol: must be integer'],
    [{ ...withoutProtocol, client }, "must have required property 'minProtocol'"],
    [{ ...whole, client: { ...client, version: '' } }, 'at /client/version: must not have fewer than 1 characters'],
    [{ ...whole, client: { ...client, id: 'nobody' } }, 'at /client/id: must be equal to one of the allowed values'],
    [{ ...whole, scopes: 'operator.read' }, 'at /scopes: must be array'],
    [{ ...whole, scopes: [1] }, 'at /scopes/0: must be string'],
    [{ ...whole, permissions: { a: 1 } }, 'at /permissions/a: must be boolean'],
    [undefined, 'must be object'],
  ]
  for (const [params, problem] of CASES) {
    test(`are refused with "${problem}"`, () => {
      const verdict = decode(connectFrame(params))
      assert.ok(!verdict.ok)
      assert.equal(verdict.refusal.error, 'INVALID_CONNECT_PARAMS')
      assert.equal(verdict.refusal.options.message, `invalid connect params: ${problem}`)
    })
  }
})
