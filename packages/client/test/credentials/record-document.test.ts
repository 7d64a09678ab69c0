import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { GatewayRecord } from '../../src/credentials/credential-store.ts'
import { decodeRecord, EMPTY_DOCUMENT, encodeRecord, readRecord } from '../../src/credentials/record-document.ts'
import { keyOf } from '../support/kept-tokens.ts'

const gateway = keyOf()
const decode = (value: unknown) => decodeRecord(JSON.stringify(value), gateway)
const good = { version: 1, gateway, tokens: { d1: { operator: { token: 't', scopes: ['operator.read'] } } } }

function documentOf(value: unknown) {
  const decoded = decode(value)
  assert.ok(decoded.ok, JSON.stringify(decoded))
  return decoded.document
}

const anyRecord: fc.Arbitrary<GatewayRecord> = fc
  .record({
    tokens: fc.uniqueArray(
      fc.record({
        deviceId: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor', 'd1')),
        role: fc.constantFrom('operator' as const, 'node' as const),
        token: fc.string({ minLength: 1 }).filter((token) => token.trim() !== ''),
        scopes: fc.array(fc.string()),
        issuedAtMs: fc.nat(),
      }),
      { selector: ({ deviceId, role }) => `${deviceId} ${role}`, maxLength: 6 },
    ),
    bootstrap: fc.record({
      token: fc.constantFrom('b1', 'b2'),
      role: fc.constantFrom('operator' as const, 'node' as const),
      isPreferred: fc.boolean(),
    }),
  })
  .chain(({ tokens, bootstrap }) => fc.boolean().map((has) => (has ? { tokens, bootstrap } : { tokens })))

const sorted = ({ tokens, bootstrap }: GatewayRecord) => ({
  bootstrap: bootstrap && { ...bootstrap },
  tokens: tokens
    .map((token) => ({ ...token }))
    .sort((a, b) => (`${a.deviceId} ${a.role}` < `${b.deviceId} ${b.role}` ? -1 : 1)),
})

test('what is written is what is read, also over what was there before', () => {
  fc.assert(
    fc.property(anyRecord, anyRecord, (first, second) => {
      const once = encodeRecord(EMPTY_DOCUMENT, first, gateway)
      assert.deepEqual(sorted(readRecord(once, gateway).record), sorted(first))
      const twice = encodeRecord(readRecord(once, gateway), second, gateway)
      assert.deepEqual(sorted(readRecord(twice, gateway).record), sorted(second))
    }),
  )
})

test('what a later version added stays where it was', () => {
  const later = {
    ...good,
    label: 'Home',
    sharedToken: 'kept for the app',
    tokens: {
      d1: { operator: { token: 't', scopes: [], note: 'about t' }, worker: { token: 'w', anything: 1 } },
      d2: { worker: { token: 'w2' } },
    },
    bootstrap: { token: 'b', role: 'node', isPreferred: true, expiresAtMs: 7 },
  }
  const document = documentOf(later)
  const { tokens, bootstrap } = document.record
  assert.equal(tokens.length, 1)
  const unchanged = encodeRecord(document, document.record, gateway)
  assert.deepEqual(JSON.parse(unchanged), later)
  const node = { deviceId: 'd2', role: 'node', token: 'n', scopes: [] } as const
  const replaced = { deviceId: 'd1', role: 'operator', token: 't2', scopes: ['operator.read'] } as const
  const written = JSON.parse(encodeRecord(document, { tokens: [replaced, node] }, gateway))
  assert.equal(bootstrap?.token, 'b')
  assert.deepEqual(written, {
    version: 1,
    gateway,
    label: 'Home',
    sharedToken: 'kept for the app',
    tokens: {
      d1: { operator: { token: 't2', scopes: ['operator.read'] }, worker: { token: 'w', anything: 1 } },
      d2: { worker: { token: 'w2' }, node: { token: 'n', scopes: [] } },
    },
  })
})

test('a device whose last token went leaves no trace', () => {
  assert.deepEqual(JSON.parse(encodeRecord(documentOf(good), { tokens: [] }, gateway)).tokens, {})
})

const BROKEN: [string, string, unknown][] = [
  ['unknown-format', 'an empty object', {}],
  ['unknown-format', 'a list', []],
  ['unknown-format', 'null', null],
  ['unknown-format', 'an earlier version', { ...good, version: 0 }],
  ['unknown-format', 'tokens that are a list', { ...good, tokens: [] }],
  ['later-version', 'a later version', { ...good, version: 2 }],
  ['other-gateway', 'another gateway', { ...good, gateway: 'ws://localhost:1' }],
  ['other-gateway', 'no gateway', { ...good, gateway: undefined }],
  ['bad-token', 'a device that is no object', { ...good, tokens: { d1: 'x' } }],
  ['bad-token', 'a token that is no object', { ...good, tokens: { d1: { operator: 'x' } } }],
  ['bad-token', 'a blank token', { ...good, tokens: { d1: { operator: { token: ' ', scopes: [] } } } }],
  ['bad-token', 'no scopes', { ...good, tokens: { d1: { node: { token: 't' } } } }],
  ['bad-token', 'scopes that are no texts', { ...good, tokens: { d1: { node: { token: 't', scopes: [1] } } } }],
  [
    'bad-token',
    'a time that is none',
    { ...good, tokens: { d1: { node: { token: 't', scopes: [], issuedAtMs: 'x' } } } },
  ],
  ['bad-bootstrap', 'a setup token without a role', { ...good, bootstrap: { token: 'b', isPreferred: true } }],
]

for (const [problem, title, value] of BROKEN) {
  test(`it is refused, not guessed at: ${title}`, () => {
    assert.deepEqual(decode(value), { ok: false, problem })
    assert.throws(() => readRecord(JSON.stringify(value), gateway), { code: 'CREDENTIALS_UNAVAILABLE' })
  })
}

test('every cut and every flipped bit of a text is either refused or read as a whole record, never thrown at', () => {
  const text = encodeRecord(EMPTY_DOCUMENT, documentOf(good).record, gateway)
  for (let end = 0; end < text.length - 2; end += 1) {
    assert.deepEqual(decodeRecord(text.slice(0, end), gateway), { ok: false, problem: 'not-json' })
  }
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.nat(6), (at, bit) => {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit))
      const decoded = decodeRecord(text.slice(0, at) + flipped + text.slice(at + 1), gateway)
      if (decoded.ok) assert.ok(decoded.document.record.tokens.every(({ token }) => token !== ''))
    }),
  )
})
