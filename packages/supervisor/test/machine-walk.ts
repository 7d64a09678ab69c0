// Test support: walks a connection machine by hand, with a clock that is a number and a draw that is given.
// It performs no effect; it remembers them for the test to look at.

import { stepConnection } from '../src/connection-machine.ts'
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  INITIAL_CONNECTION,
} from '../src/connection-state.ts'
import { resolveOptions, resolvePolicy, type SupervisorOptionsInput } from '../src/options.ts'
import type { ConnectionKind, KindPolicy } from '../src/retry-policy.ts'
import type { Verdict } from '../src/verdict.ts'

export class MachineWalk {
  nowMs = 1_000_000
  fraction = 0.5
  state: ConnectionState = INITIAL_CONNECTION
  effects: readonly ConnectionEffect[] = []
  readonly warnings: string[] = []
  readonly #rules

  constructor(kind: ConnectionKind = 'client', policy: Partial<KindPolicy> = {}, options: SupervisorOptionsInput = {}) {
    this.#rules = { policy: resolvePolicy(kind, policy), options: resolveOptions(options) }
  }

  feed(input: ConnectionInput): ConnectionState {
    const moment = { nowMs: this.nowMs, fraction: this.fraction }
    const [next, effects] = stepConnection(this.state, input, moment, this.#rules)
    this.state = next
    this.effects = effects
    for (const effect of effects) if (effect.type === 'warn') this.warnings.push(`${effect.kind}@${next.failures}`)
    return next
  }

  /** From wherever it waits to the next dial on its way. */
  dial(): ConnectionState {
    if (this.state.phase === 'stopped') this.feed({ type: 'start' })
    if (this.state.wakeAt !== null) this.elapse()
    return this.feed({ type: 'granted' })
  }

  /** Lets the current wait pass. */
  elapse(): ConnectionState {
    if (this.state.wakeAt === null) throw new Error(`nothing to wait for while ${this.state.phase}`)
    this.nowMs = this.state.wakeAt
    return this.feed({ type: 'elapsed' })
  }

  ready(): ConnectionState {
    return this.feed({ type: 'ready', generation: this.state.generation })
  }

  end(verdict: Verdict): ConnectionState {
    return this.feed({ type: 'ended', generation: this.state.generation, verdict })
  }

  /** Time from now until the current wait is over, in milliseconds. */
  get waitMs(): number {
    return (this.state.wakeAt ?? Number.NaN) - this.nowMs
  }

  get effectTypes(): string[] {
    return this.effects.map(({ type }) => type)
  }
}
