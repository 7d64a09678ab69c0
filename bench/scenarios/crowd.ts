// Many clients at the same moment, as after a network came back: how many attempts fail, how long until all are in,
// and how long the server's loop was blocked. Clients that fail back off as stock clients do.
import { loopDelayMaxMs } from '../running-server.ts'
import type { Limit, Metric, Scenario } from './scenario.ts'

export const crowd: Scenario = {
  name: 'crowd',
  title: 'Clients at once',
  serverLives: 'round',
  metrics: ({ crowdSizes }) => crowdSizes.flatMap((size) => metricsOf(size, size === Math.max(...crowdSizes))),
  rounds: (plan) => plan.freshRounds,
  async measure({ server, load, plan }) {
    const sample: Record<string, number | undefined> = {}
    for (const size of plan.crowdSizes) {
      // Reading ends the server's measuring window, so what came before this crowd is not held against it.
      await loopDelayMaxMs(server)
      const { failedAttempts, totalMs } = await load.run('crowd', server.endpoint, { count: size })
      sample[`failed${size}`] = failedAttempts
      sample[`totalMs${size}`] = totalMs
      sample[`loopMs${size}`] = await loopDelayMaxMs(server)
    }
    return sample
  },
}

/** Limits are set for the largest crowd; the smaller ones inform. */
function metricsOf(size: number, isLargest: boolean): Metric[] {
  const limit = (value: Limit) => (isLargest ? { limits: [value] } : {})
  return [
    { key: `failed${size}`, label: `${size}: failed attempts`, unit: '', summary: 'worst', ...limit({ maxValue: 0 }) },
    { key: `totalMs${size}`, label: `${size}: until all are in`, unit: 'ms', ...limit({ maxRatio: 2 }) },
    {
      key: `loopMs${size}`,
      label: `${size}: longest loop delay`,
      unit: 'ms',
      summary: 'worst',
      ...limit({ maxValue: 200 }),
    },
  ]
}
