// What one more idle connection costs in resident memory, and whether letting thousands in ever blocks the loop.
// The first reading is taken with some connections already open: what a process allocates once is not billed to them.
import { setTimeout as sleep } from 'node:timers/promises'
import { watchLoopDelay } from '../loop-delay.ts'
import { memoryOf } from '../running-server.ts'
import type { Bench, Scenario } from './scenario.ts'

const KB = 1e3
const CONNECT_CONCURRENCY = 32

export const connectionMemory: Scenario = {
  name: 'connection-memory',
  title: 'Idle connections',
  serverLives: 'round',
  metrics: ({ idleConnections }) => [
    { key: 'rssKB', label: `resident each, at ${idleConnections}`, unit: 'KB', limits: [{ maxValue: 45 }] },
    {
      key: 'loopMs',
      label: 'longest loop delay while growing',
      unit: 'ms',
      summary: 'worst',
      limits: [{ maxValue: 200 }],
    },
  ],
  rounds: (plan) => plan.freshRounds,
  async measure(bench) {
    const { server, load, plan } = bench
    const added = plan.idleConnections - plan.baselineConnections
    const baseline = await growBy(plan.baselineConnections, bench)
    const { result: grown, loopDelayMs: loopMs } = await watchLoopDelay(server, () => growBy(added, bench))
    await load.run('release', server.endpoint, {})
    if (baseline === undefined || grown === undefined) return { loopMs }
    return { rssKB: (grown - baseline) / added / KB, loopMs }
  },
}

/** Opens `count` more connections and resolves with the resident bytes after they went quiet. */
async function growBy(count: number, { server, load, plan }: Bench): Promise<number | undefined> {
  await load.run('hold', server.endpoint, { count, concurrency: CONNECT_CONCURRENCY })
  await sleep(plan.settleMs)
  return memoryOf(server)?.rssBytes
}
