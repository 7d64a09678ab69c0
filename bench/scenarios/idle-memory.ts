// Memory of the whole process tree with nobody connected, after it had time to settle.
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../running-server.ts'
import type { Scenario } from './scenario.ts'

const MB = 1e6

export const idleMemory: Scenario = {
  name: 'idle-memory',
  title: 'Idle memory',
  serverLives: 'round',
  metrics: () => [
    { key: 'rssMB', label: 'resident, process tree', unit: 'MB', limits: [{ maxValue: 120 }] },
    { key: 'pssMB', label: 'proportional share', unit: 'MB' },
  ],
  rounds: (plan) => plan.freshRounds,
  async measure({ server, plan }) {
    await sleep(plan.settleMs)
    const memory = memoryOf(server)
    return memory ? { rssMB: memory.rssBytes / MB, pssMB: memory.pssBytes / MB } : {}
  },
}
