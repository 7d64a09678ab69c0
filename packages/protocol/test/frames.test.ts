import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  cutCloseReason,
  decodeRequest,
  decodeServerMessage,
  EncodedEvent,
  encodeError,
  encodeOk,
  encodeOkJson,
  encodeRequest,
  isRecord,
  LIMITS,
  wireError,
} from '@breakwater/protocol'
import fc from 'fast-check'
import { contractValidator } from './contract.ts'

const anyJson = fc.jsonValue({ maxDepth: 2 })

/** Values around the request frame: whole ones, and ones with a member missing, wrong or too much. */
const nearlyRequest = fc
  .record(
    {
      type: fc.oneof({ weight: 6, arbitrary: fc.constant('req') }, anyJson),
      id: fc.oneof({ weight: 4, arbitrary: fc.string({ maxLength: 8 }) }, anyJson),
      method: fc.oneof({ weight: 4, arbitrary: fc.string({ maxLength: 8 }) }, anyJson),
      params: anyJson,
      traceparent: fc.oneof(
        fc.string({ maxLength: 140, unit: 'grapheme' }),
        fc.integer({ min: 120, max: 140 }).map((length) => '💥'.repeat(length)),
        anyJson,
      ),
      extra: anyJson,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .chain((frame) =>
    fc.boolean().map((keepsExtra) => {
      const { extra, ...rest } = frame
      return keepsExtra && extra !== undefined ? frame : rest
    }),
  )

describe('a request', () => {
  test('is what the published schema says it is', () => {
    const validate = contractValidator('RequestFrame')
    let accepted = 0
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: nearlyRequest }, anyJson), (value) => {
        const text = JSON.stringify(value)
        const decoded = decodeRequest(text)
        const isRequest = validate(JSON.parse(text))
        assert.equal(decoded.ok, isRequest, text)
        if (decoded.ok) {
          accepted += 1
          assert.deepEqual(decoded.frame, JSON.parse(text))
        }
      }),
      { numRuns: 3_000 },
    )
    assert.ok(accepted > 100, `only ${accepted} of the generated values were requests`)
  })

  test('may name the profile it is for, which newer servers than the published contract know', () => {
    const frame = { type: 'req', id: '1', method: 'health', expectedProfileId: 'p' }
    assert.deepEqual(decodeRequest(JSON.stringify(frame)), { ok: true, frame })
    const wrong = decodeRequest(JSON.stringify({ ...frame, expectedProfileId: 7 }))
    assert.equal(!wrong.ok && wrong.problem === 'not-request' && wrong.reason, 'at /expectedProfileId: must be string')
  })

  test('survives the way over the wire', () => {
    assert.deepEqual(decodeRequest(encodeRequest('7', 'logs.tail', { limit: 1 })), {
      ok: true,
      frame: { type: 'req', id: '7', method: 'logs.tail', params: { limit: 1 } },
    })
    assert.deepEqual(JSON.parse(encodeRequest('7', 'health')), { type: 'req', id: '7', method: 'health' })
  })

  // Messages and ids as the official gateway answers them.
  const REFUSED: readonly (readonly [text: string, id: string, reason: string])[] = [
    ['{"type":"req","method":"health"}', 'invalid', "must have required property 'id'"],
    ['{"type":"req","id":"","method":"health"}', '', 'at /id: must not have fewer than 1 characters'],
    ['{"type":"req","id":"x1","method":"health","foo":1}', 'x1', "at root: unexpected property 'foo'"],
    ['{"type":"event","id":"x2","method":"health"}', 'x2', 'at /type: must be equal to constant'],
    ['{"type":"req","id":"x3"}', 'x3', "must have required property 'method'"],
    ['{"type":"req","id":5,"method":"health"}', 'invalid', 'at /id: must be string'],
    ['[]', 'invalid', 'must be object'],
    ['null', 'invalid', 'must be object'],
    ['"x"', 'invalid', 'must be object'],
    ['{"id":"x","method":"health"}', 'x', "must have required property 'type'"],
    ['{"type":"req","id":"x","method":""}', 'x', 'at /method: must not have fewer than 1 characters'],
    ['{"type":"req","id":"x","method":"h","traceparent":1}', 'x', 'at /traceparent: must be string'],
  ]
  for (const [text, id, reason] of REFUSED) {
    test(`is refused with its id and "${reason}": ${text}`, () => {
      assert.deepEqual(decodeRequest(text), { ok: false, problem: 'not-request', id, reason })
    })
  }

  test('that is not JSON is told apart', () => {
    for (const text of ['', 'hello', '{"type":"req"', '\u0000']) {
      assert.deepEqual(decodeRequest(text), { ok: false, problem: 'not-json' })
    }
  })

  test('never has an endless id or name repeated to it', () => {
    const long = decodeRequest(JSON.stringify({ type: 'req', id: 'x'.repeat(300), ['y'.repeat(300)]: 1, method: 'm' }))
    assert.ok(!long.ok && long.problem === 'not-request')
    assert.equal(long.id, 'invalid')
    assert.ok(long.reason.length < 100)
  })

  test('cannot smuggle members in through the prototype', () => {
    const decoded = decodeRequest('{"type":"req","id":"1","method":"health","__proto__":{"isAdmin":true}}')
    assert.ok(!decoded.ok)
  })
})

describe('a response', () => {
  test('carries any payload, null and none included', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.option(anyJson, { nil: undefined }), (id, payload) => {
        const expected = payload === undefined ? { type: 'res', id, ok: true } : { type: 'res', id, ok: true, payload }
        assert.deepEqual(JSON.parse(encodeOk(id, payload)), JSON.parse(JSON.stringify(expected)))
        assert.equal(encodeOkJson(id, JSON.stringify(payload)), encodeOk(id, payload))
      }),
    )
  })

  test('to a failure carries the error, and sometimes a payload beside it', () => {
    const error = wireError('BUSY', { retryAfterMs: 1_000 })
    assert.deepEqual(JSON.parse(encodeError('1', error)), { type: 'res', id: '1', ok: false, error })
    assert.deepEqual(JSON.parse(encodeError('1', error, { runId: 'r' })).payload, { runId: 'r' })
  })

  test('and every event fits the published schema', () => {
    const [response, event] = [contractValidator('ResponseFrame'), contractValidator('EventFrame')]
    assert.ok(response(JSON.parse(encodeOk('1', null))))
    assert.ok(response(JSON.parse(encodeError('1', wireError('AUTH_TOKEN_MISSING')))))
    assert.ok(event(JSON.parse(new EncodedEvent('tick', { ts: 1 }).frameFor(1))))
    assert.ok(event(JSON.parse(new EncodedEvent('presence', {}, { presence: 1, health: 2 }).frameFor())))
  })
})

describe('an event', () => {
  test('is encoded once and numbered per receiver', () => {
    fc.assert(
      fc.property(fc.option(anyJson, { nil: undefined }), fc.nat(), fc.boolean(), (payload, seq, isVersioned) => {
        const stateVersion = { presence: 3, health: 4 }
        const encoded = new EncodedEvent('x.y', payload, isVersioned ? stateVersion : undefined)
        const frame = {
          type: 'event',
          event: 'x.y',
          ...(payload === undefined ? {} : { payload }),
          ...(isVersioned ? { stateVersion } : {}),
        }
        assert.deepEqual(JSON.parse(encoded.frameFor(seq)), JSON.parse(JSON.stringify({ ...frame, seq })))
        assert.deepEqual(JSON.parse(encoded.frameFor()), JSON.parse(JSON.stringify(frame)))
      }),
    )
  })
})

describe('a message of a server', () => {
  test('is a response, an event, or set aside', () => {
    assert.equal(decodeServerMessage(encodeOk('1', 2)).kind, 'response')
    assert.equal(decodeServerMessage(new EncodedEvent('tick', {}).frameFor(1)).kind, 'event')
    for (const text of ['', 'x', '[]', 'null', '{}', '{"type":"res","id":"1"}', '{"type":"event"}', '{"type":"req"}']) {
      assert.equal(decodeServerMessage(text).kind, 'invalid', text)
    }
  })

  test('may hold members and events we do not know', () => {
    const text = '{"type":"event","event":"from.the.future","payload":1,"seq":1,"colour":"blue"}'
    assert.equal(decodeServerMessage(text).kind, 'event')
  })
})

describe('a close reason', () => {
  const bytes = (text: string): number => Buffer.byteLength(text, 'utf8')

  test('is cut to what the wire takes, never inside a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (reason) => {
        const cut = cutCloseReason(reason)
        assert.ok(bytes(cut) <= LIMITS.closeReasonBytes)
        assert.ok(reason.startsWith(cut))
        assert.equal(Buffer.from(cut, 'utf8').toString('utf8'), cut)
        if (bytes(reason) <= LIMITS.closeReasonBytes) assert.equal(cut, reason)
        else assert.ok(bytes(cut) > LIMITS.closeReasonBytes - 4, 'as much as fits is kept')
      }),
    )
  })

  test('may hold half a character without growing over the limit', () => {
    assert.ok(bytes(cutCloseReason('\ud83d'.repeat(100))) <= LIMITS.closeReasonBytes)
  })
})

test('a record is an object that is no list', () => {
  assert.deepEqual([{}, [], null, 'x', 1, undefined].map(isRecord), [true, false, false, false, false, false])
})
