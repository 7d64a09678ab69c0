// The result of a run as data: what is stored, compared and printed. Summaries and verdicts are computed here, once.
import type { Failure, Measured } from './measure.ts'
import type { Plan } from './plan.ts'
import type { Limit, Metric, Scenario } from './scenarios/scenario.ts'
import { median, pairedRatio } from './statistics.ts'
import { FLOOR, type FrameSizes } from './targets.ts'

export type Verdict = 'ok' | 'over' | 'unknown'

export interface TargetFigure {
  /** Every round in the order it was measured. */
  readonly rounds: readonly number[]
  /** Median or worst of the rounds, as the metric says. */
  readonly value: number
  readonly min: number
  readonly max: number
  /** Median of the round-by-round ratios to the floor; absent for the floor, without one, and for a worst round. */
  readonly ratio?: number
}

export interface Figure {
  readonly scenario: string
  readonly title: string
  readonly metric: Metric
  /** By target name; a target that cannot give this figure is left out. */
  readonly targets: Readonly<Record<string, TargetFigure>>
  /** By target name, for every target but the floor, when the metric has limits. */
  readonly verdicts: Readonly<Record<string, Verdict>>
}

export interface Machine {
  readonly cpuModel: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly node: string
  /** One-minute load average when the run began: above the idle value, wall times are not worth keeping. */
  readonly loadAverage: number
}

export interface RunResult {
  readonly schema: 1
  readonly commit: string
  /** Whether the working tree differed from the commit. */
  readonly dirty: boolean
  readonly startedAt: string
  readonly tookMs: number
  readonly seed: string
  readonly machine: Machine
  readonly plan: Plan
  readonly frames: FrameSizes
  readonly targets: readonly string[]
  readonly figures: readonly Figure[]
  readonly failures: readonly Failure[]
}

export function toFigures(scenario: Scenario, plan: Plan, { samples }: Measured): Figure[] {
  return scenario.metrics(plan).map((metric) => {
    const roundsOf = (name: string) => (samples.get(name) ?? []).flatMap((sample) => sample[metric.key] ?? [])
    const floor = roundsOf(FLOOR)
    const targets: Record<string, TargetFigure> = {}
    const verdicts: Record<string, Verdict> = {}
    for (const name of samples.keys()) {
      const rounds = roundsOf(name)
      const figure = rounds.length > 0 ? toTargetFigure(metric, rounds, name === FLOOR ? [] : floor) : undefined
      if (figure !== undefined) targets[name] = figure
      if (metric.limits !== undefined && name !== FLOOR) verdicts[name] = judge(metric.limits, figure)
    }
    return { scenario: scenario.name, title: scenario.title, metric, targets, verdicts }
  })
}

function toTargetFigure(metric: Metric, rounds: readonly number[], floor: readonly number[]): TargetFigure {
  const [min, max] = [Math.min(...rounds), Math.max(...rounds)]
  if (metric.summary === 'worst') return { rounds, value: max, min, max }
  const ratio = pairedRatio(rounds, floor)
  return { rounds, value: median(rounds), min, max, ...(Number.isFinite(ratio) && { ratio }) }
}

/** A limit that nothing can be held against is `unknown`: not measured is not the same as kept. */
export function judge(limits: readonly Limit[], figure: Pick<TargetFigure, 'value' | 'ratio'> | undefined): Verdict {
  const verdicts = limits.map((limit): Verdict => {
    const [measured, most] = 'maxRatio' in limit ? [figure?.ratio, limit.maxRatio] : [figure?.value, limit.maxValue]
    if (measured === undefined) return 'unknown'
    return measured <= most ? 'ok' : 'over'
  })
  return verdicts.find((verdict) => verdict === 'over') ?? verdicts.find((verdict) => verdict === 'unknown') ?? 'ok'
}
