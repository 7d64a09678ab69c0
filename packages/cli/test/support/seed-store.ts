// A state directory as a gateway left it: devices that wait, devices that are paired.

import type { DeviceRecord, PairRequestRecord } from '@breakwater/gateway'
import { systemClock } from '@breakwater/supervisor'
import { silentLogger } from '../../../gateway/src/observe/logger.ts'
import { put } from '../../../gateway/src/store/changes.ts'
import { openSqliteStore } from '../../../gateway/src/store/sqlite/open-store.ts'

export const pendingRequest = (name: string, more: Partial<PairRequestRecord> = {}): PairRequestRecord => ({
  requestId: `req-${name}-0001`,
  deviceId: `dev-${name}-0001`,
  publicKey: `key-${name}`,
  displayName: name,
  platform: 'ios 26.1',
  role: 'operator',
  roles: ['operator'],
  scopes: ['operator.read', 'operator.write'],
  silent: false,
  isRepair: false,
  createdAtMs: Date.now(),
  ...more,
})

export const pairedDevice = (name: string, more: Partial<DeviceRecord> = {}): DeviceRecord => ({
  deviceId: `dev-${name}-0001`,
  publicKey: `key-${name}`,
  displayName: name,
  platform: 'ios 26.1',
  roles: ['operator', 'node'],
  approvedScopes: ['operator.read'],
  approvedVia: 'owner',
  createdAtMs: Date.now(),
  approvedAtMs: Date.now(),
  tokens: {
    operator: { generation: 1, scopes: ['operator.read'], createdAtMs: Date.now() },
    node: { generation: 1, scopes: [], createdAtMs: Date.now() },
  },
  ...more,
})

export interface Seeds {
  readonly pending?: readonly PairRequestRecord[]
  readonly paired?: readonly DeviceRecord[]
}

export async function seedStore(stateDir: string, { pending = [], paired = [] }: Seeds): Promise<void> {
  const { store } = await openSqliteStore(
    { clock: systemClock, log: silentLogger },
    { stateDir, owner: 'test', nextCommand: 'none' },
  )
  await store.apply([...pending.map((row) => put('pairRequests', row)), ...paired.map((row) => put('devices', row))])
  await store.close()
}
