import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ParamsValidators } from '@breakwater/protocol/params-validators'
import { PeerRegistry } from '../../../src/connection/registry.ts'
import { silentLogger } from '../../../src/observe/logger.ts'
import { Call } from '../../../src/rpc/call.ts'
import { deviceMethods } from '../../../src/rpc/methods/devices.ts'
import { fakePeer, RecordingLink } from '../../fake-peer.ts'
import {
  ADMIN,
  deviceOf,
  MAC,
  type PairingFixture,
  pairingFixture,
  requestIdOf,
} from '../../pairing/pairing-fixture.ts'

const PHONE = deviceOf('phone')

class ClosingLink extends RecordingLink {
  closed: { code: number; reason: string } | undefined

  override close(code: number, reason: string): void {
    this.closed = { code, reason }
  }
}

/** The device methods over a plane of their own, and connections that may be closed by them. */
function methodsOver(fixture: PairingFixture) {
  const peers = new PeerRegistry()
  const methods = new Map(
    deviceMethods({ pairing: fixture.plane, devicePeers: (id) => peers.ofDevice(id) }).map((method) => [
      method.name,
      method,
    ]),
  )
  const admin = fakePeer({ scopes: ['operator.admin'] })
  const call = async (name: string, params: object = {}, peer = admin): Promise<Record<string, unknown>> => {
    const validators = new ParamsValidators()
    await validators.load(name)
    assert.equal(validators.check(name, params), undefined)
    const method = methods.get(name)
    assert.ok(method)
    return (await method.handler(params as never, new Call(peer, 'r', silentLogger))) as Record<string, unknown>
  }
  const connect = (role: 'operator' | 'node', more: Parameters<typeof fakePeer>[0] = {}) => {
    const link = new ClosingLink()
    const peer = fakePeer({ role, deviceId: PHONE.deviceId, client: MAC, ...more }, link)
    peers.add(peer)
    return { peer, link }
  }
  return { call, connect, methods }
}

async function paired(roles: readonly ('operator' | 'node')[] = ['operator']) {
  const fixture = pairingFixture()
  for (const role of roles) {
    const asked = role === 'node' ? await fixture.admit({ role, client: MAC, scopes: [] }) : await fixture.admit()
    await fixture.plane.decisions.approve(requestIdOf(asked), ADMIN)
  }
  return { fixture, ...methodsOver(fixture) }
}

const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => assert.fail('was answered'),
    (thrown: { shape: { code: string; message: string; details: Record<string, unknown> } }) => thrown.shape,
  )

const closedOf = (...connections: readonly { readonly link: ClosingLink }[]) =>
  connections.map(({ link }) => link.closed)

/** Closing happens behind the answer. */
const afterTheAnswer = () => new Promise((resolve) => setImmediate(resolve))

describe('device.pair.*', () => {
  test('approve answers with the device as it is now, without secrets', async () => {
    const fixture = pairingFixture()
    const { call } = methodsOver(fixture)
    const requestId = requestIdOf(await fixture.admit())
    const answer = await call('device.pair.approve', { requestId })
    const atMs = fixture.clock.nowMs()
    assert.deepEqual(answer, {
      requestId,
      device: {
        ...PHONE,
        displayName: 'desk',
        platform: 'macOS 15.3.1',
        deviceFamily: 'Mac',
        clientId: 'openclaw-macos',
        clientMode: 'ui',
        remoteIp: '203.0.113.7',
        approvedVia: 'owner',
        createdAtMs: atMs,
        approvedAtMs: atMs,
        role: 'operator',
        roles: ['operator'],
        scopes: ['operator.read'],
        tokens: [{ role: 'operator', scopes: ['operator.read'], createdAtMs: atMs }],
      },
    })
  })

  test('reject, rename and remove answer in the wire shape', async () => {
    const { fixture, call } = await paired()
    const requestId = requestIdOf(await fixture.admit({ name: 'other' }))
    assert.deepEqual(await call('device.pair.reject', { requestId }), {
      requestId,
      deviceId: deviceOf('other').deviceId,
    })
    const label = 'my phone'
    assert.deepEqual(await call('device.pair.rename', { deviceId: PHONE.deviceId, label }), {
      deviceId: PHONE.deviceId,
      label,
    })
    assert.deepEqual(await call('device.pair.remove', { deviceId: PHONE.deviceId }), { deviceId: PHONE.deviceId })
    assert.deepEqual(await call('device.pair.list'), { pending: [], paired: [] })
  })

  test('remove closes every connection of the device behind the answer, and no other', async () => {
    const { call, connect } = await paired(['operator', 'node'])
    const own = [connect('operator'), connect('node')]
    const other = connect('operator', { deviceId: 'other' })
    const answer = call('device.pair.remove', { deviceId: PHONE.deviceId })
    await answer
    assert.deepEqual(
      own.map(({ link }) => link.closed),
      [undefined, undefined],
    )
    await afterTheAnswer()
    const closed = { code: 4001, reason: 'device removed' }
    assert.deepEqual(
      own.map(({ link }) => link.closed),
      [closed, closed],
    )
    assert.equal(other.link.closed, undefined)
  })

  test('refuse with a reason for programs, words for people and the next command', async () => {
    const { fixture, call } = await paired()
    const requestId = requestIdOf(await fixture.admit({ name: 'other' }))
    const pairingOnly = fakePeer({ scopes: ['operator.pairing'] })
    const missing = await refusalOf(call('device.pair.approve', { requestId }, pairingOnly))
    assert.equal(missing.code, 'INVALID_REQUEST')
    assert.equal(missing.message, 'missing scope: operator.read')
    assert.deepEqual([missing.details.reason, missing.details.missingScope], ['missing-scope', 'operator.read'])
    assert.equal(typeof missing.details.nextCommand, 'string')
    const self = fakePeer({ scopes: ['operator.pairing'], deviceId: PHONE.deviceId, callerDeviceId: PHONE.deviceId })
    const messages = await Promise.all([
      refusalOf(call('device.pair.approve', { requestId }, self)),
      refusalOf(call('device.pair.reject', { requestId }, self)),
      refusalOf(call('device.pair.remove', { deviceId: deviceOf('other').deviceId }, self)),
      refusalOf(call('device.token.rotate', { deviceId: 'nobody', role: 'operator' })),
      refusalOf(call('device.token.revoke', { deviceId: PHONE.deviceId, role: 'node' })),
      refusalOf(call('device.pair.approve', { requestId: 'nope' })),
      refusalOf(call('device.pair.remove', { deviceId: 'nope' })),
    ])
    assert.deepEqual(
      messages.map(({ message }) => message),
      [
        'device pairing approval denied',
        'device pairing rejection denied',
        'device pairing removal denied',
        'device token rotation denied',
        'device token revocation denied',
        'unknown requestId',
        'unknown deviceId',
      ],
    )
    const node = requestIdOf(await fixture.admitNode({ name: 'n', scopes: ['operator.read'] }))
    assert.equal(
      (await refusalOf(call('device.pair.approve', { requestId: node }))).message,
      'invalid scope for requested roles: operator.read',
    )
  })

  test('list shows a session of a device token only its own device', async () => {
    const { fixture, call } = await paired()
    await fixture.admit({ name: 'other' })
    const self = fakePeer({ scopes: ['operator.pairing'], deviceId: PHONE.deviceId, callerDeviceId: PHONE.deviceId })
    const { pending, paired: devices } = (await call('device.pair.list', {}, self)) as Record<string, unknown[]>
    assert.deepEqual([pending?.length, devices?.length], [0, 1])
  })

  test('setupCode answers what a phone needs, and setupStatus what became of it', async () => {
    const { call } = await paired()
    const issued = await call('device.pair.setupCode', { bootstrapProfile: 'limited', includeQr: false })
    assert.deepEqual(Object.keys(issued).sort(), [
      'access',
      'auth',
      'expiresAtMs',
      'gatewayUrl',
      'setupCode',
      'setupId',
      'urlSource',
    ])
    assert.deepEqual(await call('device.pair.setupStatus', { setupId: issued.setupId }), {})
  })

  test('setupCode says what to do where no other machine could use it', async () => {
    const { fixture, call } = await paired()
    fixture.settings.address = { ...fixture.settings.address, bind: 'loopback' }
    const refusal = await refusalOf(call('device.pair.setupCode'))
    assert.match(refusal.message, /loopback only/)
    assert.deepEqual(
      [refusal.details.reason, refusal.details.nextCommand],
      ['loopback-only', 'breakwater config set gateway.bind lan'],
    )
  })
})

describe('device.token.*', () => {
  test('rotate closes the connections of that role behind the answer, the caller included', async () => {
    const { fixture, call, connect } = await paired(['operator', 'node'])
    const self = connect('operator', { scopes: ['operator.pairing'], callerDeviceId: PHONE.deviceId })
    const node = connect('node')
    const rotated = await call('device.token.rotate', { deviceId: PHONE.deviceId, role: 'operator' }, self.peer)
    const generation = fixture.store.devices.get(PHONE.deviceId)?.tokens.operator?.generation ?? 0
    assert.deepEqual(rotated, {
      deviceId: PHONE.deviceId,
      role: 'operator',
      scopes: ['operator.read'],
      rotatedAtMs: fixture.clock.nowMs(),
      tokenDelivery: 'in-band',
      token: fixture.tokens.derive(PHONE.deviceId, 'operator', generation),
    })
    assert.deepEqual(closedOf(self), [undefined])
    await afterTheAnswer()
    assert.deepEqual(closedOf(self, node), [{ code: 4001, reason: 'device removed' }, undefined])
  })

  test('rotate for another device tells no token', async () => {
    const { call } = await paired()
    const rotated = await call('device.token.rotate', { deviceId: PHONE.deviceId, role: 'operator' })
    assert.deepEqual([rotated.tokenDelivery, 'token' in rotated], ['withheld-cross-device', false])
  })

  test('revoke closes the connections of that role', async () => {
    const { fixture, call, connect } = await paired()
    const { link } = connect('operator')
    const revoked = await call('device.token.revoke', { deviceId: PHONE.deviceId, role: 'operator' })
    assert.deepEqual(revoked, { deviceId: PHONE.deviceId, role: 'operator', revokedAtMs: fixture.clock.nowMs() })
    await afterTheAnswer()
    assert.deepEqual(link.closed, { code: 4001, reason: 'device removed' })
  })
})

describe('device.scopes.*', () => {
  test('a session asks, waits as long as it takes, and is told its new token', async () => {
    const { fixture, call, connect, methods } = await paired()
    const { peer, link } = connect('operator')
    const { requestId } = await call(
      'device.scopes.requestUpgrade',
      { scopes: ['operator.read', 'operator.admin'] },
      peer,
    )
    const waiting = call('device.scopes.waitUpgrade', { requestId }, peer)
    await call('device.pair.approve', { requestId })
    const { status, scopes, deviceToken } = await waiting
    assert.deepEqual([status, scopes, typeof deviceToken], ['approved', ['operator.read', 'operator.admin'], 'string'])
    await afterTheAnswer()
    assert.equal(link.closed, undefined, 'the session goes on')
    assert.deepEqual(peer.identity.scopes, ['operator.read'])
    assert.equal(methods.get('device.scopes.waitUpgrade')?.deadlineMs, 0)
    assert.equal(fixture.plane.waits.waitingCount, 0)
  })
})
