// Many clients at the same moment, as after a network came back: how many attempts fail, how long until all are in,
// and how long the server's loop was blocked. Clients that fail back off as stock clients do.
import { watchLoopDelay } from '../loop-delay.ts'
import type { Plan } from '../plan.ts'
import type { Limit, Metric, Scenario } from './scenario.ts'

export const crowd: Scenario = {
  name: 'crowd',
  title: 'Clients at once',
  serverLives: 'round',
  metrics: (plan) => [
    ...plan.crowdSizes.flatMap((size) => metricsOf(size, size === largestOf(plan))),
    {
      key: 'loopMs',
      label: `${largestOf(plan)}: longest loop delay`,
      unit: 'ms',
      summary: 'worst',
      limits: [{ maxValue: 200 }],
    },
  ],
  rounds: (plan) => plan.freshRounds,
  async measure({ server, load, plan }) {
    const sample: Record<string, number | undefined> = {}
    for (const size of plan.crowdSizes) {
      const enter = () => load.run('crowd', server.endpoint, { count: size })
      const { result, loopDelayMs } =
        size === largestOf(plan) ? await watchLoopDelay(server, enter) : { result: await enter() }
      sample[`failed${size}`] = result.failedAttempts
      sample[`totalMs${size}`] = result.totalMs
      if (loopDelayMs !== undefined) sample.loopMs = loopDelayMs
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
  ]
}

function largestOf({ crowdSizes }: Plan): number {
  return Math.max(...crowdSizes)
}
