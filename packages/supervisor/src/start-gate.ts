// Drives the start queue: keeps its state and its one timer, and tells the supervisor who may dial and who held on too
// long. The order and the limits are decided in start-queue.ts.

import type { Clock } from './clock.ts'
import type { Mailbox } from './mailbox.ts'
import {
  EMPTY_START_QUEUE,
  type StartLimits,
  type StartQueueInput,
  startQueueWakeAt,
  stepStartQueue,
} from './start-queue.ts'
import { WakeTimer } from './wake-timer.ts'

export interface StartGateComponents {
  readonly clock: Clock
  readonly mailbox: Mailbox
  /** The id at the head of the line has a slot. */
  readonly onGrant: (id: number) => void
  /** The id's slot was given to others; its attempt may go on. */
  readonly onHeldTooLong: (id: number) => void
}

export class StartGate {
  readonly #components: StartGateComponents
  readonly #limits: StartLimits
  readonly #timer: WakeTimer
  #state = EMPTY_START_QUEUE
  #heldTooLongCount = 0

  constructor(components: StartGateComponents, limits: StartLimits) {
    this.#components = components
    this.#limits = limits
    const { clock, mailbox } = components
    this.#timer = new WakeTimer({ clock, wake: () => mailbox.post(() => this.#feed({ type: 'wake' })) })
  }

  enter(id: number): void {
    this.#feed({ type: 'enter', id })
  }

  /** Gives up the place in line or the slot; without either it changes nothing. */
  leave(id: number): void {
    this.#feed({ type: 'leave', id })
  }

  status(): { limit: number; holding: number; waiting: number; heldTooLongCount: number } {
    return {
      limit: this.#limits.maxConcurrentStarts,
      holding: this.#state.holding.length,
      waiting: this.#state.waiting.length,
      heldTooLongCount: this.#heldTooLongCount,
    }
  }

  #feed(input: StartQueueInput): void {
    const { clock, mailbox, onGrant, onHeldTooLong } = this.#components
    const [next, effects] = stepStartQueue(this.#state, input, clock.now(), this.#limits)
    this.#state = next
    this.#timer.wakeAt(startQueueWakeAt(next, this.#limits))
    for (const effect of effects) {
      if (effect.type === 'held-too-long') this.#heldTooLongCount += 1
      const tell = effect.type === 'grant' ? onGrant : onHeldTooLong
      mailbox.post(() => tell(effect.id))
    }
  }
}
