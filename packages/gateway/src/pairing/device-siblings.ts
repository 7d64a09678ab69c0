// Stale twins of a device that was paired silently: a reinstalled app comes with a new key and leaves its old record
// behind. Pure; a record that a person approved is never a twin.

import type { DeviceRecord } from '../store/records.ts'

/** An approval younger than this may belong to a connection that is still on its way. */
export const SIBLING_GRACE_MS = 60_000

/**
 * Records the new one supersedes: same program under the same display name, approved silently, not connected. Devices
 * without a display name have no twins, because nothing tells two of them apart.
 */
export function findStaleSiblings(
  devices: Iterable<DeviceRecord>,
  newcomer: DeviceRecord,
  isConnected: (deviceId: string) => boolean,
  nowMs: number,
): readonly DeviceRecord[] {
  const name = siblingName(newcomer)
  if (name === undefined || newcomer.approvedVia !== 'silent') return []
  return [...devices].filter(
    (device) =>
      device.deviceId !== newcomer.deviceId &&
      device.approvedVia === 'silent' &&
      siblingName(device) === name &&
      nowMs - device.approvedAtMs >= SIBLING_GRACE_MS &&
      !isConnected(device.deviceId),
  )
}

function siblingName({ clientId, clientMode, displayName }: DeviceRecord): string | undefined {
  const shown = displayName?.trim().toLowerCase() ?? ''
  if (shown === '') return undefined
  return [clientId ?? '', clientMode ?? '', shown].join('\n').toLowerCase()
}
