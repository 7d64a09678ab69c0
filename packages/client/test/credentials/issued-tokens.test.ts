import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelloOk } from '@breakwater/protocol'
import { isReissuing, readHelloTokens, readReissuedToken } from '../../src/credentials/issued-tokens.ts'

const node = { deviceId: 'd1', role: 'node', isHandoff: false } as const
const read = (auth: object, over: object = {}) => readHelloTokens(auth as HelloOk['auth'], { ...node, ...over })

test('the own token belongs to the role the gateway names, else to the one that connected', () => {
  const own = { deviceToken: 't', scopes: ['operator.read'], issuedAtMs: 7 }
  assert.deepEqual(read({ ...own, role: 'operator' }).tokens, [
    { deviceId: 'd1', role: 'operator', token: 't', scopes: ['operator.read'], issuedAtMs: 7 },
  ])
  assert.equal(read(own).tokens[0]?.role, 'node')
  assert.equal(read({ ...own, role: 'worker' }).tokens[0]?.role, 'node')
  assert.deepEqual(read({ role: 'node', scopes: [] }), { tokens: [], isMalformed: false })
})

test('tokens of other roles are taken only from a hand-off, each for its role', () => {
  const auth = {
    role: 'node',
    scopes: [],
    deviceToken: 'n',
    deviceTokens: [
      { role: 'operator', deviceToken: 'o', scopes: ['operator.read'], issuedAtMs: 3 },
      { role: 'node', deviceToken: 'another for the same role', scopes: [] },
      { role: 'worker', deviceToken: 'w', scopes: [] },
    ],
  }
  assert.deepEqual(
    read(auth).tokens.map(({ token }) => token),
    ['n'],
  )
  assert.deepEqual(read(auth, { isHandoff: true }), {
    tokens: [
      { deviceId: 'd1', role: 'node', token: 'n', scopes: [] },
      { deviceId: 'd1', role: 'operator', token: 'o', scopes: ['operator.read'], issuedAtMs: 3 },
    ],
    isMalformed: false,
  })
})

test('what is no token is left out and said so; the good ones are taken all the same', () => {
  const malformed = [
    { deviceToken: 7 },
    { deviceToken: ' ' },
    { deviceToken: 'x'.repeat(4_097) },
    { deviceToken: 't', scopes: 'operator.read' },
    { deviceToken: 't', scopes: [1] },
    { deviceToken: 't', scopes: ['x'.repeat(257)] },
    { deviceToken: 't', scopes: Array.from({ length: 257 }, () => 's') },
  ]
  const good = { role: 'operator', deviceToken: 'o', scopes: [] }
  for (const bad of malformed) {
    const { tokens, isMalformed } = read({ scopes: [], ...bad, deviceTokens: [good] }, { isHandoff: true })
    assert.deepEqual([tokens.map(({ token }) => token), isMalformed], [['o'], true], JSON.stringify(bad).slice(0, 60))
  }
  assert.deepEqual(read({ deviceTokens: 'x' }, { isHandoff: true }), { tokens: [], isMalformed: false })
  assert.equal(read({ deviceToken: 't', scopes: [], issuedAtMs: 'soon' }).tokens[0]?.issuedAtMs, undefined)
})

test('a rotation is read for this device, in the role the gateway names', () => {
  const rotation = {
    deviceId: 'd1',
    role: 'operator',
    scopes: ['operator.read'],
    rotatedAtMs: 9,
    tokenDelivery: 'in-band',
    token: 'new',
  }
  const rotated = (over: object) => readReissuedToken('device.token.rotate', { ...rotation, ...over }, node)
  assert.deepEqual(rotated({}), {
    deviceId: 'd1',
    role: 'operator',
    token: 'new',
    scopes: ['operator.read'],
    issuedAtMs: 9,
  })
  assert.equal(rotated({ deviceId: 'd2' }), undefined)
  assert.equal(rotated({ token: undefined, tokenDelivery: 'withheld-cross-device' }), undefined)
  assert.equal(rotated({ token: '' }), undefined)
})

test('an approved scope upgrade carries the token of the role that waited for it', () => {
  const operator = { deviceId: 'd1', role: 'operator' } as const
  const upgrade = { status: 'approved', requestId: 'r', deviceToken: 'new', scopes: ['operator.write'] }
  const read = (payload: unknown) => readReissuedToken('device.scopes.waitUpgrade', payload, operator)
  assert.deepEqual(read(upgrade), { ...operator, token: 'new', scopes: ['operator.write'] })
  for (const payload of [{ ...upgrade, status: 'rejected' }, { status: 'approved' }, null, 'x']) {
    assert.equal(read(payload), undefined)
  }
})

test('no other method hands out tokens', () => {
  assert.deepEqual(
    [
      'device.token.rotate',
      'device.scopes.waitUpgrade',
      'device.token.revoke',
      'health',
      '__proto__',
      'constructor',
    ].filter(isReissuing),
    ['device.token.rotate', 'device.scopes.waitUpgrade'],
  )
  assert.equal(readReissuedToken('health', { deviceId: 'd1', token: 'x', scopes: [] }, node), undefined)
})
