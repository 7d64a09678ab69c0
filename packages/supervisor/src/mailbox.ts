// Runs the supervisor's work one piece at a time, to completion: foreign code called on the way (dials, listeners,
// closing sessions) may issue commands, and they wait their turn instead of meeting half-performed effects.
// Synchronous: outside a callback, a posted piece has run when `post` returns.

import type { OwnerContext } from './owner-context.ts'
import { SupervisorError } from './supervisor-error.ts'

/** Pieces that may wait; only commands issued inside one callback ever queue up. */
export const MAX_MAILBOX_LENGTH = 65_536

export class Mailbox {
  readonly #context: OwnerContext
  readonly #onFault: (error: unknown) => void
  readonly #tasks: (() => void)[] = []
  #isDraining = false

  constructor(components: { context: OwnerContext; onFault: (error: unknown) => void }) {
    this.#context = components.context
    this.#onFault = components.onFault
  }

  /** Runs `task` now, or after the piece being run. Throws `TOO_MANY_COMMANDS` when the mailbox is full. */
  post(task: () => void): void {
    if (this.#tasks.length >= MAX_MAILBOX_LENGTH) {
      throw new SupervisorError('TOO_MANY_COMMANDS', `more than ${MAX_MAILBOX_LENGTH} commands issued by one callback`)
    }
    this.#tasks.push(task)
    if (this.#isDraining) return
    // Outside any owner: timers and callbacks created here must not look as if they belonged to whoever posted.
    this.#context.run(undefined, () => this.#drain())
  }

  /** Calls foreign code; what it throws is a fault to report, never a reason to leave effects half done. */
  guard(foreign: () => void): void {
    try {
      foreign()
    } catch (error) {
      this.#onFault(error)
    }
  }

  #drain(): void {
    this.#isDraining = true
    try {
      for (let task = this.#tasks.shift(); task !== undefined; task = this.#tasks.shift()) this.guard(task)
    } finally {
      this.#isDraining = false
    }
  }
}
