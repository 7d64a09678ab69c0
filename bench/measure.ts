// Takes a scenario's figures from every target by turns: floor, ours, ours, floor .. so that whatever else the machine
// is doing meets all of them alike. A target that fails is reported and left out of the rest of that scenario.
import type { LoadProcess } from './load-process.ts'
import type { Plan } from './plan.ts'
import { type RunningServer, startServer } from './running-server.ts'
import type { Bench, Sample, Scenario } from './scenarios/scenario.ts'
import type { FrameSizes, Target } from './targets.ts'

export interface Failure {
  readonly scenario: string
  readonly target: string
  readonly message: string
}

export interface Measured {
  /** One sample per round, by target name. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>
  readonly failures: readonly Failure[]
}

export interface MeasureContext {
  readonly load: LoadProcess
  readonly plan: Plan
  readonly seed: string
  readonly frames: FrameSizes
  /** Aborted when the whole run is out of time: every later round fails at once. */
  readonly signal: AbortSignal
}

export async function measureScenario(
  scenario: Scenario,
  targets: readonly Target[],
  context: MeasureContext,
): Promise<Measured> {
  const turns = targets.map((target) => new TargetTurns(scenario, target, context))
  const rounds = scenario.rounds(context.plan)
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? turns : turns.toReversed()
    for (const turn of order) await turn.take()
  }
  for (const turn of turns) await turn.end()
  return {
    samples: new Map(turns.map(({ target, samples }) => [target.name, samples])),
    failures: turns.flatMap(({ failure }) => failure ?? []),
  }
}

/** One target's part in one scenario: its server, its samples, and why it dropped out if it did. */
class TargetTurns {
  readonly target: Target
  readonly samples: Sample[] = []
  failure: Failure | undefined
  readonly #scenario: Scenario
  readonly #context: MeasureContext
  #server: RunningServer | undefined

  constructor(scenario: Scenario, target: Target, context: MeasureContext) {
    this.#scenario = scenario
    this.target = target
    this.#context = context
  }

  async take(): Promise<void> {
    if (this.failure !== undefined) return
    try {
      this.#context.signal.throwIfAborted()
      this.samples.push(await this.#scenario.measure(await this.#ready()))
      if (this.#scenario.serverLives === 'round') await this.end()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.failure = { scenario: this.#scenario.name, target: this.target.name, message }
      await this.#context.load.restart()
      await this.end()
    }
  }

  async end(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    await server?.stop()
  }

  async #ready(): Promise<Bench> {
    const { load, plan, seed, frames } = this.#context
    if (this.#server !== undefined) return { server: this.#server, load, plan, seed }
    this.#server = await startServer(this.target, frames)
    const bench = { server: this.#server, load, plan, seed }
    await this.#scenario.warmUp?.(bench)
    return bench
  }
}
