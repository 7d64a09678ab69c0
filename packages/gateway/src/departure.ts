// How connections end when the gateway stops: everybody is told, work that runs is finished, and the closes are spread so
// that clients do not come back in one burst. Bounded from end to end. Newcomers are refused by admission meanwhile.

import { setTimeout as wait } from 'node:timers/promises'
import { CLOSE } from '@breakwater/protocol'
import type { Peer } from './connection/peer.ts'
import type { PeerRegistry } from './connection/registry.ts'
import type { Broadcaster } from './events/broadcaster.ts'
import type { Logger } from './observe/logger.ts'
import type { Router } from './rpc/router.ts'

export interface DepartureLimits {
  /**
   * Distance between two closes, in milliseconds. Stock clients dial again a fixed time after their close, so the next
   * start meets them at this distance too: a few times what a handshake costs.
   */
  readonly spacingMs: number
  /** Longest time over which closes are spread, whatever the number of connections. */
  readonly maxSpreadMs: number
  /** How long running requests keep their connection open; what runs then is cut. Not below `maxSpreadMs`. */
  readonly drainMs: number
  /** How long the closing handshakes may take after that. */
  readonly closingMs: number
}

/** Together with what stopping the parts takes, less than 10 s. */
export const DEPARTURE_LIMITS: DepartureLimits = {
  spacingMs: 5,
  maxSpreadMs: 5_000,
  drainMs: 6_000,
  closingMs: 1_200,
}

const TICK_MS = 20

/** When each connection is due, in milliseconds from the start of the stop: evenly spread, in order. */
export function planDepartures<T>(all: readonly T[], { spacingMs, maxSpreadMs }: DepartureLimits): Map<T, number> {
  const distanceMs = Math.min(spacingMs, maxSpreadMs / Math.max(1, all.length))
  return new Map(all.map((one, index) => [one, index * distanceMs]))
}

/** What is to be done with an open connection now. */
export function judgeDeparture(
  { dueAtMs, elapsedMs, isIdle }: { dueAtMs: number; elapsedMs: number; isIdle: () => boolean },
  { drainMs }: DepartureLimits,
): 'stay' | 'drain' | 'close' | 'cut' {
  if (elapsedMs >= drainMs) return isIdle() ? 'close' : 'cut'
  if (elapsedMs < dueAtMs) return 'stay'
  return isIdle() ? 'close' : 'drain'
}

export interface DepartureComponents {
  readonly peers: PeerRegistry
  readonly broadcaster: Broadcaster
  readonly router: Pick<Router, 'drain' | 'isIdle'>
  readonly log: Logger
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly sleep?: (ms: number) => Promise<unknown>
}

export interface DepartureRequest {
  readonly reason: string
  /** How long the next start is expected to take; undefined: nobody is known to start it again. */
  readonly restartMs?: number | undefined
}

export class Departure {
  readonly #components: Required<DepartureComponents>
  readonly #limits: DepartureLimits
  #cutCount = 0

  constructor(components: DepartureComponents, limits: DepartureLimits = DEPARTURE_LIMITS) {
    this.#components = { sleep: wait, ...components }
    this.#limits = limits
  }

  /** Resolves when every connection has ended, or had its time to. */
  async run({ reason, restartMs }: DepartureRequest): Promise<void> {
    const { peers, broadcaster, log, now, sleep } = this.#components
    const startedAt = now()
    const dueAtMs = planDepartures([...peers.all()], this.#limits)
    const spreadMs = Math.round(Math.max(0, ...dueAtMs.values()))
    const restartExpectedMs = restartMs === undefined ? undefined : Math.round(spreadMs + restartMs)
    broadcaster.publish('shutdown', { reason, ...(restartExpectedMs === undefined ? {} : { restartExpectedMs }) })
    const { drainMs, closingMs } = this.#limits
    for (let elapsedMs = 0; peers.size > 0 && elapsedMs < drainMs + closingMs; elapsedMs = now() - startedAt) {
      // Those admitted meanwhile have no time of their own: they are due at once.
      for (const peer of peers.all()) this.#serve(peer, dueAtMs.get(peer) ?? 0, elapsedMs)
      if (peers.size > 0) await sleep(TICK_MS)
    }
    log.info('connections closed', {
      connections: dueAtMs.size,
      spreadMs,
      cut: this.#cutCount,
      left: peers.size,
      tookMs: Math.round(now() - startedAt),
    })
  }

  #serve(peer: Peer, dueAtMs: number, elapsedMs: number): void {
    if (peer.isClosed) return
    const { router } = this.#components
    const verdict = judgeDeparture({ dueAtMs, elapsedMs, isIdle: () => router.isIdle(peer) }, this.#limits)
    if (verdict === 'stay') return
    if (verdict === 'drain') {
      router.drain(peer)
      return
    }
    if (verdict === 'cut') this.#cutCount += 1
    peer.close(CLOSE.restart.code, 'service restart')
  }
}
