// Credentials kept for as long as the process lives. For tests, and for callers that manage credentials themselves.

import type { CredentialStore, GatewayRecord, RecordChange } from './credential-store.ts'
import type { GatewayKey } from './gateway-key.ts'
import { applyChanges, EMPTY_RECORD } from './gateway-record.ts'
import { RecordWatchers } from './record-watchers.ts'

export class MemoryCredentialStore implements CredentialStore {
  readonly #records = new Map<GatewayKey, GatewayRecord>()
  readonly #watchers = new RecordWatchers()

  async load(gateway: GatewayKey): Promise<GatewayRecord> {
    return this.#records.get(gateway) ?? EMPTY_RECORD
  }

  async apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord> {
    const before = this.#records.get(gateway) ?? EMPTY_RECORD
    const after = applyChanges(before, changes)
    if (after === before) return before
    this.#records.set(gateway, after)
    this.#watchers.notify(gateway)
    return after
  }

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    return this.#watchers.subscribe(gateway, listener)
  }
}
