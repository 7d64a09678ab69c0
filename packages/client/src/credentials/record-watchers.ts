// Who wants to know when a gateway's record changes. Listeners never disturb the store or each other.

import { guardForeign } from '../stream.ts'
import type { GatewayKey } from './gateway-key.ts'

export class RecordWatchers {
  readonly #listeners = new Map<GatewayKey, Set<() => void>>()

  subscribe(gateway: GatewayKey, listener: () => void): () => void {
    const listeners = this.#listeners.get(gateway) ?? new Set()
    this.#listeners.set(gateway, listeners)
    const own = (): void => listener()
    listeners.add(own)
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(gateway) === listeners) this.#listeners.delete(gateway)
    }
  }

  notify(gateway: GatewayKey): void {
    for (const listener of [...(this.#listeners.get(gateway) ?? [])]) guardForeign(listener)
  }
}
