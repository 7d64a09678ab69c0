import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { GatewayRecord, IssuedToken, RecordChange } from '../../src/credentials/credential-store.ts'
import { applyChanges, EMPTY_RECORD, findToken } from '../../src/credentials/gateway-record.ts'

const issue = (token: string, over: Partial<IssuedToken> = {}): IssuedToken => ({
  deviceId: 'd1',
  role: 'operator',
  token,
  scopes: ['operator.read'],
  ...over,
})
const keep = (issued: IssuedToken, known?: string): RecordChange => ({ type: 'keep-token', issued, known })
const recordOf = (...tokens: IssuedToken[]): GatewayRecord => ({ tokens })
const tokenOf = (record: GatewayRecord, over: Partial<IssuedToken> = {}) => findToken(record, issue('', over))?.token

test('there is one token for each role of a device, and a new one replaces it', () => {
  const record = applyChanges(EMPTY_RECORD, [
    keep(issue('a')),
    keep(issue('b', { role: 'node', scopes: [] })),
    keep(issue('c', { deviceId: 'd2' })),
    keep(issue('a2', { scopes: ['operator.write'] }), 'a'),
  ])
  assert.equal(record.tokens.length, 3)
  assert.deepEqual(findToken(record, issue('')), issue('a2', { scopes: ['operator.write'] }))
  assert.equal(tokenOf(record, { role: 'node' }), 'b')
  assert.equal(tokenOf(record, { deviceId: 'd2' }), 'c')
})

test('the same token again changes nothing, whatever scopes and time come with it', () => {
  const record = recordOf(issue('a', { scopes: ['operator.read', 'operator.write'], issuedAtMs: 5 }))
  for (const scopes of [[], ['operator.read'], ['operator.admin']]) {
    assert.equal(applyChanges(record, [keep(issue('a', { scopes, issuedAtMs: 9 }))]), record)
  }
})

test('of two that store at once the older token and the one that is no news give way', () => {
  const faster = recordOf(issue('new', { issuedAtMs: 200 }))
  assert.equal(applyChanges(faster, [keep(issue('old'), 'old')]), faster, 'no news')
  assert.equal(applyChanges(faster, [keep(issue('between', { issuedAtMs: 150 }), 'old')]), faster, 'older')
  assert.equal(tokenOf(applyChanges(faster, [keep(issue('newest', { issuedAtMs: 250 }), 'old')])), 'newest')
  assert.equal(tokenOf(applyChanges(faster, [keep(issue('undated'), 'old')])), 'undated')
})

test('a successor of the token we knew is kept even when the clock of the gateway was set back', () => {
  const record = recordOf(issue('a', { issuedAtMs: 2_000_000 }))
  assert.equal(tokenOf(applyChanges(record, [keep(issue('b', { issuedAtMs: 1 }), 'a')])), 'b')
})

test('only the token that was refused is forgotten', () => {
  const record = recordOf(issue('a'), issue('b', { role: 'node' }))
  const forget = (token: string): RecordChange => ({ type: 'forget-token', deviceId: 'd1', role: 'operator', token })
  assert.equal(applyChanges(record, [forget('replaced meanwhile')]), record)
  assert.deepEqual(applyChanges(record, [forget('a')]), recordOf(issue('b', { role: 'node' })))
})

test('a setup token goes only when every token it bought is there', () => {
  const bootstrap = { token: 'code', role: 'node', isPreferred: true } as const
  const bought = [issue('n', { role: 'node' }), issue('o')]
  const clear = (token: string, of = bought): RecordChange => ({ type: 'clear-bootstrap', token, bought: of })
  const half = applyChanges(EMPTY_RECORD, [{ type: 'keep-bootstrap', bootstrap }, keep(issue('n', { role: 'node' }))])
  assert.equal(applyChanges(half, [clear('code')]), half)
  assert.equal(applyChanges(half, [clear('code', [])]), half, 'it bought nothing')
  const whole = applyChanges(half, [keep(issue('o'))])
  assert.equal(applyChanges(whole, [clear('another')]), whole)
  assert.deepEqual(applyChanges(whole, [clear('code')]), { tokens: whole.tokens })
  const other = applyChanges(half, [keep(issue('not what was bought'))])
  assert.equal(applyChanges(other, [clear('code')]), other)
})

test('a setup token that was answered no longer goes first; a new one does', () => {
  const bootstrap = { token: 'code', role: 'node', isPreferred: true } as const
  const record = applyChanges(EMPTY_RECORD, [{ type: 'keep-bootstrap', bootstrap }])
  assert.equal(applyChanges(record, [{ type: 'keep-bootstrap', bootstrap: { ...bootstrap } }]), record)
  assert.equal(applyChanges(record, [{ type: 'demote-bootstrap', token: 'another' }]), record)
  const demoted = applyChanges(record, [{ type: 'demote-bootstrap', token: 'code' }])
  assert.deepEqual(demoted.bootstrap, { ...bootstrap, isPreferred: false })
  assert.equal(applyChanges(demoted, [{ type: 'demote-bootstrap', token: 'code' }]), demoted)
  assert.deepEqual(applyChanges(demoted, [{ type: 'keep-bootstrap', bootstrap }]).bootstrap, bootstrap)
})

const anyToken = fc.record({
  deviceId: fc.constantFrom('d1', 'd2'),
  role: fc.constantFrom('operator' as const, 'node' as const),
  token: fc.constantFrom('a', 'b', 'c'),
  scopes: fc.subarray(['operator.read', 'operator.write', 'operator.admin']),
})
const anyChange: fc.Arbitrary<RecordChange> = fc.oneof(
  fc.record({
    type: fc.constant('keep-token' as const),
    issued: anyToken,
    known: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  }),
  anyToken.map(({ deviceId, role, token }) => ({ type: 'forget-token' as const, deviceId, role, token })),
  fc.record({
    type: fc.constant('keep-bootstrap' as const),
    bootstrap: fc.record({
      token: fc.constantFrom('x', 'y'),
      role: fc.constantFrom('operator' as const, 'node' as const),
      isPreferred: fc.boolean(),
    }),
  }),
  fc.record({ type: fc.constant('demote-bootstrap' as const), token: fc.constantFrom('x', 'y') }),
  fc.record({
    type: fc.constant('clear-bootstrap' as const),
    token: fc.constantFrom('x', 'y'),
    bought: fc.array(anyToken, { maxLength: 3 }),
  }),
)

test('whatever happens: one token per key, nothing of other keys touched, no setup token lost unproven', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 30 }), (changes) => {
      let record = EMPTY_RECORD
      for (const change of changes) {
        const before = record
        record = applyChanges(before, [change])
        const keys = record.tokens.map(({ deviceId, role }) => `${deviceId} ${role}`)
        assert.equal(new Set(keys).size, keys.length)
        const own = change.type === 'keep-token' ? change.issued : change.type === 'forget-token' ? change : undefined
        for (const token of before.tokens) {
          const isOwn = own !== undefined && token.deviceId === own.deviceId && token.role === own.role
          if (!isOwn) assert.equal(findToken(record, token), token)
        }
        if (before.bootstrap !== undefined && record.bootstrap === undefined) {
          assert.ok(change.type === 'clear-bootstrap' && change.bought.length > 0)
          for (const token of change.bought) assert.equal(findToken(record, token)?.token, token.token)
        }
      }
    }),
  )
})
