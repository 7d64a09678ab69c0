// The encoded parts every hello shares, encoded again only when they have changed: features never, presence when its list
// changes, health at most once a second.

import type { PresenceEntry, StateVersion } from '@breakwater/protocol'
import type { HelloSource } from './hello.ts'

const HEALTH_AGE_MS = 1_000

export interface HelloPartsComponents {
  readonly version: string
  /** New for every process. */
  readonly bootId: string
  readonly methodNames: readonly string[]
  readonly eventNames: readonly string[]
  readonly presence: () => readonly PresenceEntry[]
  readonly health: () => unknown
  readonly stateVersion: () => StateVersion
  readonly appliedConfigHash: () => string | null
  readonly adminInfo: HelloSource['adminInfo']
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class HelloParts implements HelloSource {
  readonly version: string
  readonly bootId: string
  readonly stateVersion: () => StateVersion
  readonly appliedConfigHash: () => string | null
  readonly adminInfo: HelloSource['adminInfo']
  readonly #components: HelloPartsComponents
  readonly #features: string
  readonly #startedAt: number
  #presence: { readonly list: readonly PresenceEntry[]; readonly json: string } | undefined
  #health: { readonly takenAt: number; readonly json: string } | undefined

  constructor(components: HelloPartsComponents) {
    this.version = components.version
    this.bootId = components.bootId
    this.stateVersion = components.stateVersion
    this.appliedConfigHash = components.appliedConfigHash
    this.adminInfo = components.adminInfo
    this.#components = components
    this.#features = JSON.stringify({
      methods: components.methodNames,
      events: components.eventNames,
      capabilities: [],
    })
    this.#startedAt = components.now()
  }

  uptimeMs(): number {
    return Math.round(this.#components.now() - this.#startedAt)
  }

  featuresJson(): string {
    return this.#features
  }

  presenceJson(): string {
    const list = this.#components.presence()
    if (this.#presence?.list !== list) this.#presence = { list, json: JSON.stringify(list) }
    return this.#presence.json
  }

  healthJson(): string {
    const now = this.#components.now()
    if (this.#health === undefined || now - this.#health.takenAt >= HEALTH_AGE_MS) {
      this.#health = { takenAt: now, json: JSON.stringify(this.#components.health()) }
    }
    return this.#health.json
  }
}
