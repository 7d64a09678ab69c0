// Figures for a monitoring system, on or off while the gateway runs. Off, nothing is loaded and nothing is measured.

import type { AnswerListener } from '../rpc/router.ts'
import type { MetricFacts } from './metric-table.ts'
import type { PrometheusExporter, Scrape } from './prometheus.ts'

export interface MetricsComponents {
  readonly facts: () => MetricFacts
  /** Begins or ends the measuring of answers. */
  readonly listen: (listener: AnswerListener | undefined) => void
  readonly load?: () => Promise<typeof import('./prometheus.ts')>
}

export class Metrics {
  readonly #components: Required<MetricsComponents>
  #isWanted = false
  #exporter: PrometheusExporter | undefined

  constructor(components: MetricsComponents) {
    this.#components = { load: () => import('./prometheus.ts'), ...components }
  }

  get isEnabled(): boolean {
    return this.#exporter !== undefined
  }

  /** The last call wins, whatever the order in which loading ends. Rejects when the exporter cannot be loaded. */
  async setEnabled(isWanted: boolean): Promise<void> {
    this.#isWanted = isWanted
    if (!isWanted) {
      this.#exporter = undefined
      this.#components.listen(undefined)
      return
    }
    if (this.#exporter !== undefined) return
    const { PrometheusExporter } = await this.#components.load()
    if (!this.#isWanted || this.#exporter !== undefined) return
    const exporter = new PrometheusExporter({ facts: this.#components.facts })
    this.#exporter = exporter
    this.#components.listen((method, outcome, durationMs) => exporter.answered(method, outcome, durationMs))
  }

  /** Undefined while metrics are off. */
  async scrape(): Promise<Scrape | undefined> {
    return await this.#exporter?.scrape()
  }
}
