// Who is here: the gateway itself, connected clients and nodes, those that left lately, and what system events report.
// Lossy: the list lives in memory, its `presence` event is paced, and only the newest entries are kept.

import type { PresenceEntry } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { Clock } from '../observe/clock.ts'
import type { Broadcaster } from './broadcaster.ts'
import { PacedPublisher } from './paced-publisher.ts'
import {
  isListed,
  type PresenceFacts,
  type PresenceReport,
  peerFacts,
  presenceKey,
  reportFacts,
  type SelfInfo,
  selfFacts,
} from './presence-entry.ts'
import type { StateVersions } from './state-versions.ts'

export interface PresenceComponents {
  readonly broadcaster: Pick<Broadcaster, 'publish'>
  readonly clock: Clock
  readonly versions: StateVersions
  readonly self: SelfInfo
  /** Monotonic milliseconds with a fraction, to measure what publishing costs. */
  readonly monotonicMs?: () => number
}

/** An entry leaves the list this long after its last sign of life. */
const TTL_MS = 300_000
/** Entries of the list, the gateway's own included. */
const MAX_ENTRIES = 200
/** How old the times in a list may be; changes other than times show at once. */
const LIST_AGE_MS = 1_000
/** Characters of a report's text that identify it when it names no device, instance, host or address. */
const TEXT_KEY_CHARS = 64

interface Listed {
  readonly facts: PresenceFacts
  /** Connection behind the entry; undefined for reports and for those that left. */
  readonly connId: string | undefined
  readonly touchedAtMs: number
}

export class Presence {
  readonly #broadcaster: Pick<Broadcaster, 'publish'>
  readonly #clock: Clock
  readonly #versions: StateVersions
  readonly #self: PresenceFacts
  readonly #publisher: PacedPublisher
  /** Connected entries and the others, each in order of last sign of life, so that the oldest is always first. */
  readonly #connected = new Map<string, Listed>()
  readonly #others = new Map<string, Listed>()
  #list: readonly PresenceEntry[] | undefined
  #listedAtMs = 0
  /** Entries that made room for newer ones before their time. */
  evictedCount = 0

  constructor({ broadcaster, clock, versions, self, monotonicMs = () => performance.now() }: PresenceComponents) {
    this.#broadcaster = broadcaster
    this.#clock = clock
    this.#versions = versions
    this.#self = selfFacts(self)
    this.#publisher = new PacedPublisher({ publish: () => this.#publish(), monotonicMs })
  }

  /** `stateVersion.presence`: grows with every change other than of times. */
  get version(): number {
    return this.#versions.current().presence
  }

  /** The gateway first, then whoever gave a sign of life last. The array is shared: callers must not change it. */
  list(): readonly PresenceEntry[] {
    const nowMs = this.#clock.nowMs()
    this.#expire(nowMs)
    if (this.#list === undefined || Math.abs(nowMs - this.#listedAtMs) >= LIST_AGE_MS) {
      this.#list = this.#build(nowMs)
      this.#listedAtMs = nowMs
    }
    return this.#list
  }

  /** Lists a peer. Call it once the peer is registered and its hello is on the way: the event may go out at once. */
  connected(peer: Peer): void {
    if (!isListed(peer.identity)) return
    const key = presenceKey(peer.identity)
    this.#others.delete(key)
    this.#connected.delete(key)
    this.#connected.set(key, {
      facts: peerFacts(peer.identity),
      connId: peer.identity.connId,
      touchedAtMs: this.#clock.nowMs(),
    })
    this.#makeRoom()
    this.#changed()
  }

  /** Keeps the entry, as one that left. A node that has already come back on another connection stays listed. */
  disconnected(peer: Peer): void {
    const key = presenceKey(peer.identity)
    const listed = this.#ofConnection(peer, key)
    if (listed === undefined) return
    this.#connected.delete(key)
    const facts = { ...listed.facts, reason: 'disconnect' }
    this.#others.set(key, { facts, connId: undefined, touchedAtMs: this.#clock.nowMs() })
    this.#changed()
  }

  /** A sign of life, e.g. a pong. A peer that had to make room is listed again when there is room. */
  touch(peer: Peer): void {
    const key = presenceKey(peer.identity)
    const listed = this.#ofConnection(peer, key)
    if (listed !== undefined) {
      this.#connected.delete(key)
      this.#connected.set(key, { ...listed, touchedAtMs: this.#clock.nowMs() })
    } else if (!peer.isClosed && !this.#connected.has(key) && this.#size() < MAX_ENTRIES) {
      this.connected(peer)
    }
  }

  /** Merges a system event into the entry of its device or instance, or lists its sender. */
  report(report: PresenceReport): void {
    const touchedAtMs = this.#clock.nowMs()
    const reported = reportFacts(report)
    const [map, key] = this.#find(report)
    const before = map.get(key)
    map.delete(key)
    map.set(key, { facts: { ...before?.facts, ...reported }, connId: before?.connId, touchedAtMs })
    this.#makeRoom()
    this.#changed()
  }

  /** Sends the list again although it did not change, as a system event without a presence line does. */
  announce(): void {
    this.#changed()
  }

  /** Leaves no timer behind; nothing is published any more. */
  stop(): void {
    this.#publisher.stop()
  }

  #ofConnection(peer: Peer, key: string): Listed | undefined {
    const listed = this.#connected.get(key)
    return listed?.connId === peer.identity.connId ? listed : undefined
  }

  /** Where a report belongs: an entry of the same device or instance, else one of its own. */
  #find({ deviceId, instanceId, host, ip, text }: PresenceReport): [Map<string, Listed>, string] {
    for (const map of [this.#connected, this.#others]) {
      if (deviceId !== undefined && map.has(deviceId)) return [map, deviceId]
      if (instanceId === undefined) continue
      for (const [key, { facts }] of map) if (facts.instanceId === instanceId) return [map, key]
    }
    return [this.#others, deviceId ?? instanceId ?? host ?? ip ?? text.slice(0, TEXT_KEY_CHARS)]
  }

  #size(): number {
    return 1 + this.#connected.size + this.#others.size
  }

  /** Whoever left goes before whoever is here, the longest silent first. */
  #makeRoom(): void {
    while (this.#size() > MAX_ENTRIES) {
      const map = this.#others.size > 0 ? this.#others : this.#connected
      for (const oldest of map.keys()) {
        map.delete(oldest)
        break
      }
      this.evictedCount += 1
    }
  }

  #expire(nowMs: number): void {
    let hasExpired = false
    for (const map of [this.#connected, this.#others]) {
      for (const [key, { touchedAtMs }] of map) {
        if (nowMs - touchedAtMs < TTL_MS) break
        map.delete(key)
        hasExpired = true
      }
    }
    if (!hasExpired) return
    this.#list = undefined
    this.#versions.bumpPresence()
  }

  #build(nowMs: number): readonly PresenceEntry[] {
    const listed = [...this.#connected.values(), ...this.#others.values()]
    listed.sort((a, b) => b.touchedAtMs - a.touchedAtMs)
    return [{ ...this.#self, ts: nowMs }, ...listed.map(({ facts, touchedAtMs }) => ({ ...facts, ts: touchedAtMs }))]
  }

  #changed(): void {
    this.#list = undefined
    this.#versions.bumpPresence()
    this.#publisher.request()
  }

  #publish(): void {
    const presence = this.list()
    this.#broadcaster.publish('presence', { presence }, { stateVersion: this.#versions.current() })
  }
}
