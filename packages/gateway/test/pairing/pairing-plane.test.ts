import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OWNER } from '../../src/pairing/approver.ts'
import { ROTATION_GRACE_MS } from '../../src/pairing/device-grants.ts'
import { SIBLING_GRACE_MS } from '../../src/pairing/device-siblings.ts'
import { PAIR_REQUEST_LIMITS } from '../../src/pairing/pairing-requests.ts'
import { StoreFault } from '../../src/store/fault.ts'
import {
  ADMIN,
  CONTROL_UI,
  deviceOf,
  LOCAL,
  MAC,
  type PairingFixture,
  pairingFixture,
  type Row,
  requestIdOf,
} from './pairing-fixture.ts'

const PHONE = deviceOf('phone')
const eventsOf = ({ events }: PairingFixture, name: string) => events.filter(({ event }) => event === name)
const decisionsOf = (fixture: PairingFixture) =>
  eventsOf(fixture, 'device.pair.resolved').map(({ payload }) => [payload.requestId, payload.decision])

async function approved(fixture: PairingFixture, requestId: string, by = ADMIN) {
  const outcome = await fixture.plane.decisions.approve(requestId, by)
  assert.ok(outcome.ok, JSON.stringify(outcome))
  return outcome.value.device
}

describe('a device that is not approved', () => {
  test('gets an id that is on disk before it is told, and operators hear of it once', async () => {
    const fixture = pairingFixture()
    const refused = await fixture.admit()
    assert.equal(refused.kind === 'required' && refused.reason, 'not-paired')
    assert.equal(fixture.commits(), 1)
    assert.deepEqual(fixture.events, [
      {
        event: 'device.pair.requested',
        payload: {
          requestId: 'id-1',
          ...PHONE,
          displayName: 'desk',
          platform: 'macOS 15.3.1',
          deviceFamily: 'Mac',
          clientId: 'openclaw-macos',
          clientMode: 'ui',
          remoteIp: '203.0.113.7',
          role: 'operator',
          roles: ['operator'],
          scopes: ['operator.read'],
          silent: false,
          isRepair: false,
          ts: fixture.clock.nowMs(),
        },
      },
    ])
  })

  test('may ask 10,000 times: one id, one event, one write', async () => {
    const fixture = pairingFixture()
    const id = requestIdOf(await fixture.admit({ scopes: ['operator.read', 'operator.approvals'] }))
    const asks = [['operator.read'], ['operator.approvals'], [], ['operator.approvals', 'operator.read']]
    for (let round = 0; round < 10_000; round += 1) {
      fixture.clock.advance(30_000)
      assert.equal(requestIdOf(await fixture.admit({ scopes: asks[round % asks.length] ?? [] })), id)
    }
    assert.equal(fixture.commits(), 1)
    assert.equal(fixture.events.length, 1)
    await approved(fixture, id)
    assert.equal((await fixture.admit({ scopes: ['operator.read', 'operator.approvals'] })).kind, 'admitted')
  })

  test('that comes twice at the same time has one id', async () => {
    const fixture = pairingFixture()
    const [first, second] = await Promise.all([fixture.admit(), fixture.admit()])
    assert.ok(first && second)
    assert.equal(requestIdOf(first), requestIdOf(second))
    assert.equal(fixture.events.length, 1)
  })

  test('is told nothing when the disk refuses', async () => {
    const fixture = pairingFixture({
      beforeCommit: () => {
        throw new StoreFault('STORE_FULL')
      },
    })
    await assert.rejects(fixture.admit(), { code: 'STORE_FULL' })
    assert.deepEqual(fixture.events, [])
  })

  test('hears which limit is full', async () => {
    const fixture = pairingFixture()
    for (let number = 0; number < PAIR_REQUEST_LIMITS.perSource; number += 1) {
      await fixture.admit({ name: `phone ${number}` })
    }
    assert.deepEqual(await fixture.admit({ name: 'one more' }), {
      kind: 'full',
      reason: 'not-paired',
      limit: 'per-source',
      max: PAIR_REQUEST_LIMITS.perSource,
    })
    assert.equal(fixture.plane.counters().pairingRequestsRefused, 1)
  })
})

describe('an approval', () => {
  test('grants what the id showed, writes who did it, and lets the device in', async () => {
    const fixture = pairingFixture()
    const id = requestIdOf(await fixture.admit())
    const device = await approved(fixture, id)
    assert.deepEqual(
      [device.roles, device.approvedScopes, device.approvedVia],
      [['operator'], ['operator.read'], 'owner'],
    )
    assert.deepEqual(decisionsOf(fixture), [[id, 'approved']])
    const { entries } = await fixture.store.audit.list({ subject: PHONE.deviceId })
    assert.deepEqual(entries, [
      {
        seq: 1,
        atMs: fixture.clock.nowMs(),
        action: 'device.approved',
        actor: { kind: 'shared-secret' },
        subject: PHONE.deviceId,
        requestId: id,
        details: { roles: ['operator'], scopes: ['operator.read'] },
      },
    ])
    assert.equal((await fixture.admit()).kind, 'admitted')
    assert.deepEqual(await fixture.plane.decisions.approve(id, ADMIN), {
      ok: false,
      refusal: { reason: 'unknown-request' },
    })
  })

  test('is on disk before anybody is told', async () => {
    const order: string[] = []
    const fixture = pairingFixture({ beforeCommit: () => void order.push('commit') })
    fixture.events.push = (...items) => {
      order.push(...items.map(({ event }) => event))
      return 0
    }
    const id = requestIdOf(await fixture.admit())
    await approved(fixture, id)
    await fixture.plane.decisions.remove(PHONE.deviceId, ADMIN)
    assert.deepEqual(order, [
      'commit',
      'device.pair.requested',
      'commit',
      'device.pair.resolved',
      'commit',
      'device.pair.changed',
    ])
  })

  test('of the older, narrower id grants only what that showed; the wider one stays', async () => {
    const fixture = pairingFixture()
    const narrow = requestIdOf(await fixture.admit({ scopes: ['operator.read'] }))
    const wide = requestIdOf(await fixture.admit({ scopes: ['operator.admin'] }))
    const device = await approved(fixture, narrow)
    assert.deepEqual(device.approvedScopes, ['operator.read'])
    assert.equal(
      (await fixture.admit({ scopes: ['operator.read'] })).kind,
      'admitted',
      'a narrower session works meanwhile',
    )
    const still = await fixture.admit({ scopes: ['operator.admin'] })
    assert.equal(requestIdOf(still), wide)
    assert.equal(still.kind === 'required' && still.reason, 'scope-upgrade')
    const upgraded = await approved(fixture, wide)
    assert.deepEqual(upgraded.approvedScopes, ['operator.read', 'operator.admin'])
  })

  test('of the wider id answers the narrower ones with it', async () => {
    const fixture = pairingFixture()
    const narrow = requestIdOf(await fixture.admit({ scopes: ['operator.read'] }))
    const wide = requestIdOf(await fixture.admit({ scopes: ['operator.admin'] }))
    await approved(fixture, wide)
    assert.deepEqual(
      new Map(decisionsOf(fixture) as never),
      new Map([
        [narrow, 'approved'],
        [wide, 'approved'],
      ]),
    )
    assert.deepEqual(fixture.plane.list(ADMIN).pending, [])
  })

  test('does not answer a request of the same key on another platform', async () => {
    const fixture = pairingFixture()
    const mac = requestIdOf(await fixture.admit())
    const pc = requestIdOf(await fixture.admit({ client: { ...MAC, platform: 'Windows 11', deviceFamily: 'PC' } }))
    await approved(fixture, mac)
    assert.deepEqual(decisionsOf(fixture), [[mac, 'approved']])
    const device = await approved(fixture, pc)
    assert.deepEqual([device.platform, device.deviceFamily], ['Windows 11', 'PC'])
  })

  test('comes too late for an expired id', async () => {
    const fixture = pairingFixture()
    const id = requestIdOf(await fixture.admit())
    fixture.clock.advance(PAIR_REQUEST_LIMITS.ttlMs)
    assert.deepEqual(await fixture.plane.decisions.approve(id, OWNER), {
      ok: false,
      refusal: { reason: 'unknown-request' },
    })
    await fixture.plane.sweep()
    assert.deepEqual(decisionsOf(fixture), [[id, 'expired']])
    assert.notEqual(requestIdOf(await fixture.admit()), id)
  })
})

describe('a rejection', () => {
  test('closes the one id; the device asks with another', async () => {
    const fixture = pairingFixture()
    const narrow = requestIdOf(await fixture.admit({ scopes: ['operator.read'] }))
    const wide = requestIdOf(await fixture.admit({ scopes: ['operator.admin'] }))
    const outcome = await fixture.plane.decisions.reject(wide, ADMIN)
    assert.deepEqual(outcome, { ok: true, value: { requestId: wide, deviceId: PHONE.deviceId } })
    assert.deepEqual(decisionsOf(fixture), [[wide, 'rejected']])
    assert.equal(requestIdOf(await fixture.admit({ scopes: ['operator.read'] })), narrow)
    assert.notEqual(requestIdOf(await fixture.admit({ scopes: ['operator.admin'] })), wide)
    const { entries } = await fixture.store.audit.list()
    assert.deepEqual(
      entries.map(({ action, requestId }) => [action, requestId]),
      [['device.rejected', wide]],
    )
  })
})

describe('a known device', () => {
  test('that comes back as it left writes nothing, and is seen', async () => {
    const fixture = pairingFixture()
    await approved(fixture, requestIdOf(await fixture.admit()))
    const before = fixture.commits()
    fixture.clock.advance(5_000)
    for (let round = 0; round < 100; round += 1) {
      assert.equal((await fixture.admit({ method: 'device-token' })).kind, 'admitted')
    }
    assert.equal(fixture.commits(), before)
    assert.deepEqual(fixture.store.sightings.get(PHONE.deviceId), {
      id: PHONE.deviceId,
      lastSeenAtMs: fixture.clock.nowMs(),
      reason: 'connect',
      tokensUsedAtMs: { operator: fixture.clock.nowMs() },
    })
  })

  test('on a newer system is noted as such, once', async () => {
    const fixture = pairingFixture()
    await approved(fixture, requestIdOf(await fixture.admit()))
    const before = fixture.commits()
    const newer = { client: { ...MAC, platform: 'macOS 26.0' } }
    await fixture.admit(newer)
    await fixture.admit(newer)
    assert.equal(fixture.commits(), before + 1)
    assert.equal(fixture.store.devices.get(PHONE.deviceId)?.platform, 'macOS 26.0')
  })

  test('that is removed while it connects is judged anew', async () => {
    const fixture = pairingFixture()
    await approved(fixture, requestIdOf(await fixture.admit()))
    await fixture.plane.tokens.rotate({ deviceId: PHONE.deviceId, role: 'operator' }, undefined, ADMIN)
    const removal = fixture.plane.decisions.remove(PHONE.deviceId, ADMIN)
    const arrival = fixture.admit()
    assert.equal((await removal).ok, true)
    const refused = await arrival
    assert.equal(refused.kind === 'required' && refused.reason, 'not-paired')
    assert.equal(fixture.store.devices.size, 0)
  })

  test('that is removed is gone with its requests and may pair again with another token', async () => {
    const fixture = pairingFixture()
    const before = await approved(fixture, requestIdOf(await fixture.admit()))
    const upgrade = requestIdOf(await fixture.admit({ scopes: ['operator.admin'] }))
    fixture.clock.advance(1_000)
    assert.deepEqual(await fixture.plane.decisions.remove(PHONE.deviceId, OWNER), {
      ok: true,
      value: { deviceId: PHONE.deviceId },
    })
    assert.deepEqual(fixture.plane.list(ADMIN), { pending: [], paired: [] })
    assert.deepEqual(decisionsOf(fixture).at(-1), [upgrade, 'rejected'])
    assert.equal(eventsOf(fixture, 'device.pair.changed').length, 1)
    const after = await approved(fixture, requestIdOf(await fixture.admit()))
    const tokenOf = (device: typeof before) =>
      fixture.tokens.derive(device.deviceId, 'operator', device.tokens.operator?.generation ?? 0)
    assert.notEqual(tokenOf(after), tokenOf(before))
    assert.deepEqual(await fixture.plane.decisions.remove('nobody', ADMIN), {
      ok: false,
      refusal: { reason: 'unknown-device' },
    })
  })

  test('keeps the name the owner gave it', async () => {
    const fixture = pairingFixture()
    await approved(fixture, requestIdOf(await fixture.admit()))
    const renamed = await fixture.plane.decisions.rename(PHONE.deviceId, ' my phone ', ADMIN)
    assert.deepEqual(renamed, { ok: true, value: { deviceId: PHONE.deviceId, label: 'my phone' } })
    assert.equal(eventsOf(fixture, 'device.pair.changed').length, 1)
    const [row] = fixture.plane.list(ADMIN).paired as { operatorLabel?: string }[]
    assert.equal(row?.operatorLabel, 'my phone')
    const refusal = async (deviceId: string, label: string) => {
      const outcome = await fixture.plane.decisions.rename(deviceId, label, ADMIN)
      return outcome.ok ? 'none' : outcome.refusal.reason
    }
    assert.deepEqual(
      [await refusal(PHONE.deviceId, '  '), await refusal('nobody', 'x')],
      ['blank-label', 'unknown-device'],
    )
  })
})

describe('on this machine', () => {
  test('a device is paired at once, with one event and a line in the audit', async () => {
    const fixture = pairingFixture()
    const admitted = await fixture.admit({ locality: LOCAL })
    assert.equal(admitted.kind === 'admitted' && admitted.record?.approvedVia, 'silent')
    assert.deepEqual(fixture.events, [
      {
        event: 'device.pair.resolved',
        payload: { requestId: 'id-1', deviceId: PHONE.deviceId, decision: 'approved', ts: fixture.clock.nowMs() },
      },
    ])
    const { entries } = await fixture.store.audit.list()
    assert.deepEqual(entries[0]?.actor, { kind: 'policy', id: 'silent' })
    assert.equal((fixture.plane.list(ADMIN).paired[0] as { remoteIp?: string }).remoteIp, undefined)
  })

  test('an approval by rule answers what the device was waiting for', async () => {
    const fixture = pairingFixture()
    const id = requestIdOf(await fixture.admit())
    await fixture.admit({ locality: LOCAL })
    assert.deepEqual(new Set(decisionsOf(fixture).map(([requestId]) => requestId)), new Set(['id-2', id]))
    assert.deepEqual(fixture.plane.list(ADMIN).pending, [])
  })

  test('a reinstalled app takes the place of the one it was; others keep theirs', async () => {
    const fixture = pairingFixture()
    const install = (name: string, displayName: string) =>
      fixture.admit({ name, locality: LOCAL, client: { ...MAC, displayName } })
    await install('first', 'Desk')
    await install('connected', 'Desk')
    await install('other', 'Laptop')
    fixture.connected.add(deviceOf('connected').deviceId)
    fixture.clock.advance(SIBLING_GRACE_MS)
    await install('second', 'desk ')
    const kept = new Set([...fixture.store.devices.values()].map(({ deviceId }) => deviceId))
    assert.deepEqual(kept, new Set(['connected', 'other', 'second'].map((name) => deviceOf(name).deviceId)))
    const { entries } = await fixture.store.audit.list({ subject: deviceOf('first').deviceId })
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['device.removed', 'device.approved'],
    )
  })

  test('devices that give no name, or were approved by a person, are never superseded', async () => {
    const fixture = pairingFixture()
    const { displayName: _, ...nameless } = MAC
    await fixture.admit({ name: 'a', locality: LOCAL, client: nameless })
    await approved(fixture, requestIdOf(await fixture.admit({ name: 'b' })))
    fixture.clock.advance(SIBLING_GRACE_MS)
    await fixture.admit({ name: 'c', locality: LOCAL, client: nameless })
    await fixture.admit({ name: 'd', locality: LOCAL })
    assert.equal(fixture.store.devices.size, 4)
  })
})

describe('a device token', () => {
  const target = { deviceId: PHONE.deviceId, role: 'operator' }
  const SELF = {
    actor: { kind: 'device', id: PHONE.deviceId },
    scopes: ['operator.pairing'],
    callerDeviceId: PHONE.deviceId,
  } as const
  const present = (fixture: PairingFixture, token: string) => {
    const record = fixture.store.devices.get(PHONE.deviceId)
    return record && fixture.tokens.match(record, 'operator', token, fixture.clock.nowMs())
  }
  const comeBack = (fixture: PairingFixture, usedGeneration: number | undefined, scopes = ['operator.read']) =>
    fixture.admit({ method: 'device-token', scopes, ...(usedGeneration === undefined ? {} : { usedGeneration }) })

  async function paired(): Promise<{ fixture: PairingFixture; first: string }> {
    const fixture = pairingFixture()
    const device = await approved(fixture, requestIdOf(await fixture.admit()))
    return {
      fixture,
      first: fixture.tokens.derive(PHONE.deviceId, 'operator', device.tokens.operator?.generation ?? 0),
    }
  }

  test('that the device rotates itself is told in the answer; to others it is withheld', async () => {
    const { fixture, first } = await paired()
    fixture.clock.advance(10)
    const own = await fixture.plane.tokens.rotate(target, undefined, SELF)
    assert.ok(own.ok)
    assert.deepEqual(
      [own.value.tokenDelivery, own.value.scopes, own.value.rotatedAtMs],
      ['in-band', ['operator.read'], fixture.clock.nowMs()],
    )
    assert.notEqual(own.value.token, first)
    assert.notEqual(present(fixture, own.value.token ?? ''), undefined)
    const other = await fixture.plane.tokens.rotate(target, undefined, ADMIN)
    assert.deepEqual(other.ok && [other.value.tokenDelivery, other.value.token], ['withheld-cross-device', undefined])
  })

  test('stays good after a rotation until its successor is used', async () => {
    const { fixture, first } = await paired()
    await fixture.plane.tokens.rotate(target, undefined, ADMIN)
    fixture.clock.advance(30 * 86_400_000)
    assert.notEqual(present(fixture, first), undefined, 'nobody came yet')
    await comeBack(fixture, present(fixture, first))
    const record = fixture.store.devices.get(PHONE.deviceId)
    const second = fixture.tokens.derive(PHONE.deviceId, 'operator', record?.tokens.operator?.generation ?? 0)
    const writes = fixture.commits()
    await comeBack(fixture, present(fixture, first))
    assert.equal(fixture.commits(), writes, 'only the first connection after the rotation writes')
    assert.notEqual(present(fixture, first), undefined)
    await comeBack(fixture, present(fixture, second))
    assert.equal(present(fixture, first), undefined)
    assert.notEqual(present(fixture, second), undefined)
  })

  test('that the device never replaced dies a day after its successor was told', async () => {
    const { fixture, first } = await paired()
    await fixture.plane.tokens.rotate(target, undefined, ADMIN)
    await comeBack(fixture, present(fixture, first))
    fixture.clock.advance(ROTATION_GRACE_MS - 1)
    assert.notEqual(present(fixture, first), undefined)
    fixture.clock.advance(1)
    assert.equal(present(fixture, first), undefined)
  })

  test('that is revoked is dead at once, and its role has to be approved again', async () => {
    const { fixture, first } = await paired()
    await fixture.plane.tokens.rotate(target, undefined, ADMIN)
    fixture.clock.advance(10)
    const revoked = await fixture.plane.tokens.revoke(target, ADMIN)
    assert.deepEqual(revoked, { ok: true, value: { ...target, revokedAtMs: fixture.clock.nowMs() } })
    assert.equal(present(fixture, first), undefined)
    const refused = await fixture.admit()
    assert.equal(refused.kind === 'required' && refused.reason, 'role-upgrade')
    fixture.clock.advance(10)
    assert.deepEqual(await fixture.plane.tokens.revoke(target, ADMIN), revoked, 'again: the same answer, no write')
    const { entries } = await fixture.store.audit.list({ subject: PHONE.deviceId })
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['token.revoked', 'token.rotated', 'device.approved'],
    )
  })

  test('changes only where the caller may and the device has one', async () => {
    const { fixture } = await paired()
    const { tokens } = fixture.plane
    const stranger = { ...SELF, callerDeviceId: 'other' }
    const denied = { ok: false, refusal: { reason: 'denied', what: 'device token rotation' } }
    assert.deepEqual(await tokens.rotate(target, undefined, stranger), denied)
    assert.deepEqual(await tokens.rotate({ ...target, role: 'node' }, undefined, SELF), denied)
    assert.deepEqual(await tokens.rotate({ ...target, role: 'node' }, undefined, ADMIN), denied)
    assert.deepEqual(await tokens.rotate({ ...target, role: 'admin' }, undefined, ADMIN), denied)
    assert.deepEqual(await tokens.rotate({ ...target, deviceId: 'nobody' }, undefined, ADMIN), denied)
    assert.deepEqual(await tokens.rotate(target, ['operator.admin'], ADMIN), denied, 'beyond what was approved')
    assert.equal((await tokens.rotate(target, [], ADMIN)).ok, true)
    assert.equal((await tokens.revoke({ ...target, role: 'node' }, ADMIN)).ok, false)
    assert.equal((await tokens.revoke(target, stranger)).ok, false)
  })

  test('of a page dies with the shared secret that let the page in', async () => {
    const fixture = pairingFixture()
    const page = { client: CONTROL_UI, headers: { origin: 'http://127.0.0.1:1' }, locality: LOCAL }
    const issuerOf = () => fixture.store.devices.get(PHONE.deviceId)?.tokens.operator?.issuer?.generation
    await fixture.admit(page)
    assert.equal(issuerOf(), fixture.plane.sharedAuthGeneration())
    const writes = fixture.commits()
    await fixture.admit(page)
    assert.equal(fixture.commits(), writes)
    const before = fixture.store.devices.get(PHONE.deviceId)?.tokens.operator?.generation
    fixture.settings.auth = { mode: 'token', token: 'another' }
    assert.notEqual(issuerOf(), fixture.plane.sharedAuthGeneration())
    fixture.clock.advance(1)
    await fixture.admit(page)
    const after = fixture.store.devices.get(PHONE.deviceId)?.tokens.operator
    assert.equal(after?.issuer?.generation, fixture.plane.sharedAuthGeneration())
    assert.notEqual(after?.generation, before)
  })

  test('gains its scopes with a new generation, so that clients note them', async () => {
    const { fixture, first } = await paired()
    await approved(fixture, requestIdOf(await fixture.admit({ scopes: ['operator.admin'] })))
    const record = fixture.store.devices.get(PHONE.deviceId)
    assert.deepEqual(record?.tokens.operator?.scopes, ['operator.read', 'operator.admin'])
    assert.notEqual(fixture.tokens.derive(PHONE.deviceId, 'operator', record?.tokens.operator?.generation ?? 0), first)
    assert.notEqual(present(fixture, first), undefined, 'what the device holds still works')
    assert.equal((await comeBack(fixture, present(fixture, first))).kind, 'admitted')
  })
})

describe('the list', () => {
  test('shows what waits and what is paired, newest first, without secrets', async () => {
    const fixture = pairingFixture()
    await fixture.admit({ locality: LOCAL, name: 'old' })
    fixture.clock.advance(1_000)
    await fixture.admit({ locality: LOCAL, name: 'new' })
    fixture.connected.add(deviceOf('new').deviceId)
    const first = requestIdOf(await fixture.admit({ name: 'x' }))
    fixture.clock.advance(1_000)
    const second = requestIdOf(await fixture.admit({ name: 'y' }))
    fixture.clock.advance(1_000)
    await fixture.admit({ name: 'x' })
    const { pending, paired } = fixture.plane.list(ADMIN) as Record<string, readonly Row[]>
    assert.deepEqual(
      pending?.map(({ requestId }) => requestId),
      [first, second],
      'last asked for first',
    )
    assert.equal(pending?.[0]?.ts, fixture.clock.nowMs())
    assert.deepEqual(
      paired?.map(({ deviceId, connected }) => [deviceId, connected]),
      [
        [deviceOf('new').deviceId, true],
        [deviceOf('old').deviceId, false],
      ],
    )
    assert.deepEqual(Object.keys(paired?.[0] ?? {}).sort(), [
      'approvedAtMs',
      'approvedVia',
      'clientId',
      'clientMode',
      'connected',
      'createdAtMs',
      'deviceFamily',
      'deviceId',
      'displayName',
      'lastSeenAtMs',
      'lastSeenReason',
      'platform',
      'publicKey',
      'role',
      'roles',
      'scopes',
      'tokens',
    ])
    const tokens = paired?.[0]?.tokens as readonly Row[] | undefined
    assert.deepEqual(Object.keys(tokens?.[0] ?? {}).sort(), ['createdAtMs', 'role', 'scopes'])
  })

  test('shows a device with its own token alone only itself', async () => {
    const fixture = pairingFixture()
    await fixture.admit({ locality: LOCAL, name: 'a' })
    await fixture.admit({ locality: LOCAL, name: 'b' })
    await fixture.admit({ name: 'c' })
    const callerDeviceId = deviceOf('a').deviceId
    const self = { actor: { kind: 'device' as const }, scopes: ['operator.pairing'], callerDeviceId }
    const own = fixture.plane.list(self) as Record<string, readonly Row[]>
    assert.deepEqual([own.pending?.length, own.paired?.map(({ deviceId }) => deviceId)], [0, [callerDeviceId]])
    assert.equal(fixture.plane.list({ ...self, scopes: ['operator.admin'] }).paired.length, 2)
  })
})

describe('the plane', () => {
  test('clears away in the background what has expired, and stops', async () => {
    const fixture = pairingFixture()
    const id = requestIdOf(await fixture.admit())
    await fixture.plane.part.start?.()
    fixture.clock.advance(PAIR_REQUEST_LIMITS.ttlMs)
    await fixture.timers.advance(30_000)
    assert.deepEqual(decisionsOf(fixture), [[id, 'expired']])
    assert.equal(fixture.store.pairRequests.size, 0)
    await fixture.store.close()
    assert.equal(fixture.timers.pendingCount, 1)
    await fixture.plane.part.stop?.()
    assert.equal(fixture.timers.pendingCount, 0)
  })
})
