// The figures in the Prometheus text format. The only importer of `prom-client`, and itself imported only while metrics
// are on. Holds nothing but the durations of requests; everything else is read at each scrape.

import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS, type Metric, type MetricFacts, RPC_DURATION } from './metric-table.ts'

export interface Scrape {
  readonly contentType: string
  readonly body: string
}

export class PrometheusExporter {
  readonly #registry = new Registry()
  readonly #facts: () => MetricFacts
  readonly #durations: Histogram<'method' | 'outcome'>
  /** Children by method and outcome: finding one by its labels costs more than counting. */
  readonly #children = new Map<string, { observe(seconds: number): void }>()
  readonly #collectors: readonly ((facts: MetricFacts) => void)[]

  constructor({ facts }: { readonly facts: () => MetricFacts }) {
    this.#facts = facts
    const registers = [this.#registry]
    const { name, help, labels, bucketsSeconds } = RPC_DURATION
    this.#durations = new Histogram({ name, help, labelNames: [...labels], buckets: [...bucketsSeconds], registers })
    this.#collectors = METRICS.map((metric) => collectorOf(metric, this.#registry))
  }

  answered(method: string, outcome: string, durationMs: number): void {
    const key = `${method} ${outcome}`
    let child = this.#children.get(key)
    if (child === undefined) {
      child = this.#durations.labels({ method, outcome })
      this.#children.set(key, child)
    }
    child.observe(durationMs / 1_000)
  }

  async scrape(): Promise<Scrape> {
    const facts = this.#facts()
    for (const collect of this.#collectors) collect(facts)
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() }
  }
}

function collectorOf({ name, type, help, labels, read }: Metric, registry: Registry): (facts: MetricFacts) => void {
  const configuration = { name, help, labelNames: [...labels], registers: [registry] }
  if (type === 'gauge') {
    const gauge = new Gauge(configuration)
    return (facts) => {
      gauge.reset()
      for (const { labels, value } of read(facts)) gauge.set(labels, value)
    }
  }
  // The count is kept where the thing happens; the library's counter only carries it over.
  const counter = new Counter(configuration)
  return (facts) => {
    counter.reset()
    for (const { labels, value } of read(facts)) counter.inc(labels, value)
  }
}
