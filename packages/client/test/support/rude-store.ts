// A credential store in the test's hands: it can refuse to write, refuse to read, or claim to have written.

import type { CredentialStore, GatewayRecord, RecordChange } from '../../src/credentials/credential-store.ts'
import type { GatewayKey } from '../../src/credentials/gateway-key.ts'
import { MemoryCredentialStore } from '../../src/credentials/memory-credential-store.ts'

export class RudeStore implements CredentialStore {
  readonly inner = new MemoryCredentialStore()
  readonly changes: RecordChange[] = []
  mode: 'fine' | 'full' | 'forgetful' | 'unreadable' = 'fine'

  async load(gateway: GatewayKey): Promise<GatewayRecord> {
    if (this.mode === 'unreadable') throw new Error('unreadable')
    return this.inner.load(gateway)
  }

  async apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord> {
    if (this.mode === 'full' || this.mode === 'unreadable') throw new Error('disk full')
    this.changes.push(...changes)
    return this.mode === 'forgetful' ? this.inner.load(gateway) : this.inner.apply(gateway, changes)
  }

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    return this.inner.subscribe(gateway, listener)
  }
}
