// What a scenario is: a name, the figures it yields with their limits, and one function that takes them once from one
// running server. Turn-taking, medians and verdicts are not its business.
import type { LoadProcess } from '../load-process.ts'
import type { Plan } from '../plan.ts'
import type { RunningServer } from '../running-server.ts'

/** `maxRatio` compares with the floor measured in the same run; `maxValue` is absolute, in the metric's own unit. */
export type Limit = { readonly maxRatio: number } | { readonly maxValue: number }

export interface Metric {
  readonly key: string
  readonly label: string
  readonly unit: 'ms' | 'µs' | 'MB' | 'KB' | ''
  /** The figure that stands for all rounds: the median unless a single bad round is what matters. */
  readonly summary?: 'median' | 'worst'
  /** Each one must hold; none means that the figure informs. */
  readonly limits?: readonly Limit[]
}

/** One round's figures by metric key; a figure that this server cannot give is left out. */
export type Sample = Readonly<Record<string, number | undefined>>

export interface Bench {
  readonly server: RunningServer
  readonly load: LoadProcess
  readonly plan: Plan
  readonly seed: string
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** A fresh server for every round, or one that is warmed up once and kept for all rounds. */
  readonly serverLives: 'round' | 'scenario'
  readonly metrics: (plan: Plan) => readonly Metric[]
  readonly rounds: (plan: Plan) => number
  readonly warmUp?: (bench: Bench) => Promise<void>
  readonly measure: (bench: Bench) => Promise<Sample>
}
