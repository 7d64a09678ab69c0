import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PeerIdentity } from '../../src/connection/peer.ts'
import { PAIR_REQUEST_LIMITS } from '../../src/pairing/pairing-requests.ts'
import { fakePeer } from '../fake-peer.ts'
import { ADMIN, deviceOf, MAC, type PairingFixture, pairingFixture } from './pairing-fixture.ts'

const PHONE = deviceOf('phone')
const NEVER = new AbortController().signal

async function paired(): Promise<PairingFixture> {
  const fixture = pairingFixture()
  const asked = await fixture.admit()
  assert.ok(asked.kind === 'required')
  await fixture.plane.decisions.approve(asked.request.requestId, ADMIN)
  return fixture
}

const session = (changes: Partial<PeerIdentity> = {}) =>
  fakePeer({
    deviceId: PHONE.deviceId,
    client: MAC,
    locality: { kind: 'remote', clientAddress: '203.0.113.7' },
    ...changes,
  })

async function request(fixture: PairingFixture, scopes: readonly string[], peer = session()): Promise<string> {
  const outcome = await fixture.plane.upgrades.request(peer, scopes)
  return outcome.ok ? outcome.value.requestId : outcome.refusal.reason
}

describe('a session that asks for more', () => {
  test('gets a pairing request, waits, and is told the token that carries it', async () => {
    const fixture = await paired()
    const wider = ['operator.read', 'operator.admin']
    const requestId = await request(fixture, wider)
    const [pending] = fixture.plane.list(ADMIN).pending as { requestId: string; isRepair: boolean }[]
    assert.deepEqual([pending?.requestId, pending?.isRepair], [requestId, true])
    const wait = fixture.plane.upgrades.wait(session(), requestId, NEVER)
    await fixture.plane.decisions.approve(requestId, ADMIN)
    const result = await wait
    const generation = fixture.store.devices.get(PHONE.deviceId)?.tokens.operator?.generation ?? 0
    assert.deepEqual(result, {
      ok: true,
      value: {
        status: 'approved',
        requestId,
        deviceToken: fixture.tokens.derive(PHONE.deviceId, 'operator', generation),
        scopes: wider,
      },
    })
    assert.deepEqual(await fixture.plane.upgrades.wait(session(), requestId, NEVER), result, 'also when asked late')
  })

  test('is told of a rejection and of an expiry', async () => {
    const fixture = await paired()
    const rejected = await request(fixture, ['operator.admin'])
    const first = fixture.plane.upgrades.wait(session(), rejected, NEVER)
    await fixture.plane.decisions.reject(rejected, ADMIN)
    assert.deepEqual(await first, { ok: true, value: { status: 'rejected', requestId: rejected } })
    const expired = await request(fixture, ['operator.admin'])
    const second = fixture.plane.upgrades.wait(session(), expired, NEVER)
    fixture.clock.advance(PAIR_REQUEST_LIMITS.ttlMs)
    await fixture.plane.sweep()
    assert.deepEqual(await second, { ok: true, value: { status: 'expired', requestId: expired } })
  })

  test('asking again for the same has the same id', async () => {
    const fixture = await paired()
    const id = await request(fixture, ['operator.read', 'operator.admin'])
    assert.equal(await request(fixture, ['operator.admin']), id)
    const connecting = await fixture.admit({ scopes: ['operator.admin'] })
    assert.equal(connecting.kind === 'required' && connecting.request.requestId, id, 'and so has its next connect')
  })

  test('for what its device has already is answered at once', async () => {
    const fixture = await paired()
    const writes = fixture.commits()
    const requestId = await request(fixture, ['operator.read'])
    assert.equal(fixture.commits(), writes)
    const result = await fixture.plane.upgrades.wait(session(), requestId, NEVER)
    assert.deepEqual(result?.ok && [result.value.status, 'scopes' in result.value && result.value.scopes], [
      'approved',
      ['operator.read'],
    ])
  })

  test('must be a paired operator and name the scopes it has', async () => {
    const fixture = await paired()
    const { deviceId: _, ...anonymous } = session().identity
    assert.equal(await request(fixture, ['operator.admin'], fakePeer({ scopes: anonymous.scopes })), 'not-paired')
    assert.equal(await request(fixture, ['operator.admin'], session({ deviceId: 'unknown' })), 'not-paired')
    assert.equal(await request(fixture, [], session({ role: 'node', scopes: [] })), 'not-paired')
    assert.equal(await request(fixture, ['operator.approvals']), 'scopes-narrowed')
  })

  test('waits for its own requests only, and leaves without an answer when its caller goes', async () => {
    const fixture = await paired()
    const requestId = await request(fixture, ['operator.admin'])
    const unknown = { ok: false, refusal: { reason: 'unknown-request' } }
    const { upgrades } = fixture.plane
    assert.deepEqual(await upgrades.wait(session({ deviceId: deviceOf('other').deviceId }), requestId, NEVER), unknown)
    assert.deepEqual(await upgrades.wait(session(), 'nope', NEVER), unknown)
    const caller = new AbortController()
    const wait = upgrades.wait(session(), requestId, caller.signal)
    caller.abort()
    assert.equal(await wait, undefined)
  })

  test('is told of a rejection when the device was removed before it heard of its approval', async () => {
    const fixture = await paired()
    const requestId = await request(fixture, ['operator.admin'])
    await fixture.plane.decisions.approve(requestId, ADMIN)
    await fixture.plane.decisions.remove(PHONE.deviceId, ADMIN)
    const result = await fixture.plane.upgrades.wait(session(), requestId, NEVER)
    assert.deepEqual(result, { ok: true, value: { status: 'rejected', requestId } })
  })
})
