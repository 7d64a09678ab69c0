// The paired devices, answered from memory; changes are on disk before they are acknowledged.

import type { DeviceRecord } from './device-record.ts'

export interface DeviceDirectory {
  get(deviceId: string): DeviceRecord | undefined
  all(): Iterable<DeviceRecord>
  /** Resolves once the record is committed. Rejects with a store fault, and nothing has changed then. */
  save(record: DeviceRecord): Promise<void>
}
