// When the next snapshot is due. A single change after a quiet time is copied soon; under steady change there is one
// snapshot per interval. Decides only when; what a snapshot is, and where, is the writer's business.

import type { Clock, Timer } from '@breakwater/supervisor'
import type { StoreStatus } from '../store.ts'

export interface SnapshotScheduleComponents {
  readonly clock: Clock
  readonly take: () => Promise<{ readonly takenAtMs: number }>
  readonly onFailure: (error: unknown) => void
}

export interface SnapshotScheduleOptions {
  readonly snapshotMaxAgeMs: number
  readonly snapshotSettleMs: number
}

export class SnapshotSchedule {
  readonly #components: SnapshotScheduleComponents
  readonly #options: SnapshotScheduleOptions
  #dirtySince: number | undefined
  #lastStart = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #isClosed = false
  #takenCount = 0
  #failedCount = 0
  #lastAtMs: number | undefined

  constructor(components: SnapshotScheduleComponents, options: SnapshotScheduleOptions) {
    this.#components = components
    this.#options = options
  }

  /** Something was committed that ought to be in a snapshot. */
  changed(): void {
    this.#dirtySince ??= this.#components.clock.now()
    this.#arm()
  }

  /** Takes a last snapshot when there is something to copy. */
  async close(): Promise<void> {
    this.stop()
    await this.#running
    if (this.#dirtySince !== undefined) await this.#take()
  }

  /** Takes no more: there is nobody left to take them. */
  stop(): void {
    this.#isClosed = true
    this.#disarm()
  }

  status(): NonNullable<StoreStatus['snapshots']> {
    return {
      takenCount: this.#takenCount,
      failedCount: this.#failedCount,
      ...(this.#lastAtMs === undefined ? {} : { lastAtMs: this.#lastAtMs }),
      ...(this.#dirtySince === undefined ? {} : { dirtySinceMs: Math.round(this.#dirtySince) }),
    }
  }

  #arm(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#running !== undefined) return
    const { clock } = this.#components
    const { snapshotMaxAgeMs, snapshotSettleMs } = this.#options
    // One settling time before the age limit, so that the copy is finished by then.
    const dueAt = Math.max(clock.now() + snapshotSettleMs, this.#lastStart + snapshotMaxAgeMs - snapshotSettleMs)
    this.#timer = clock.setTimer(() => this.#fire(), dueAt - clock.now())
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#components.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #fire(): void {
    this.#timer = undefined
    this.#running = this.#take().finally(() => {
      this.#running = undefined
      if (this.#dirtySince !== undefined) this.#arm()
    })
  }

  /** Never rejects. What is committed while it runs counts as not copied. */
  async #take(): Promise<void> {
    const dirtySince = this.#dirtySince
    this.#dirtySince = undefined
    this.#lastStart = this.#components.clock.now()
    try {
      const { takenAtMs } = await this.#components.take()
      this.#takenCount += 1
      this.#lastAtMs = takenAtMs
    } catch (error) {
      this.#failedCount += 1
      this.#dirtySince = dirtySince
      this.#components.onFailure(error)
    }
  }
}
