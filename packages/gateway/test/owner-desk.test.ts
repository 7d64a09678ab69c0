// Decisions of the owner on a state directory that no gateway holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WireError } from '@breakwater/protocol'
import { systemClock } from '@breakwater/supervisor'
import { type TempDir, tempDir } from '@breakwater/testkit'
import { silentLogger } from '../src/observe/logger.ts'
import { hasStore, openOwnerDesk } from '../src/owner-desk.ts'
import { put } from '../src/store/changes.ts'
import { StoreFault } from '../src/store/fault.ts'
import type { PairRequestRecord } from '../src/store/records.ts'
import { openSqliteStore } from '../src/store/sqlite/open-store.ts'
import type { Store } from '../src/store/store.ts'

const components = { clock: systemClock, log: silentLogger }

const openStore = async ({ path }: TempDir): Promise<Store> =>
  (await openSqliteStore(components, { stateDir: path, owner: 'test', nextCommand: 'none' })).store

function requestOf(name: string, more: Partial<PairRequestRecord> = {}): PairRequestRecord {
  return {
    requestId: `request-${name}`,
    deviceId: `device-${name}`,
    publicKey: `key-${name}`,
    displayName: name,
    role: 'operator',
    roles: ['operator'],
    scopes: ['operator.read'],
    silent: false,
    isRepair: false,
    createdAtMs: Date.now(),
    ...more,
  }
}

async function seeded(...requests: PairRequestRecord[]): Promise<TempDir> {
  const dir = await tempDir()
  await using store = await openStore(dir)
  await store.apply(requests.map((request) => put('pairRequests', request)))
  return dir
}

const desk = ({ path }: TempDir) => openOwnerDesk({ stateDir: path, owner: 'breakwater devices approve' })

test('an approval is in the store when it is answered, with its line in the audit', async () => {
  await using dir = await seeded(requestOf('phone'), requestOf('tablet'))
  {
    await using owner = await desk(dir)
    const answer = await owner.call('device.pair.approve', { requestId: 'request-phone' })
    const { requestId, device } = answer as { requestId: string; device: Record<string, unknown> }
    assert.equal(requestId, 'request-phone')
    assert.deepEqual([device.deviceId, device.roles, device.scopes], ['device-phone', ['operator'], ['operator.read']])
    const list = (await owner.call('device.pair.list', {})) as { pending: unknown[]; paired: unknown[] }
    assert.deepEqual([list.pending.length, list.paired.length], [1, 1])
    assert.ok(!JSON.stringify(list).includes('generation'))
  }
  await using store = await openStore(dir)
  assert.equal(store.devices.get('device-phone')?.approvedVia, 'owner')
  const { entries } = await store.audit.list({ subject: 'device-phone' })
  assert.deepEqual(
    entries.map(({ action, actor }) => [action, actor.kind]),
    [['device.approved', 'owner']],
  )
})

test('reject, rename, rotate, revoke and remove work as the gateway would do them', async () => {
  await using dir = await seeded(requestOf('phone'), requestOf('tablet'))
  await using owner = await desk(dir)
  await owner.call('device.pair.reject', { requestId: 'request-tablet' })
  await owner.call('device.pair.approve', { requestId: 'request-phone' })
  const of = { deviceId: 'device-phone' }
  assert.deepEqual(await owner.call('device.pair.rename', { ...of, label: ' desk ' }), { ...of, label: 'desk' })
  const rotated = (await owner.call('device.token.rotate', { ...of, role: 'operator' })) as Record<string, unknown>
  assert.equal(rotated.tokenDelivery, 'withheld-cross-device')
  assert.equal(rotated.token, undefined)
  const revoked = (await owner.call('device.token.revoke', { ...of, role: 'operator' })) as Record<string, unknown>
  assert.equal(typeof revoked.revokedAtMs, 'number')
  assert.deepEqual(await owner.call('device.pair.remove', of), of)
  assert.deepEqual(await owner.call('device.pair.list', {}), { pending: [], paired: [] })
})

test('a refusal is the one the gateway would give', async () => {
  await using dir = await seeded()
  await using owner = await desk(dir)
  await assert.rejects(owner.call('device.pair.approve', { requestId: 'nobody' }), (error) => {
    assert.ok(WireError.is(error))
    assert.equal(error.shape.message, 'unknown requestId')
    assert.deepEqual((error.shape.details as { reason?: string }).reason, 'unknown-request')
    return true
  })
})

test('while somebody holds the state directory nothing is decided', async () => {
  await using dir = await seeded(requestOf('phone'))
  await using store = await openStore(dir)
  await assert.rejects(desk(dir), (error) => StoreFault.is(error) && error.code === 'STORE_OWNED')
  assert.equal(store.devices.size, 0)
})

test('asking whether there is a store creates none', async () => {
  await using dir = await tempDir()
  assert.equal(hasStore(dir.path), false)
  assert.equal(hasStore(dir.path), false)
})
