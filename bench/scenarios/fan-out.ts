// CPU per delivered event with many subscribers. Events are counted where they arrive; the request that triggers each
// one is included, spread over all its deliveries.
import { measureCpu } from '../running-server.ts'
import { microsecondsPer } from '../statistics.ts'
import type { Bench, Scenario } from './scenario.ts'

const CONNECT_CONCURRENCY = 8

export const fanOut: Scenario = {
  name: 'fan-out',
  title: 'Event fan-out',
  serverLives: 'scenario',
  metrics: ({ subscribers }) => [
    { key: 'cpuUs', label: `CPU per delivery, ${subscribers} subscribers`, unit: 'µs', limits: [{ maxRatio: 1.5 }] },
    { key: 'missed', label: 'events not delivered', unit: '', summary: 'worst' },
  ],
  rounds: (plan) => plan.rounds,
  warmUp: async (bench) => void (await broadcast(bench, bench.plan.warmUpTriggers)),
  measure: (bench) => broadcast(bench, bench.plan.triggers),
}

async function broadcast({ server, load, plan }: Bench, triggers: number) {
  const { endpoint, target } = server
  await load.run('hold', endpoint, { count: plan.subscribers, concurrency: CONNECT_CONCURRENCY })
  const { result, cpuMs } = await measureCpu(server, () =>
    load.run('fan-out', endpoint, { triggers, trigger: target.trigger }),
  )
  await load.run('release', endpoint, {})
  if (result.delivered === 0) throw new Error(`${target.trigger.method} delivered no ${target.trigger.event} event`)
  return {
    cpuUs: microsecondsPer(result.delivered, cpuMs),
    missed: triggers * plan.subscribers - result.delivered,
  }
}
