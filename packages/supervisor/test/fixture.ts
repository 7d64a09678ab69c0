// Test support: a supervisor on a fake clock and a seeded generator, with everything it reports kept for inspection.

import { Supervisor, type SupervisorOptionsInput, type Warning } from '../src/index.ts'
import { FakeClock, seededRandom } from '../src/testing/index.ts'

export interface Fixture {
  readonly clock: FakeClock
  readonly supervisor: Supervisor
  readonly warnings: Warning[]
  readonly faults: unknown[]
}

export function createFixture(options: SupervisorOptionsInput = {}, random = seededRandom(1)): Fixture {
  const clock = new FakeClock()
  const warnings: Warning[] = []
  const faults: unknown[] = []
  const components = {
    clock,
    random,
    onWarning: (warning: Warning) => warnings.push(warning),
    onFault: (error: unknown) => faults.push(error),
  }
  return { clock, supervisor: new Supervisor(components, options), warnings, faults }
}
