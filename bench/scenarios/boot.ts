// From spawning the process, on an empty state directory, to the first hello-ok a client receives.
import type { Scenario } from './scenario.ts'

export const boot: Scenario = {
  name: 'boot',
  title: 'Boot',
  serverLives: 'round',
  metrics: () => [{ key: 'bootMs', label: 'spawn to first hello-ok', unit: 'ms', limits: [{ maxValue: 700 }] }],
  rounds: (plan) => plan.bootRounds,
  measure: async ({ server }) => ({ bootMs: server.bootMs }),
}
