// `npm run bench`: parse, measure every scenario on every target, print, store. Exit code 0 means that everything ran;
// exceeded limits are printed and only --strict turns them into a failure.
import { existsSync } from 'node:fs'
import { removeEverythingAtExit } from './children.ts'
import { LoadProcess } from './load-process.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { type Failure, measureScenario } from './measure.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { planFor } from './plan.ts'
import { formatReport } from './report.ts'
import { storeResult } from './result-file.ts'
import { type Figure, type RunResult, toFigures } from './results.ts'
import { type RunningServer, startServer } from './running-server.ts'
import { DEFAULT_FRAMES, FLOOR, type FrameSizes, type Target } from './targets.ts'

async function run({ mode, seed, scenarios, targets }: Options): Promise<RunResult> {
  const startedAt = new Date()
  const plan = planFor(mode)
  const machine = describeMachine()
  const signal = outOfTime(plan.timeLimitMs)
  const load = new LoadProcess(signal)
  const measuredFrames = await measureFrames(targets, load)
  const [frames, failures] = 'message' in measuredFrames ? [DEFAULT_FRAMES, [measuredFrames]] : [measuredFrames, []]
  const figures: Figure[] = []
  for (const scenario of scenarios) {
    process.stderr.write(`${scenario.name} ..`)
    const began = performance.now()
    const measured = await measureScenario(scenario, targets, { load, plan, seed, frames, signal })
    process.stderr.write(` ${((performance.now() - began) / 1_000).toFixed(1)} s\n`)
    figures.push(...toFigures(scenario, plan, measured))
    failures.push(...measured.failures)
  }
  await load.stop()
  return {
    schema: 1,
    ...describeCommit(),
    startedAt: startedAt.toISOString(),
    tookMs: Date.now() - startedAt.getTime(),
    seed,
    machine,
    plan,
    frames,
    targets: targets.map(({ name }) => name),
    figures,
    failures,
  }
}

/** Aborts when the whole run has taken too long; never keeps a finished run alive. */
function outOfTime(limitMs: number): AbortSignal {
  const controller = new AbortController()
  const reason = new Error(`the run's time limit of ${limitMs / 1_000} s is over`)
  setTimeout(() => controller.abort(reason), limitMs).unref()
  return controller.signal
}

/**
 * The floor imitates the frame sizes of the first real server in the run, so that both move the same bytes. A server
 * that cannot show them yet costs this comparison its fairness, which is reported, not the run.
 */
async function measureFrames(targets: readonly Target[], load: LoadProcess): Promise<FrameSizes | Failure> {
  const real = targets.find(({ name }) => name !== FLOOR)
  if (real === undefined) return DEFAULT_FRAMES
  let server: RunningServer | undefined
  try {
    server = await startServer(real, DEFAULT_FRAMES)
    return await load.run('measure-frames', server.endpoint, { trigger: real.trigger })
  } catch (error) {
    return { scenario: 'frame sizes', target: real.name, message: (error as Error).message }
  } finally {
    await server?.stop()
  }
}

function exitCodeOf({ figures, failures }: RunResult, isStrict: boolean): number {
  if (failures.length > 0) return 1
  const verdicts = figures.flatMap((figure) => Object.values(figure.verdicts))
  return isStrict && verdicts.some((verdict) => verdict !== 'ok') ? 1 : 0
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) {
    console.log(HELP)
    return 0
  }
  if (!existsSync('/proc/self/smaps_rollup')) throw new Error('CPU and memory are read from /proc: Linux only')
  removeEverythingAtExit()
  const result = await run(options)
  const file = storeResult(result)
  console.log(options.json ? JSON.stringify(result, undefined, 2) : `${formatReport(result)}\nstored as ${file}`)
  return exitCodeOf(result, options.strict)
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(`bench: ${(error as Error).message}`)
  // The exit handler ends what is still running; waiting for it to end by itself could take for ever.
  process.exit(1)
}
