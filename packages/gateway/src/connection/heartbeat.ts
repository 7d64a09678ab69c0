// Pings every peer once per interval and terminates those that missed a whole one (protocol notes section 1).
// One timer for all: peers are spread over slots, each slot is due once per interval.

import { LIMITS } from '@breakwater/protocol'
import type { StallClock } from '../observe/stall-clock.ts'
import type { Peer } from './peer.ts'

const SLOTS = 25
const SLOT_MS = LIMITS.pingIntervalMs / SLOTS
/** A stall this long since the ping makes its missing pong our fault, not the peer's (law 4). */
const FORGIVEN_STALL_MS = 50

interface Watch {
  readonly slot: number
  isAwaitingPong: boolean
  /** Total stall when the ping was sent. */
  stalledMsAtPing: number
}

export class Heartbeat {
  readonly #stallClock: StallClock
  readonly #slots: Map<Peer, Watch>[] = Array.from({ length: SLOTS }, () => new Map())
  readonly #slotOf = new Map<Peer, Watch>()
  #timer: NodeJS.Timeout | undefined
  #nextSlot = 0
  #cursor = 0

  constructor(stallClock: StallClock) {
    this.#stallClock = stallClock
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#turn(), SLOT_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  watch(peer: Peer): void {
    const watch = { slot: this.#nextSlot, isAwaitingPong: false, stalledMsAtPing: 0 }
    this.#nextSlot = (this.#nextSlot + 1) % SLOTS
    this.#slotOf.set(peer, watch)
    this.#slots[watch.slot]?.set(peer, watch)
  }

  unwatch(peer: Peer): void {
    const watch = this.#slotOf.get(peer)
    if (watch === undefined) return
    this.#slotOf.delete(peer)
    this.#slots[watch.slot]?.delete(peer)
  }

  pong(peer: Peer): void {
    const watch = this.#slotOf.get(peer)
    if (watch !== undefined) watch.isAwaitingPong = false
  }

  #turn(): void {
    const due = this.#slots[this.#cursor]
    this.#cursor = (this.#cursor + 1) % SLOTS
    const stalledMs = this.#stallClock.stalledMs()
    for (const [peer, watch] of due ?? []) {
      const wasOurStall = stalledMs - watch.stalledMsAtPing > FORGIVEN_STALL_MS
      if (watch.isAwaitingPong && !wasOurStall) {
        peer.terminate('missed ping')
        continue
      }
      watch.isAwaitingPong = true
      watch.stalledMsAtPing = stalledMs
      peer.ping()
    }
  }
}
