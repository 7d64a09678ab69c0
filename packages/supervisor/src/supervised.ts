// The driver of one connection: feeds its machine and performs what the machine decides. Commands arrive from callers,
// everything else from the start gate, the one timer and the current attempt; all of it passes the mailbox.

import type { Clock } from './clock.ts'
import { stepConnection } from './connection-machine.ts'
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionRules,
  INITIAL_CONNECTION,
} from './connection-state.ts'
import type { ConnectionSpec } from './dial.ts'
import { DialAttempt } from './dial-attempt.ts'
import type { Mailbox } from './mailbox.ts'
import type { OwnerContext } from './owner-context.ts'
import type { Random } from './random.ts'
import type { StartGate } from './start-gate.ts'
import { type ConnectionStatus, toConnectionStatus } from './status.ts'
import { SupervisorError } from './supervisor-error.ts'
import { WakeTimer } from './wake-timer.ts'
import { toWarning, type Warning, type WarningKind } from './warning.ts'

/** What a connection needs from its supervisor. */
export interface SupervisedComponents {
  readonly clock: Clock
  readonly random: Random
  readonly context: OwnerContext
  readonly mailbox: Mailbox
  readonly gate: StartGate
  /** Admits a connection about to run, or throws. */
  readonly claim: (connection: Supervised, signal: AbortSignal | undefined) => void
  readonly release: (connection: Supervised) => void
  readonly onWarning: (warning: Warning) => void
}

/** A connection under supervision; made by `Supervisor.supervise`. */
export class Supervised {
  readonly id: number
  readonly name: string
  readonly #components: SupervisedComponents
  readonly #spec: ConnectionSpec
  readonly #rules: ConnectionRules
  readonly #timer: WakeTimer
  #state = INITIAL_CONNECTION
  #attempt: DialAttempt | null = null
  #isRunning = false
  #pendingStopCount = 0
  #stopSignal: AbortSignal | undefined

  constructor(components: SupervisedComponents, options: { id: number; spec: ConnectionSpec; rules: ConnectionRules }) {
    this.id = options.id
    this.name = options.spec.name
    this.#components = components
    this.#spec = options.spec
    this.#rules = options.rules
    this.#timer = new WakeTimer({ clock: components.clock, wake: () => this.#post({ type: 'elapsed' }) })
  }

  /**
   * Starts keeping the connection up until `stop`, or until `signal` aborts. Does nothing when running, or when the
   * signal has aborted already. Throws `NESTED_DIAL` inside the dial of another connection (or given its attempt's
   * signal), `NAME_IN_USE` while another running connection has the name, `TOO_MANY_CONNECTIONS` at the limit.
   */
  start(signal?: AbortSignal): void {
    if (this.#isRunning || signal?.aborted === true) return
    this.#components.claim(this, signal)
    this.#isRunning = true
    this.#stopSignal = signal
    signal?.addEventListener('abort', this.#onAbort)
    this.#post({ type: 'start' })
  }

  /**
   * Stops at once: leaves the queue, aborts a dial, closes a session, clears every timer. Late results are discarded.
   * Does nothing when stopped. May be started again; a restart is not jittered.
   */
  stop(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#stopSignal?.removeEventListener('abort', this.#onAbort)
    this.#stopSignal = undefined
    this.#components.release(this)
    this.#pendingStopCount += 1
    this.#components.mailbox.post(() => {
      this.#pendingStopCount -= 1
      this.#step({ type: 'stop' })
    })
  }

  /**
   * Says that something a refusal depends on has changed: credential, configuration, pairing or network. Forgets past
   * failures and ends every wait; at most one attempt per base wait comes of it however often it is called. During a
   * dial it keeps an outdated refusal from parking; a live session is left alone.
   */
  changed(): void {
    this.#post({ type: 'changed' })
  }

  /**
   * Says that the pairing was approved: dials at once if the connection waits for it. With a request id, only when it
   * is the one being waited for (or that one is not known).
   */
  resume(requestId?: string): void {
    this.#post({ type: 'resume', requestId })
  }

  /** The connection now, as plain data. */
  status(): ConnectionStatus {
    return toConnectionStatus(this.name, this.#spec.kind, this.#state, this.#components.clock.now())
  }

  /** Internal: a start slot is free for this connection. */
  grant(): void {
    // Cancelled while the grant was on its way: the stop about to run gives the slot back, nothing is dialled.
    if (this.#pendingStopCount === 0) this.#step({ type: 'granted' })
  }

  /** Internal: words and delivers a warning about this connection. */
  warn(kind: WarningKind, owner: string | null = null): void {
    const { mailbox, onWarning } = this.#components
    const warning = toWarning(kind, this.status(), owner)
    mailbox.guard(() => onWarning(warning))
  }

  readonly #onAbort = (): void => this.stop()

  #post(input: ConnectionInput): void {
    this.#components.mailbox.post(() => this.#step(input))
  }

  #step(input: ConnectionInput): void {
    const { clock, random, mailbox } = this.#components
    const previous = this.#state
    const moment = { nowMs: clock.now(), fraction: random() }
    const [next, effects] = stepConnection(previous, input, moment, this.#rules)
    this.#state = next
    this.#timer.wakeAt(next.wakeAt)
    for (const effect of effects) this.#perform(effect)
    const { onChange } = this.#spec
    if (next !== previous && onChange !== undefined) mailbox.guard(() => onChange(this.status()))
  }

  #perform(effect: ConnectionEffect): void {
    const { gate } = this.#components
    switch (effect.type) {
      case 'enter':
        gate.enter(this.id)
        break
      case 'leave':
        gate.leave(this.id)
        break
      case 'dial':
        this.#dial(effect.generation)
        break
      case 'abandon':
        this.#abandon(effect.why)
        break
      case 'warn':
        this.warn(effect.kind)
        break
    }
  }

  #dial(generation: number): void {
    const { context, mailbox } = this.#components
    const report = (input: ConnectionInput): void => this.#post(input)
    const guard = (foreign: () => void): void => mailbox.guard(foreign)
    this.#attempt = new DialAttempt({ context, report, guard }, { name: this.name, generation })
    void this.#attempt.run(this.#spec.dial, this.#state.pairing?.requestId ?? null)
  }

  #abandon(why: 'STOPPED' | 'DIAL_DEADLINE'): void {
    const text = why === 'STOPPED' ? 'was stopped' : 'did not answer the dial in time'
    this.#attempt?.abandon(new SupervisorError(why, `connection ${this.name} ${text}`))
    this.#attempt = null
  }
}
