// The heartbeat of the default agent: whether it beats, what the last beat did, and waking it ahead of time.
// Running an agent is not done here: a runner is plugged in by the agent runtime, and a beat without one says so.

import type { Broadcaster } from '../events/broadcaster.ts'
import type { Clock } from '../observe/clock.ts'
import type { Logger } from '../observe/logger.ts'

/** The wire's heartbeat record: payload of the `heartbeat` event and answer of `last-heartbeat`. */
export interface HeartbeatRecord {
  /** Epoch milliseconds at the end of the beat. */
  readonly ts: number
  readonly status: 'sent' | 'ok-empty' | 'ok-token' | 'skipped' | 'failed'
  readonly reason?: string
  readonly preview?: string
  readonly silent?: boolean
  readonly durationMs?: number
}

export type BeatOutcome = Omit<HeartbeatRecord, 'ts' | 'durationMs'>

/** Runs one beat of an agent; must not throw for an agent's failure, only for a fault. */
export type HeartbeatRunner = (wake: WakeRequest) => Promise<BeatOutcome>

export interface WakeRequest {
  readonly sessionKey: string
  readonly reason: string
}

export interface HeartbeatsComponents {
  readonly broadcaster: Pick<Broadcaster, 'publish'>
  readonly clock: Clock
  readonly log: Logger
}

/** How health and status describe an agent's heartbeat. */
export const HEARTBEAT_PLAN = {
  every: '30m',
  everyMs: 1_800_000,
  prompt: 'Look at what is waiting for you. If nothing needs attention, answer NO_REPLY.',
  target: 'owner',
  ackMaxChars: 300,
} as const

export class Heartbeats {
  readonly #broadcaster: Pick<Broadcaster, 'publish'>
  readonly #clock: Clock
  readonly #log: Logger
  #runner: HeartbeatRunner | undefined
  #isEnabled = true
  #isBeating = false
  #last: HeartbeatRecord | null = null

  constructor({ broadcaster, clock, log }: HeartbeatsComponents) {
    this.#broadcaster = broadcaster
    this.#clock = clock
    this.#log = log
  }

  get isEnabled(): boolean {
    return this.#isEnabled
  }

  /** Null until the first beat of this process. */
  get last(): HeartbeatRecord | null {
    return this.#last
  }

  setEnabled(enabled: boolean): void {
    this.#isEnabled = enabled
  }

  /** Undefined takes the runner away; beats then are skipped. */
  setRunner(runner: HeartbeatRunner | undefined): void {
    this.#runner = runner
  }

  /** One beat now. Resolves when it is over; never rejects. A beat while another runs is skipped without a record. */
  async beat(wake: WakeRequest): Promise<void> {
    if (this.#isBeating) return
    this.#isBeating = true
    const startedAtMs = this.#clock.nowMs()
    try {
      const outcome = await this.#run(wake)
      const ts = this.#clock.nowMs()
      this.#last = { ts, ...outcome, durationMs: Math.max(0, ts - startedAtMs) }
      this.#broadcaster.publish('heartbeat', this.#last)
    } finally {
      this.#isBeating = false
    }
  }

  async #run(wake: WakeRequest): Promise<BeatOutcome> {
    if (!this.#isEnabled) return { status: 'skipped', reason: 'disabled' }
    if (this.#runner === undefined) return { status: 'skipped', reason: 'no-agent-runtime' }
    try {
      return await this.#runner(wake)
    } catch (error) {
      this.#log.error('heartbeat failed', { sessionKey: wake.sessionKey, error: String(error) })
      return { status: 'failed', reason: 'runner-fault' }
    }
  }
}
