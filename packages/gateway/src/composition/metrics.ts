// What a monitoring system is told, gathered from where it is counted.

import type { MetricFacts } from '../observe/metric-table.ts'
import { Metrics } from '../observe/metrics.ts'
import type { Router } from '../rpc/router.ts'
import type { Audience } from './audience.ts'
import type { Entrance } from './entrance.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'

export interface MetricsParts {
  readonly version: string
  readonly observation: Observation
  readonly state: State
  readonly audience: Audience
  readonly router: Router
  readonly entrance: () => Entrance
  readonly limitCounters: () => Readonly<Record<string, number>>
}

export const createMetrics = (parts: MetricsParts): Metrics =>
  new Metrics({
    facts: () => gather(parts),
    listen: (listener) => {
      parts.router.onAnswered = listener
    },
  })

function gather({ version, observation, state, audience, router, entrance, limitCounters }: MetricsParts): MetricFacts {
  const { loop, spans, log, failures, closed } = observation
  const { listener, pacer } = entrance()
  const { broadcaster, peers } = audience
  const store = state.store.status()
  const connectionsByRole = new Map<string, number>()
  let outboundBytes = 0
  for (const { identity, outbound } of peers.all()) {
    connectionsByRole.set(identity.role, (connectionsByRole.get(identity.role) ?? 0) + 1)
    outboundBytes += outbound.waitingBytes
  }
  return {
    version,
    connectionsByRole,
    openSockets: listener.openCount,
    admittedCount: peers.admittedCount,
    failedHandshakes: failures.counts,
    closedByCode: closed.byCode,
    events: broadcaster.counts,
    eventsDroppedCount: broadcaster.droppedCount,
    queueDepths: {
      accept: listener.queuedCount,
      challenge: pacer.waitingCount,
      handshake: pacer.outstandingCount,
      rpc: router.waitingCount,
      store: store.queue.waitingChanges,
    },
    queueBytes: { outbound: outboundBytes, store: store.queue.waitingBytes, log: log.status().waitingBytes },
    // Failed handshakes have a figure of their own.
    limitHits: Object.fromEntries(Object.entries(limitCounters()).filter(([name]) => !name.startsWith('handshake.'))),
    loop: loop.health(),
    loopStalledMs: loop.stalledMs(),
    loopStallCount: spans.stallCount,
    store,
    log: log.status(),
    process: processFacts(),
  }
}

function processFacts(): MetricFacts['process'] {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return {
    startedAtMs: performance.timeOrigin,
    cpuMs: (user + system) / 1_000,
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
  }
}
