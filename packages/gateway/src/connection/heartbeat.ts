// Pings every peer once per interval and terminates those that missed a whole one (protocol notes section 1).
// One timer for all: peers are spread over slots, each slot is due once per interval. What is judged is the peer's silence
// (law 4): time in which our loop stood still, or in which we did not read from the peer, is not held against it.

import { LIMITS } from '@breakwater/protocol'
import type { StallClock } from '../observe/stall-clock.ts'
import type { Peer } from './peer.ts'

const SLOTS = 25
const SLOT_MS = LIMITS.pingIntervalMs / SLOTS
/** Time a peer has had in which the loop ran: a whole interval, less what timers are early or late. */
const SILENCE_MS = LIMITS.pingIntervalMs - SLOT_MS

type HeartbeatClock = Pick<StallClock, 'now' | 'stalledMs'>

interface Watch {
  readonly slot: number
  isAwaitingPong: boolean
  /** On the clock that stands still while the loop does. */
  pingedAwakeAt: number
  pausesAtPing: number
}

export class Heartbeat {
  readonly #stallClock: HeartbeatClock
  readonly #slots: Map<Peer, Watch>[] = Array.from({ length: SLOTS }, () => new Map())
  readonly #slotOf = new Map<Peer, Watch>()
  #timer: NodeJS.Timeout | undefined
  #nextSlot = 0
  #cursor = 0

  constructor(stallClock: HeartbeatClock) {
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
    const watch = { slot: this.#nextSlot, isAwaitingPong: false, pingedAwakeAt: 0, pausesAtPing: 0 }
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
    const awakeNow = this.#stallClock.now() - stalledMs
    const silent: Peer[] = []
    for (const [peer, watch] of due ?? []) {
      const wasUnread = !peer.isReading || peer.pauseCount !== watch.pausesAtPing
      if (!watch.isAwaitingPong || wasUnread) ping(peer, watch, awakeNow)
      else if (awakeNow - watch.pingedAwakeAt >= SILENCE_MS) silent.push(peer)
    }
    // Timers run before pending reads: a pong that came during a stall is read first.
    if (silent.length > 0) setImmediate(() => this.#terminate(silent))
  }

  #terminate(silent: readonly Peer[]): void {
    for (const peer of silent) if (this.#slotOf.get(peer)?.isAwaitingPong) peer.terminate('missed ping')
  }
}

function ping(peer: Peer, watch: Watch, awakeNow: number): void {
  watch.isAwaitingPong = true
  watch.pingedAwakeAt = awakeNow
  watch.pausesAtPing = peer.pauseCount
  peer.ping()
}
