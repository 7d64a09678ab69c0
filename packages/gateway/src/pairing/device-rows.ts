// Devices and requests as `device.pair.list` and its events show them: no secrets, no derivation numbers, joined with
// what is known of when they were last seen. Pure.

import type { DeviceRecord, PairRequestRecord, Sighting } from '../store/records.ts'

/** A waiting request; `ts` is when it was last asked for, so that its age tells how long it still lives. */
export function requestRow(request: PairRequestRecord, refreshedAtMs: number): object {
  const { createdAtMs: _, ...shown } = request
  return { ...shown, ts: refreshedAtMs }
}

/** A device as an approval answers with it. */
export function deviceRow(record: DeviceRecord, seen?: Sighting): object {
  const { tokens, approvedScopes, roles, ...shown } = record
  return {
    ...shown,
    role: roles[0],
    roles,
    scopes: approvedScopes,
    tokens: Object.entries(tokens).map(([role, token]) => {
      const { scopes, createdAtMs, rotatedAtMs, revokedAtMs } = token
      const lastUsedAtMs = seen?.tokensUsedAtMs?.[role as keyof DeviceRecord['tokens']]
      return {
        role,
        scopes,
        createdAtMs,
        ...(rotatedAtMs === undefined ? {} : { rotatedAtMs }),
        ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
        ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }),
      }
    }),
  }
}

/** A device in the list. */
export function seenDeviceRow(record: DeviceRecord, seen: Sighting | undefined, isConnected: boolean): object {
  return {
    ...deviceRow(record, seen),
    ...(seen === undefined ? {} : { lastSeenAtMs: seen.lastSeenAtMs }),
    ...(seen?.reason === undefined ? {} : { lastSeenReason: seen.reason }),
    connected: isConnected,
  }
}
