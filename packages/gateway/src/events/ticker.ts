// The `tick` event: proof for clients that the connection lives, on one timer for all of them.

import { LIMITS } from '@breakwater/protocol'
import type { Clock } from '../observe/clock.ts'
import type { Broadcaster } from './broadcaster.ts'

export class Ticker {
  readonly #broadcaster: Broadcaster
  readonly #clock: Clock
  #timer: NodeJS.Timeout | undefined

  constructor({ broadcaster, clock }: { readonly broadcaster: Broadcaster; readonly clock: Clock }) {
    this.#broadcaster = broadcaster
    this.#clock = clock
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#tick(), LIMITS.tickIntervalMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    this.#broadcaster.publish('tick', { ts: this.#clock.nowMs() })
  }
}
