// The list of devices as `device.pair.list` shows it: records without secrets, with what is known of their presence.

import type { PeerRegistry } from '../connection/registry.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export interface PairedDeviceListComponents {
  readonly store: Store
  readonly peers: PeerRegistry
}

export class PairedDeviceList {
  readonly #store: Store
  readonly #peers: PeerRegistry

  constructor({ store, peers }: PairedDeviceListComponents) {
    this.#store = store
    this.#peers = peers
  }

  list(): { readonly pending: readonly object[]; readonly paired: readonly object[] } {
    const paired = [...this.#store.devices.values()].map((record) => this.#row(record))
    return { pending: [], paired }
  }

  #row(record: DeviceRecord): object {
    const { tokens, approvedScopes, pendingNodeSurface, ...shown } = record
    const seen = this.#store.sightings.get(record.deviceId)
    return {
      ...shown,
      role: record.roles[0],
      scopes: approvedScopes,
      ...(pendingNodeSurface === undefined ? {} : { pendingNodeSurface }),
      ...(seen === undefined ? {} : { lastSeenAtMs: seen.lastSeenAtMs }),
      connected: this.#peers.isConnected(record.deviceId),
      tokens: Object.entries(tokens).map(([role, { scopes, createdAtMs, rotatedAtMs, revokedAtMs }]) => ({
        role,
        scopes,
        createdAtMs,
        ...(rotatedAtMs === undefined ? {} : { rotatedAtMs }),
        ...(revokedAtMs === undefined ? {} : { revokedAtMs }),
      })),
    }
  }
}
