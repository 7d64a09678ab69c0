// How the event loop is doing, sampled once a second: delay, utilisation, processor share, and whether that is too much.
// Publishes figures and records unexplained stalls; what to shed under pressure is decided elsewhere.

import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Logger } from './logger.ts'
import { type Spans, STALL_MS } from './spans.ts'
import type { StabilityRecorder } from './stability-log.ts'
import type { StallClock } from './stall-clock.ts'

export type LoopTrouble = 'event_loop_delay' | 'event_loop_utilization' | 'cpu'

/** `health.eventLoop` of the wire. */
export interface LoopHealth {
  readonly degraded: boolean
  /** How long it has been degraded, in milliseconds; null when it is not. */
  readonly degradedSinceMs: number | null
  readonly reasons: readonly LoopTrouble[]
  /** Length of the sampled interval. */
  readonly intervalMs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** Share of the interval in which the loop had work, 0..1. */
  readonly utilization: number
  /** Processor time of the process over elapsed time; above 1 when several threads are busy. */
  readonly cpuCoreRatio: number
}

/** Raw figures of one interval. */
export interface LoopSample {
  readonly intervalMs: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly utilization: number
  readonly cpuCoreRatio: number
}

/** Where samples come from: the platform, or a script in tests. */
export interface LoopProbe {
  start(): void
  stop(): void
  /** Figures since the last call. */
  take(): LoopSample
}

export interface LoopMonitorComponents {
  readonly stallClock: StallClock
  readonly spans: Spans
  readonly log: Logger
  readonly stability?: StabilityRecorder
  readonly probe?: LoopProbe
}

const SAMPLE_MS = 1_000
/** From here on the loop counts as degraded. */
const DEGRADED = { delayP99Ms: 500, utilization: 0.95, cpuCoreRatio: 1 } as const

export class LoopMonitor {
  readonly #stallClock: StallClock
  readonly #spans: Spans
  readonly #log: Logger
  readonly #stability: StabilityRecorder | undefined
  readonly #probe: LoopProbe
  #timer: NodeJS.Timeout | undefined
  #health: LoopHealth = judgeLoop(
    { intervalMs: 0, delayP99Ms: 0, delayMaxMs: 0, utilization: 0, cpuCoreRatio: 0 },
    undefined,
  )
  #explainedStalls = 0

  constructor({ stallClock, spans, log, stability, probe = new PlatformProbe() }: LoopMonitorComponents) {
    this.#stallClock = stallClock
    this.#spans = spans
    this.#log = log
    this.#stability = stability
    this.#probe = probe
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#probe.start()
    this.#explainedStalls = this.#spans.stallCount
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#probe.stop()
  }

  /** Figures of the last whole second; zeros before the first one. */
  health(): LoopHealth {
    return this.#health
  }

  /** Total time the loop was held up since the start. */
  stalledMs(): number {
    return Math.round(this.#stallClock.stalledMs())
  }

  #sample(): void {
    const sample = this.#probe.take()
    const wasDegraded = this.#health.degraded
    this.#health = judgeLoop(sample, this.#health)
    if (this.#health.degraded !== wasDegraded) {
      this.#stability?.record(wasDegraded ? 'loop.recovered' : 'loop.degraded', { ...this.#health })
    }
    this.#recordStall(sample)
  }

  /** A stall that a span has explained is not recorded a second time. */
  #recordStall({ delayMaxMs }: LoopSample): void {
    const isExplained = this.#spans.stallCount !== this.#explainedStalls
    this.#explainedStalls = this.#spans.stallCount
    if (isExplained) this.#stability?.record('loop.stalled', { ...this.#spans.lastStall })
    else if (delayMaxMs > STALL_MS) {
      const stall = { owner: 'unlabelled', durationMs: Math.round(delayMaxMs) }
      this.#log.warn('event loop stalled', stall)
      this.#stability?.record('loop.stalled', stall)
    }
  }
}

/** Judges a sample; `before` says since when it has been bad. */
export function judgeLoop(sample: LoopSample, before: LoopHealth | undefined): LoopHealth {
  const reasons: LoopTrouble[] = []
  if (sample.delayP99Ms >= DEGRADED.delayP99Ms) reasons.push('event_loop_delay')
  if (sample.utilization >= DEGRADED.utilization) reasons.push('event_loop_utilization')
  if (sample.cpuCoreRatio >= DEGRADED.cpuCoreRatio) reasons.push('cpu')
  const degraded = reasons.length > 0
  const intervalMs = Math.round(sample.intervalMs)
  return {
    degraded,
    degradedSinceMs: degraded ? (before?.degradedSinceMs ?? 0) + intervalMs : null,
    reasons,
    intervalMs,
    delayP99Ms: round(sample.delayP99Ms, 10),
    delayMaxMs: round(sample.delayMaxMs, 10),
    utilization: round(sample.utilization, 1_000),
    cpuCoreRatio: round(sample.cpuCoreRatio, 1_000),
  }
}

const round = (value: number, steps: number): number => Math.round(value * steps) / steps

const RESOLUTION_MS = 20
const NS_PER_MS = 1e6

/** The platform's own measurement. Its histogram counts the timer's period as delay; that part is taken off. */
class PlatformProbe implements LoopProbe {
  #histogram: ReturnType<typeof monitorEventLoopDelay> | undefined
  #utilization: EventLoopUtilization = performance.eventLoopUtilization()
  #cpu = process.cpuUsage()
  #takenAt = performance.now()

  start(): void {
    this.#histogram ??= monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    this.#histogram.enable()
    this.take()
  }

  stop(): void {
    this.#histogram?.disable()
  }

  take(): LoopSample {
    const now = performance.now()
    const intervalMs = Math.max(now - this.#takenAt, 1)
    const utilization = performance.eventLoopUtilization()
    const cpu = process.cpuUsage()
    const cpuMs = (cpu.user - this.#cpu.user + cpu.system - this.#cpu.system) / 1_000
    const sample = {
      intervalMs,
      delayP99Ms: this.#delayMs(this.#histogram?.percentile(99)),
      delayMaxMs: this.#delayMs(this.#histogram?.max),
      utilization: performance.eventLoopUtilization(utilization, this.#utilization).utilization,
      cpuCoreRatio: cpuMs / intervalMs,
    }
    this.#takenAt = now
    this.#utilization = utilization
    this.#cpu = cpu
    this.#histogram?.reset()
    return sample
  }

  #delayMs(nanoseconds = 0): number {
    const isEmpty = this.#histogram === undefined || this.#histogram.count === 0
    return isEmpty ? 0 : Math.max(0, nanoseconds / NS_PER_MS - RESOLUTION_MS)
  }
}
