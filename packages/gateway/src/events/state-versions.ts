// The two counters of the wire's `stateVersion`: how often the presence list and the health snapshot have changed since
// the process started. Both begin at 1; clients compare them with the ones of their hello to find out what they missed.

import type { StateVersion } from '@breakwater/protocol'

export class StateVersions {
  #current: StateVersion = { presence: 1, health: 1 }

  /** The same frozen value until one of them is bumped. */
  current(): StateVersion {
    return this.#current
  }

  bumpPresence(): void {
    this.#current = { ...this.#current, presence: this.#current.presence + 1 }
  }

  bumpHealth(): void {
    this.#current = { ...this.#current, health: this.#current.health + 1 }
  }
}
