// The command line of `npm run bench`: parsed and validated into options, or refused with a sentence.
import { parseArgs } from 'node:util'
import type { Plan } from './plan.ts'
import { SCENARIOS } from './scenarios/index.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { externalTarget, FLOOR, spawnedTarget, TARGET_NAMES, type Target } from './targets.ts'

export interface Options {
  readonly mode: Plan['mode']
  readonly json: boolean
  readonly strict: boolean
  readonly seed: string
  readonly scenarios: readonly Scenario[]
  readonly targets: readonly Target[]
}

const DEFAULT_TARGETS = [FLOOR, 'breakwater']

export const HELP = `Usage: npm run bench -- [options]

Measures targets by turns with the same client and prints their ratios to the floor.

  --targets a,b      what to start: ${TARGET_NAMES.join(', ')} (default ${DEFAULT_TARGETS.join(',')})
  --url ws://..      also measure a gateway that is already running
  --token T          its shared token
  --pid N            its process id, for CPU and memory figures
  --only a,b         scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --quick            smaller loads, under 90 s (full: under 10 min)
  --seed S           device identities (default 1)
  --strict           exit 1 when a limit is exceeded or cannot be judged
  --json             the result as JSON on standard output instead of the table
  --help`

/** Undefined asks for help; throws with a sentence for a person when the options make no sense. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      targets: { type: 'string', default: DEFAULT_TARGETS.join(',') },
      url: { type: 'string' },
      token: { type: 'string' },
      pid: { type: 'string' },
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      strict: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const targets: Target[] = namesIn(values.targets).map(spawnedTarget)
  if (values.url !== undefined) targets.push(toExternal(values.url, values.token, values.pid))
  return {
    mode: values.quick ? 'quick' : 'full',
    json: values.json,
    strict: values.strict,
    seed: values.seed,
    scenarios: values.only === undefined ? SCENARIOS : namesIn(values.only).map(scenarioNamed),
    targets,
  }
}

function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name)
  if (scenario === undefined) throw new Error(`no scenario "${name}": see --help`)
  return scenario
}

function toExternal(url: string, token: string | undefined, pid: string | undefined): Target {
  if (!/^ws:\/\//.test(url)) throw new Error(`--url must start with ws://, got "${url}"`)
  if (token === undefined) throw new Error('--url needs --token')
  if (pid !== undefined && !/^[1-9]\d*$/.test(pid)) throw new Error(`--pid must be a process id, got "${pid}"`)
  return externalTarget({ url, token }, pid === undefined ? undefined : Number(pid))
}

function namesIn(list: string): string[] {
  return list.split(',').filter((name) => name !== '')
}
