import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { describe, test } from 'node:test'
import { authorise } from '../../src/admission/authorise.ts'
import type { Paired } from '../../src/admission/candidate.ts'
import { DeviceTokens } from '../../src/auth/device-tokens.ts'
import type { DeviceRecord } from '../../src/store/records.ts'
import { client, GOOD_TOKEN, secretChecked } from './candidates.ts'

const DEVICE = { deviceId: 'd1', publicKey: 'key-1' }
const tokens = new DeviceTokens(Buffer.alloc(32, 7))

const record = (changes: Partial<DeviceRecord> = {}): DeviceRecord => ({
  ...DEVICE,
  roles: ['operator'],
  approvedScopes: ['operator.write'],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: { operator: { generation: 5, scopes: ['operator.write'], createdAtMs: 100 } },
  ...changes,
})

const paired = (
  scopes: readonly string[],
  changes: Partial<Paired> = {},
  headers: IncomingHttpHeaders = {},
): Paired => ({
  ...secretChecked(GOOD_TOKEN, { scopes, client: client('openclaw-macos', 'ui') }, { headers }),
  device: DEVICE,
  method: 'token',
  isOwnerProcess: false,
  record: record(),
  ...changes,
})

function granted(candidate: Paired) {
  const verdict = authorise({ tokens })(candidate)
  assert.ok(verdict.ok)
  return verdict.value
}

describe('scopes are granted', () => {
  test('as they were asked for, unknown ones and order included', () => {
    const scopes = ['operator.write', 'made-up', 'operator.read']
    assert.deepEqual(granted(paired(scopes)).grantedScopes, scopes)
  })

  test('to nobody without a device, but to the owner’s own processes', () => {
    const none = { device: undefined, record: undefined }
    assert.deepEqual(granted(paired(['operator.read'], none)).grantedScopes, [])
    assert.deepEqual(granted(paired(['operator.read'], { ...none, method: 'trusted-proxy' })).grantedScopes, [])
    assert.deepEqual(granted(paired(['operator.read'], { ...none, isOwnerProcess: true })).grantedScopes, [
      'operator.read',
    ])
  })

  test('to no node', () => {
    assert.deepEqual(granted(paired(['operator.admin'], { role: 'node' })).grantedScopes, [])
  })

  test('up to what a rule allows', () => {
    const candidate = paired(['operator.admin', 'operator.read'], { allowedScopes: ['operator.read'] })
    assert.ok(!granted(candidate).grantedScopes.includes('operator.admin'))
    assert.ok(granted(candidate).grantedScopes.includes('operator.read'))
  })

  test('up to what a proxy lets its user have; the header means nothing from anybody else', () => {
    const scopes = ['operator.read', 'operator.write']
    const cap = { 'x-openclaw-scopes': ' operator.read , other' }
    const byProxy = { method: 'trusted-proxy' } as const
    assert.deepEqual(granted(paired(scopes, byProxy, cap)).grantedScopes, ['operator.read'])
    assert.deepEqual(granted(paired(scopes, byProxy, { 'x-openclaw-scopes': '' })).grantedScopes, [])
    assert.deepEqual(granted(paired(scopes, byProxy)).grantedScopes, scopes)
    assert.deepEqual(granted(paired(scopes, {}, cap)).grantedScopes, scopes)
  })
})

describe('the device token', () => {
  test('is handed out to a connection that asks for all it carries, with the time it was made', () => {
    assert.deepEqual(granted(paired(['operator.write'])).deviceToken, {
      token: tokens.derive('d1', 'operator', 5),
      issuedAtMs: 100,
    })
    const rotated = record({
      tokens: { operator: { generation: 6, scopes: ['operator.write'], createdAtMs: 100, rotatedAtMs: 200 } },
    })
    assert.deepEqual(granted(paired(['operator.write'], { record: rotated })).deviceToken, {
      token: tokens.derive('d1', 'operator', 6),
      issuedAtMs: 200,
    })
  })

  test('is not handed out where there is none that is alive, or to another key', () => {
    const revoked = { operator: { generation: 5, scopes: [], createdAtMs: 1, revokedAtMs: 2 } }
    for (const known of [
      undefined,
      record({ tokens: {} }),
      record({ tokens: revoked }),
      record({ publicKey: 'other' }),
    ]) {
      assert.equal(granted(paired(['operator.write'], { record: known })).deviceToken, undefined)
    }
  })

  test('is not handed out to a narrower connection, whose client would note the narrower scopes beside it', () => {
    assert.equal(granted(paired(['operator.read'])).deviceToken, undefined)
  })

  test('comes with those of its other roles when a setup code was redeemed', () => {
    const both = record({
      roles: ['node', 'operator'],
      tokens: {
        node: { generation: 1, scopes: [], createdAtMs: 10 },
        operator: { generation: 2, scopes: ['operator.read'], createdAtMs: 20 },
      },
    })
    const handoff = { roles: ['node', 'operator'], scopes: [], settle: async () => {} } as const
    const { deviceToken, otherTokens } = granted(paired([], { role: 'node', record: both, handoff }))
    assert.equal(deviceToken?.token, tokens.derive('d1', 'node', 1))
    assert.deepEqual(otherTokens, [
      { token: tokens.derive('d1', 'operator', 2), issuedAtMs: 20, role: 'operator', scopes: ['operator.read'] },
    ])
  })
})
