// CPU per handshake, from accepted socket to hello-ok and closed again: with the shared token, and with a known
// device's signature. A device is known because it connected once before anything is measured.
import type { Given } from '../load-jobs.ts'
import { measureCpu } from '../running-server.ts'
import { microsecondsPer } from '../statistics.ts'
import type { Bench, Scenario } from './scenario.ts'

type Devices = Given<'handshakes'>['devices']

export const tokenHandshake = handshakeScenario('token-handshake', 'Token handshake', 2, () => undefined)

export const signedHandshake = handshakeScenario('signed-handshake', 'Signed handshake', 2.5, ({ plan, seed }) => ({
  seed,
  count: plan.knownDevices,
}))

function handshakeScenario(
  name: string,
  title: string,
  maxRatio: number,
  devicesOf: (bench: Bench) => Devices,
): Scenario {
  const shake = (bench: Bench, count: number, concurrency: number) => {
    const devices = devicesOf(bench)
    return bench.load.run('handshakes', bench.server.endpoint, { count, concurrency, ...(devices && { devices }) })
  }
  return {
    name,
    title,
    serverLives: 'scenario',
    metrics: () => [
      { key: 'cpuUs', label: 'CPU each', unit: 'µs', limits: [{ maxRatio }] },
      { key: 'p50Ms', label: 'dial to hello, p50', unit: 'ms' },
      { key: 'p99Ms', label: 'dial to hello, p99', unit: 'ms' },
    ],
    rounds: (plan) => plan.rounds,
    async warmUp(bench) {
      // One at a time first: a device pairs on its first connection, which must not race with its second.
      await shake(bench, bench.plan.knownDevices, 1)
      await shake(bench, bench.plan.warmUpHandshakes, bench.plan.handshakeConcurrency)
    },
    async measure(bench) {
      const { handshakes, handshakeConcurrency } = bench.plan
      const run = await measureCpu(bench.server, () => shake(bench, handshakes, handshakeConcurrency))
      const { p50Ms, p99Ms } = run.result
      return { cpuUs: microsecondsPer(handshakes, run.cpuMs), p50Ms, p99Ms }
    },
  }
}
