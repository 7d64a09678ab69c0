// A cheap read, system-presence, over one admin connection with several calls in flight: CPU each, and what the
// caller waits.
import { measureCpu } from '../running-server.ts'
import { microsecondsPer } from '../statistics.ts'
import type { Scenario } from './scenario.ts'

export const rpc: Scenario = {
  name: 'rpc',
  title: 'RPC',
  serverLives: 'scenario',
  metrics: ({ callsInFlight }) => [
    { key: 'cpuUs', label: 'CPU each', unit: 'µs', limits: [{ maxRatio: 3 }] },
    { key: 'p50Ms', label: `p50, ${callsInFlight} in flight`, unit: 'ms' },
    { key: 'p99Ms', label: `p99, ${callsInFlight} in flight`, unit: 'ms' },
  ],
  rounds: (plan) => plan.rounds,
  async warmUp({ server, load, plan }) {
    await load.run('rpc', server.endpoint, { count: plan.warmUpCalls, inFlight: plan.callsInFlight })
  },
  async measure({ server, load, plan }) {
    const { calls: count, callsInFlight: inFlight } = plan
    const { result, cpuMs } = await measureCpu(server, () => load.run('rpc', server.endpoint, { count, inFlight }))
    return { cpuUs: microsecondsPer(count, cpuMs), p50Ms: result.p50Ms, p99Ms: result.p99Ms }
  },
}
