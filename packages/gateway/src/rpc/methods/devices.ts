// Methods about paired devices.

import { defineMethod, type MethodDefinition } from '../define-method.ts'

/** What pairing knows, already in the wire's shape (`device.pair.list`). */
export interface PairedDevices {
  list(): { readonly pending: readonly object[]; readonly paired: readonly object[] }
}

export interface DeviceMethodComponents {
  readonly pairedDevices: PairedDevices
}

export const deviceMethods = ({ pairedDevices }: DeviceMethodComponents): MethodDefinition[] => [
  defineMethod('device.pair.list', () => pairedDevices.list()),
]
