// How often each named limit has bitten since the start, for `status` and metrics (law 10). A new limit gets a line here.

import type { OwnerGuard } from '../http/owner-guard.ts'
import type { PairingPlane } from '../pairing/pairing-plane.ts'
import type { Router } from '../rpc/router.ts'
import type { Audience } from './audience.ts'
import type { Entrance } from './entrance.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'

export interface LimitedParts {
  readonly observation: Observation
  readonly state: State
  readonly audience: Audience
  readonly pairing: PairingPlane
  readonly router: () => Router
  readonly entrance: () => Entrance
  readonly guard: OwnerGuard
}

export type LimitCounters = () => Readonly<Record<string, number>>

export const limitCountersOf =
  ({ observation, state, audience, pairing, router, entrance, guard }: LimitedParts): LimitCounters =>
  () => ({
    acceptDropped: entrance().listener.droppedCount,
    challengeRefused: entrance().pacer.refusedCount,
    requestsRefused: router().refusedCount,
    presenceEvicted: audience.presence.evictedCount,
    unknownEvents: audience.broadcaster.unknownEventCount,
    eventsDropped: audience.broadcaster.droppedCount,
    slowConsumers: audience.broadcaster.slowConsumerCount,
    storeRefused: state.store.status().queue.refusedCount,
    logLinesLost: observation.log.status().lostCount,
    ownerGuesses: guard.guessCount,
    ownerRefusedUnchecked: guard.refusedUncheckedCount,
    ...pairing.counters(),
    ...Object.fromEntries([...observation.failures.counts].map(([cause, count]) => [`handshake.${cause}`, count])),
  })
