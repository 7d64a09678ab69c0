import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeSetupCode } from '@breakwater/protocol'
import { OWNER } from '../../src/pairing/approver.ts'
import type { SetupHandoff } from '../../src/pairing/device-admission.ts'
import type { SetupCodeWish } from '../../src/pairing/setup-code-desk.ts'
import { bootstrapDigest, SETUP_CODE_RULES } from '../../src/pairing/setup-codes.ts'
import {
  ADMIN,
  type CandidateChanges,
  deviceOf,
  LAN_TLS,
  NODE_HOST,
  type PairingFixture,
  pairingFixture,
} from './pairing-fixture.ts'

const PHONE = deviceOf('phone')
const LIMITED = ['operator.approvals', 'operator.questions', 'operator.read', 'operator.talk.secrets', 'operator.write']

async function issue(fixture: PairingFixture, wish: SetupCodeWish = {}) {
  const outcome = await fixture.plane.setupCodes.issue(wish, ADMIN)
  assert.ok(outcome.ok, JSON.stringify(outcome))
  const decoded = decodeSetupCode(outcome.value.setupCode, fixture.clock.nowMs())
  assert.ok(decoded.ok)
  return { ...outcome.value, payload: decoded.payload, token: decoded.payload.bootstrapToken }
}

const present = (fixture: PairingFixture, token: string, name = 'phone', role: 'node' | 'operator' = 'node') =>
  fixture.plane.setupCodes.present(token, { ...deviceOf(name), role })

const faultOf = (fixture: PairingFixture, token: string, name?: string, role?: 'node' | 'operator') => {
  const presented = present(fixture, token, name, role)
  return presented.ok ? 'none' : presented.fault
}

/** Redeems as admission does: present, then admit with the code. */
async function redeem(
  fixture: PairingFixture,
  token: string,
  changes: CandidateChanges = {},
): Promise<SetupHandoff | undefined> {
  const role = changes.role ?? 'node'
  const presented = present(fixture, token, changes.name, role)
  if (!presented.ok) return undefined
  const client = role === 'node' ? { client: NODE_HOST } : {}
  const admitted = await fixture.admit({
    role,
    ...client,
    method: 'bootstrap-token',
    setupCode: presented.code,
    ...changes,
  })
  return admitted.kind === 'admitted' ? admitted.handoff : undefined
}

const setupEvents = ({ events }: PairingFixture) =>
  events
    .filter(({ event }) => event.startsWith('device.pair.setup.'))
    .map(({ event, payload }) => [event.slice(18), payload])

describe('issuing', () => {
  test('makes a code for ten minutes that grants everything over an encrypted address', async () => {
    const fixture = pairingFixture()
    const { payload, setupCode: _, token, ...answer } = await issue(fixture)
    const expiresAtMs = fixture.clock.nowMs() + SETUP_CODE_RULES.ttlMs
    assert.deepEqual(answer, {
      setupId: 'id-1',
      expiresAtMs,
      gatewayUrl: 'wss://192.168.1.20:18789',
      auth: 'token',
      urlSource: 'gateway.bind=lan',
      access: 'full',
    })
    assert.deepEqual(payload, {
      url: 'wss://192.168.1.20:18789',
      bootstrapToken: token,
      expiresAtMs,
      tlsFingerprint: 'ab'.repeat(32),
    })
    assert.match(token, /^[A-Za-z0-9_-]{43}$/)
  })

  test('keeps the digest of the token and nothing else of it', async () => {
    const fixture = pairingFixture()
    const { token, setupId } = await issue(fixture)
    const stored = JSON.stringify([...fixture.store.setupCodes.values()])
    assert.ok(!stored.includes(token))
    assert.ok(stored.includes(bootstrapDigest(token)))
    const { entries } = await fixture.store.audit.list()
    assert.ok(!JSON.stringify(entries).includes(token))
    assert.deepEqual(
      entries.map(({ action, subject, actor }) => [action, subject, actor]),
      [['setup-code.issued', setupId, { kind: 'shared-secret' }]],
    )
  })

  test('grants less over a network that others can hear', async () => {
    const fixture = pairingFixture()
    fixture.settings.address = { ...LAN_TLS, isTls: false, lanAddresses: ['10.0.0.5', '10.0.0.6'] }
    const { access, accessDowngraded, gatewayUrls } = await issue(fixture)
    assert.deepEqual(
      [access, accessDowngraded, gatewayUrls],
      ['limited', true, ['ws://10.0.0.5:18789', 'ws://10.0.0.6:18789']],
    )
    assert.deepEqual([...fixture.store.setupCodes.values()][0]?.scopes, LIMITED)
  })

  test('makes the profile that is wished for', async () => {
    const fixture = pairingFixture()
    assert.equal((await issue(fixture, { bootstrapProfile: 'limited' })).access, 'limited')
    assert.equal((await issue(fixture, { bootstrapProfile: 'node' })).access, 'node')
    const recorded = [...fixture.store.setupCodes.values()].map(({ roles, scopes }) => [roles, scopes])
    assert.deepEqual(recorded, [
      [['node', 'operator'], LIMITED],
      [['node'], []],
    ])
  })

  test('is refused where a code would be useless or unsafe, and when too many are open', async () => {
    const fixture = pairingFixture()
    const refusal = async (wish: SetupCodeWish = {}) => {
      const outcome = await fixture.plane.setupCodes.issue(wish, OWNER)
      return outcome.ok ? 'none' : outcome.refusal.reason
    }
    fixture.settings.address = { ...LAN_TLS, bind: 'loopback' }
    assert.equal(await refusal(), 'loopback-only')
    assert.equal(await refusal({ publicUrl: 'http://gw.example.com' }), 'insecure-url')
    assert.equal(await refusal({ publicUrl: 'wss://gw.example.com' }), 'none')
    fixture.settings.auth = { mode: 'none' }
    assert.equal(await refusal({ publicUrl: 'wss://gw.example.com' }), 'auth-none')
    fixture.settings.auth = { mode: 'password', password: 'x' }
    for (let open = 1; open < SETUP_CODE_RULES.maxOpen; open += 1) {
      assert.equal(await refusal({ publicUrl: 'wss://gw.example.com' }), 'none')
    }
    assert.equal(await refusal({ publicUrl: 'wss://gw.example.com' }), 'too-many-codes')
    fixture.clock.advance(SETUP_CODE_RULES.ttlMs)
    assert.equal(await refusal({ publicUrl: 'wss://gw.example.com' }), 'none')
    assert.equal(fixture.store.setupCodes.size, 1)
  })

  test('draws the code when it can and nobody minds', async () => {
    const fixture = pairingFixture({}, { drawQr: async (text) => `drawn:${text.length}` })
    assert.match((await issue(fixture)).qrDataUrl ?? '', /^drawn:\d+$/)
    assert.equal((await issue(fixture, { includeQr: false })).qrDataUrl, undefined)
  })
})

describe('redeeming', () => {
  test('pairs a node with the roles and scopes of the code, on disk with its audit', async () => {
    const fixture = pairingFixture()
    const { token, setupId } = await issue(fixture, { bootstrapProfile: 'limited' })
    const handoff = await redeem(fixture, token)
    assert.deepEqual([handoff?.roles, handoff?.scopes], [['node', 'operator'], LIMITED])
    const record = fixture.store.devices.get(PHONE.deviceId)
    assert.deepEqual(
      [record?.roles, record?.approvedScopes, record?.approvedVia, record?.clientId],
      [['node', 'operator'], LIMITED, 'bootstrap', 'node-host'],
    )
    const { entries } = await fixture.store.audit.list()
    assert.deepEqual(
      entries.map(({ action, subject, actor }) => [action, subject, actor.kind]),
      [
        ['device.approved', PHONE.deviceId, 'setup-code'],
        ['setup-code.redeemed', setupId, 'setup-code'],
        ['setup-code.issued', setupId, 'shared-secret'],
      ],
    )
  })

  test('works as operator just as well, and for any client', async () => {
    const fixture = pairingFixture()
    const { token } = await issue(fixture)
    const handoff = await redeem(fixture, token, { role: 'operator', scopes: ['operator.admin'] })
    assert.ok(handoff)
    assert.deepEqual(fixture.store.devices.get(PHONE.deviceId)?.roles, ['node', 'operator'])
  })

  test('does not give a role the code does not name', async () => {
    const fixture = pairingFixture()
    const { token } = await issue(fixture, { bootstrapProfile: 'node' })
    assert.equal(faultOf(fixture, token, 'phone', 'operator'), 'other-role')
    assert.equal(faultOf(fixture, token), 'none')
  })

  test('is over once the hello is out: the same code is refused to everybody', async () => {
    const fixture = pairingFixture()
    const { token, setupId } = await issue(fixture)
    const handoff = await redeem(fixture, token)
    fixture.clock.advance(50)
    await handoff?.settle(true)
    assert.deepEqual([faultOf(fixture, token), faultOf(fixture, token, 'other')], ['used', 'bound'])
    const completion = {
      setupId,
      deviceId: PHONE.deviceId,
      deviceName: 'shed',
      access: 'full',
      ts: fixture.clock.nowMs(),
    }
    assert.deepEqual(setupEvents(fixture), [['completed', completion]])
    assert.deepEqual(fixture.plane.setupCodes.status(setupId), { completion })
    fixture.clock.advance(SETUP_CODE_RULES.outcomeMs)
    assert.deepEqual(fixture.plane.setupCodes.status(setupId), {})
    await fixture.plane.sweep()
    assert.equal(fixture.store.setupCodes.size, 0)
  })

  test('belongs to the first device from the moment it verified', async () => {
    const fixture = pairingFixture()
    const { token } = await issue(fixture)
    await redeem(fixture, token)
    assert.deepEqual([faultOf(fixture, token, 'other'), faultOf(fixture, token)], ['bound', 'none'])
  })

  test('by two devices at once lets one of them in', async () => {
    const fixture = pairingFixture()
    const { token } = await issue(fixture)
    const handoffs = await Promise.all(['a', 'b', 'c'].map((name) => redeem(fixture, token, { name })))
    assert.equal(handoffs.filter((handoff) => handoff !== undefined).length, 1)
    assert.equal(fixture.store.devices.size, 1)
  })

  test('whose hello could not be written stays open for that device alone, until it expires', async () => {
    const fixture = pairingFixture()
    const { token, setupId } = await issue(fixture)
    const lost = await redeem(fixture, token)
    await lost?.settle(false)
    const ts = fixture.clock.nowMs()
    const doubt = { setupId, deviceId: PHONE.deviceId, deviceName: 'shed', access: 'full', ts }
    assert.deepEqual(setupEvents(fixture), [['deliveryUncertain', doubt]])
    assert.deepEqual(fixture.plane.setupCodes.status(setupId), { deliveryUncertain: doubt })
    assert.equal(faultOf(fixture, token, 'other'), 'bound')
    const again = await redeem(fixture, token)
    assert.ok(again)
    await again.settle(true)
    assert.equal(faultOf(fixture, token), 'used')
    assert.ok('completion' in fixture.plane.setupCodes.status(setupId))
    await lost?.settle(false)
    assert.ok('completion' in fixture.plane.setupCodes.status(setupId), 'late doubts do not undo a completion')
  })

  test('after ten minutes is refused', async () => {
    const fixture = pairingFixture()
    const { token } = await issue(fixture)
    fixture.clock.advance(SETUP_CODE_RULES.ttlMs - 1)
    assert.equal(faultOf(fixture, token), 'none')
    fixture.clock.advance(1)
    assert.equal(faultOf(fixture, token), 'expired')
  })

  test('adds to what a known device had', async () => {
    const fixture = pairingFixture()
    const asked = await fixture.admit({ scopes: ['operator.pairing'], client: { ...NODE_HOST, mode: 'ui' } })
    assert.ok(asked.kind === 'required')
    await fixture.plane.decisions.approve(asked.request.requestId, ADMIN)
    const { token } = await issue(fixture, { bootstrapProfile: 'node' })
    await redeem(fixture, token)
    const record = fixture.store.devices.get(PHONE.deviceId)
    assert.deepEqual(
      [record?.roles, record?.approvedScopes, record?.approvedVia],
      [['operator', 'node'], ['operator.pairing'], 'owner'],
    )
  })

  test('is over when a request of its device is rejected or the device is removed', async () => {
    const fixture = pairingFixture()
    const first = await issue(fixture)
    await redeem(fixture, first.token)
    await fixture.plane.decisions.remove(PHONE.deviceId, ADMIN)
    assert.equal(faultOf(fixture, first.token), 'used')
    const second = await issue(fixture, { bootstrapProfile: 'node' })
    await redeem(fixture, second.token)
    const asked = await fixture.admit({ client: { ...NODE_HOST, mode: 'ui' } })
    assert.ok(asked.kind === 'required')
    await fixture.plane.decisions.reject(asked.request.requestId, ADMIN)
    assert.equal(faultOf(fixture, second.token), 'used')
    const { entries } = await fixture.store.audit.list({ subject: second.setupId })
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['setup-code.revoked', 'setup-code.redeemed', 'setup-code.issued'],
    )
  })
})

describe('a replay', () => {
  test('is audited, but not without end', async () => {
    const fixture = pairingFixture()
    const { token, setupId } = await issue(fixture)
    await (await redeem(fixture, token))?.settle(true)
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const presented = present(fixture, token, 'thief')
      assert.ok(!presented.ok && presented.code)
      await fixture.plane.setupCodes.auditRefusal(
        presented.code,
        presented.fault,
        { ...deviceOf('thief'), role: 'node' },
        '203.0.113.9',
      )
    }
    const { entries } = await fixture.store.audit.list({ subject: setupId })
    const refusals = entries.filter(({ action }) => action === 'setup-code.refused')
    assert.equal(refusals.length, 3)
    assert.deepEqual(refusals[0]?.details, { fault: 'bound', deviceId: deviceOf('thief').deviceId })
    assert.equal(fixture.plane.counters().setupCodesRefused, 50)
  })

  test('10,000 guesses find nothing and write nothing', async () => {
    const fixture = pairingFixture()
    await issue(fixture)
    const writes = fixture.commits()
    for (let guess = 0; guess < 10_000; guess += 1) {
      assert.equal(faultOf(fixture, Buffer.from(`${guess}`.padStart(32, '0')).toString('base64url')), 'unknown')
    }
    assert.equal(fixture.commits(), writes)
  })
})
