// Any text a peer may send, against both decoders of the protocol: they name what it is and never throw, and what they
// call a frame is one. The rules are written out again here, so that a decoder cannot vouch for itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeRequest,
  decodeServerMessage,
  EncodedEvent,
  encodeError,
  encodeOk,
  encodeRequest,
  wireError,
} from '@breakwater/protocol'
import { cliConnect } from '@breakwater/testkit'
import { fuzz } from './fuzz/fuzz.ts'
import { mutateJson, mutateText, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const REQUESTS: readonly unknown[] = [
  { type: 'req', id: '1', method: 'connect', params: cliConnect('secret') },
  { type: 'req', id: '2:6f1c', method: 'health' },
  { type: 'req', id: '3', method: 'logs.tail', params: { limit: 10, cursor: 0 }, traceparent: '00-4bf92f-00f067-01' },
  {
    type: 'req',
    id: 'ü'.repeat(40),
    method: 'chat.send',
    params: { sessionKey: 'agent:main:main', message: 'hi\n💥' },
  },
  { type: 'req', id: '5', method: 'sessions.list', params: { limit: 5 }, expectedProfileId: 'p1' },
  { type: 'req', id: '6', method: 'x', params: [[[{ a: [1, 2, { b: null }] }]]] },
]

const MESSAGES: readonly unknown[] = [
  JSON.parse(encodeOk('1', { type: 'hello-ok', protocol: 4, auth: { role: 'operator', scopes: [] } })),
  JSON.parse(encodeError('2', wireError('AUTH_TOKEN_MISMATCH'))),
  JSON.parse(encodeError('3', wireError('GATEWAY_STARTING', { retryAfterMs: 500 }), null)),
  JSON.parse(new EncodedEvent('tick', { ts: 1 }, { presence: 1, health: 2 }).frameFor(7)),
  { type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 1 } },
]

const textFrom =
  (frames: readonly unknown[]) =>
  (random: Random): string => {
    const texts = frames.map((frame) => JSON.stringify(frame))
    if (random.chance(0.05)) return randomText(random)
    if (random.chance(0.05)) return random.pick(texts)
    if (random.chance(0.5)) return mutateText(random, random.pick(texts), texts)
    const text = JSON.stringify(mutateJson(random, random.pick(frames))) ?? ''
    return random.chance(0.2) ? mutateText(random, text, texts) : text
  }

test('whatever a client sends is a request by the letter, or refused in so many words', async (t) => {
  await fuzz(t, {
    outcomes: ['request', 'not-json', 'not-request'],
    mustOccur: ['request', 'not-json', 'not-request'],
    make: textFrom(REQUESTS),
    show: (text) => JSON.stringify(text),
    judge: (text) => {
      const decoded = decodeRequest(text)
      const value = parse(text)
      if (decoded.ok) {
        assert.ok(isRequest(value), 'taken for a request')
        assert.deepEqual(decoded.frame, value)
        return 'request'
      }
      assert.ok(!isRequest(value), 'a request was refused')
      if (decoded.problem === 'not-json') {
        assert.equal(value, NOT_JSON)
        return 'not-json'
      }
      assert.notEqual(value, NOT_JSON)
      assert.ok(decoded.id.length <= 256, 'an id fit to be sent back')
      assert.match(decoded.reason, /^(at (root|\/\w+): |must )/)
      assert.ok(decoded.reason.length <= 128, 'a reason fit to be sent back')
      return 'not-request'
    },
  })
  assert.equal(Object.keys(Object.prototype).length, 0, 'no prototype was touched')
})

test('whatever a server sends is a response or an event by the letter, or set aside', async (t) => {
  await fuzz(t, {
    outcomes: ['response', 'event', 'invalid'],
    mustOccur: ['response', 'event', 'invalid'],
    make: textFrom(MESSAGES),
    show: (text) => JSON.stringify(text),
    judge: (text) => {
      const decoded = decodeServerMessage(text)
      const value = parse(text)
      assert.equal(decoded.kind, kindOfMessage(value))
      if (decoded.kind === 'event') assert.deepEqual(decoded.frame, value)
      if (decoded.kind === 'response') assert.deepEqual(decoded.frame, asResponse(value))
      return decoded.kind
    },
  })
})

test('a request survives the way over the wire, whatever its id, method and parameters hold', async (t) => {
  await fuzz(t, {
    inputs: 20_000,
    outcomes: ['same'],
    mustOccur: ['same'],
    make: (random) => ({
      id: `1${randomText(random)}`,
      method: `m${randomText(random)}`,
      params: mutateJson(random, random.pick(REQUESTS)),
    }),
    judge: ({ id, method, params }) => {
      const decoded = decodeRequest(encodeRequest(id, method, params))
      assert.ok(decoded.ok)
      const expected = JSON.parse(JSON.stringify({ type: 'req', id, method, params }))
      assert.deepEqual(decoded.frame, expected)
      return 'same'
    },
  })
})

const NOT_JSON = Symbol('not JSON')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return NOT_JSON
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]'
const own = (value: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key] : undefined
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function isRequest(value: unknown): boolean {
  if (!isObject(value)) return false
  const known = ['type', 'id', 'method', 'params', 'traceparent', 'expectedProfileId']
  const trace = own(value, 'traceparent')
  const profile = own(value, 'expectedProfileId')
  return (
    Object.keys(value).every((key) => known.includes(key)) &&
    own(value, 'type') === 'req' &&
    isText(own(value, 'id')) &&
    isText(own(value, 'method')) &&
    (trace === undefined || (typeof trace === 'string' && trace.length <= 128)) &&
    (profile === undefined || typeof profile === 'string')
  )
}

/** What is left of a response when everything that is not what it should be is taken away. */
function asResponse(value: unknown): unknown {
  if (!isObject(value) || own(value, 'error') === undefined) return value
  const { error, ...rest } = value
  if (!isObject(error) || typeof own(error, 'code') !== 'string' || typeof own(error, 'message') !== 'string')
    return rest
  const kept = Object.entries(error).filter(([key, hint]) => {
    if (key === 'retryable') return typeof hint === 'boolean'
    return key !== 'retryAfterMs' || (Number.isFinite(hint) && (hint as number) >= 0)
  })
  return { ...rest, error: Object.fromEntries(kept) }
}

function kindOfMessage(value: unknown): string {
  if (!isObject(value)) return 'invalid'
  if (own(value, 'type') === 'event') return typeof own(value, 'event') === 'string' ? 'event' : 'invalid'
  const isResponse =
    own(value, 'type') === 'res' && typeof own(value, 'id') === 'string' && typeof own(value, 'ok') === 'boolean'
  return isResponse ? 'response' : 'invalid'
}
