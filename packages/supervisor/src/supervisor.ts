// Composition root: one supervisor owns the start gate, the register of running connections and the nesting check, and
// makes the connections that share them. Give the whole process one supervisor where starts should take turns.

import { type Clock, systemClock } from './clock.ts'
import type { ConnectionSpec } from './dial.ts'
import { Mailbox } from './mailbox.ts'
import { resolveOptions, resolvePolicy, type SupervisorOptions, type SupervisorOptionsInput } from './options.ts'
import { findDialOwner, type OwnerContext, sharedOwnerContext } from './owner-context.ts'
import type { Random } from './random.ts'
import { StartGate } from './start-gate.ts'
import type { SupervisorStatus } from './status.ts'
import { Supervised, type SupervisedComponents } from './supervised.ts'
import { SupervisorError } from './supervisor-error.ts'
import type { Warning } from './warning.ts'

/** Longest connection name, in UTF-16 units. */
export const MAX_NAME_LENGTH = 200

export interface SupervisorComponents {
  /** Time; unset = {@link systemClock}. */
  readonly clock?: Clock | undefined
  /** Uniform numbers in [0, 1); unset = Math.random. */
  readonly random?: Random | undefined
  /** Receives every warning; unset = warnings are dropped, status still tells. */
  readonly onWarning?: ((warning: Warning) => void) | undefined
  /**
   * Receives what listeners and `Session.close` throw, and every nested dial; unset = rethrown on its own, as an
   * uncaught error.
   */
  readonly onFault?: ((error: unknown) => void) | undefined
  /** Follows the dials for the nesting check; unset = the one shared by all supervisors of the process. */
  readonly context?: OwnerContext | undefined
}

/** Runs connections: each has one retry owner, and all of them take turns to start. */
export class Supervisor {
  readonly options: SupervisorOptions
  readonly #context: OwnerContext
  readonly #gate: StartGate
  readonly #running = new Map<number, Supervised>()
  readonly #names = new Set<string>()
  readonly #connectionComponents: SupervisedComponents
  #lastId = 0
  #refusedStartCount = 0

  /** Throws `INVALID_OPTION` when an option is out of range. */
  constructor(components: SupervisorComponents = {}, options: SupervisorOptionsInput = {}) {
    const { clock = systemClock, random = Math.random, onWarning = ignore, onFault = rethrow } = components
    this.options = resolveOptions(options)
    this.#context = components.context ?? sharedOwnerContext
    const mailbox = new Mailbox({ context: this.#context, onFault })
    this.#gate = new StartGate(
      {
        clock,
        mailbox,
        // A connection that stopped while this was on its way is found no more; its stop leaves the queue.
        onGrant: (id) => this.#running.get(id)?.grant(),
        onHeldTooLong: (id) => this.#running.get(id)?.warn('slot-freed'),
      },
      this.options,
    )
    this.#connectionComponents = {
      clock,
      random,
      context: this.#context,
      mailbox,
      gate: this.#gate,
      claim: (connection, signal) => this.#claim(connection, signal),
      release: (connection) => this.#release(connection),
      onWarning,
    }
  }

  /** Prepares a connection; nothing happens before its `start`. Throws `INVALID_OPTION` for a bad name or policy. */
  supervise(spec: ConnectionSpec): Supervised {
    if (spec.name.length === 0 || spec.name.length > MAX_NAME_LENGTH) {
      throw new SupervisorError('INVALID_OPTION', `connection name: expected 1 .. ${MAX_NAME_LENGTH} characters`)
    }
    const policy = resolvePolicy(spec.kind, spec.policy, this.options.policies[spec.kind])
    this.#lastId += 1
    const rules = { policy, options: this.options }
    return new Supervised(this.#connectionComponents, { id: this.#lastId, spec, rules })
  }

  /** Every running connection and the start queue, as plain data. */
  status(): SupervisorStatus {
    return {
      connections: [...this.#running.values()].map((connection) => connection.status()),
      starts: this.#gate.status(),
      connectionLimit: this.options.maxConnections,
      refusedStartCount: this.#refusedStartCount,
    }
  }

  /** Stops every running connection; none leaves a timer behind. */
  stop(): void {
    for (const connection of [...this.#running.values()]) connection.stop()
  }

  #claim(connection: Supervised, signal: AbortSignal | undefined): void {
    const owner = findDialOwner(this.#context, signal)
    if (owner !== undefined && this.options.nesting === 'throw') {
      const message = `connection ${connection.name} started inside the dial of ${owner.name}: dial it directly instead`
      throw new SupervisorError('NESTED_DIAL', message)
    }
    if (this.#names.has(connection.name)) {
      throw new SupervisorError('NAME_IN_USE', `connection ${connection.name} is running already`)
    }
    if (this.#running.size >= this.options.maxConnections) {
      this.#refusedStartCount += 1
      const message = `connection ${connection.name} not started: ${this.options.maxConnections} are running already`
      throw new SupervisorError('TOO_MANY_CONNECTIONS', message)
    }
    this.#running.set(connection.id, connection)
    this.#names.add(connection.name)
    if (owner !== undefined) connection.warn('nested', owner.name)
  }

  #release(connection: Supervised): void {
    this.#running.delete(connection.id)
    this.#names.delete(connection.name)
  }
}

function ignore(): void {}

function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
