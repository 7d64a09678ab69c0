// One attempt: runs the dialler once inside its owner context and turns whatever happens into `ready` and `ended`
// inputs carrying the attempt's generation. It decides nothing; after `abandon` it only cleans up after itself.

import type { ConnectionInput } from './connection-state.ts'
import type { Attempt, ConnectionSpec, Session } from './dial.ts'
import { bindSignal, type DialOwner, type OwnerContext } from './owner-context.ts'
import type { SupervisorError } from './supervisor-error.ts'
import { isNestedDial, isVerdict, toVerdict, type Verdict } from './verdict.ts'

export interface DialAttemptComponents {
  readonly context: OwnerContext
  readonly report: (input: ConnectionInput) => void
  /** Calls foreign code and reports what it throws. */
  readonly guard: (foreign: () => void) => void
}

export class DialAttempt {
  readonly #components: DialAttemptComponents
  readonly #controller = new AbortController()
  readonly #generation: number
  readonly #owner: DialOwner
  #session: Session | null = null

  constructor(components: DialAttemptComponents, options: { name: string; generation: number }) {
    this.#components = components
    this.#generation = options.generation
    this.#owner = { name: options.name, isDialing: true }
    bindSignal(this.#controller.signal, this.#owner)
  }

  /** Dials; reports `ready` then `ended`, or `ended` alone, each at most once and never before this returns. */
  async run(dial: ConnectionSpec['dial'], pairingRequestId: string | null): Promise<void> {
    const { report } = this.#components
    const generation = this.#generation
    const yieldSlot = (): void => report({ type: 'yielded', generation })
    const outcome = await this.#dial(dial, { generation, signal: this.#controller.signal, pairingRequestId, yieldSlot })
    this.#owner.isDialing = false
    if (isVerdict(outcome)) return report({ type: 'ended', generation, verdict: outcome })
    this.#session = outcome
    if (this.#controller.signal.aborted) this.#closeSession()
    report({ type: 'ready', generation })
    report({ type: 'ended', generation, verdict: await this.#closed(outcome) })
  }

  /** Aborts the dial, or closes the session it led to, whichever is left to end. */
  abandon(reason: SupervisorError): void {
    this.#owner.isDialing = false
    if (this.#session !== null) this.#closeSession()
    else this.#components.guard(() => this.#controller.abort(reason))
  }

  async #dial(dial: ConnectionSpec['dial'], attempt: Attempt): Promise<Session | Verdict> {
    try {
      const outcome = await this.#components.context.run(this.#owner, () => dial(attempt))
      if (isVerdict(outcome) || isSession(outcome)) return outcome
      return { verdict: 'retry', reason: 'the dialler returned neither a session nor a verdict', code: 'INVALID_DIAL' }
    } catch (error) {
      if (isNestedDial(error)) this.#components.guard(() => rethrow(error))
      return toVerdict(error)
    }
  }

  async #closed(session: Session): Promise<Verdict> {
    try {
      const verdict = await session.closed
      return isVerdict(verdict) ? verdict : { verdict: 'retry', reason: 'the session ended without a verdict' }
    } catch (error) {
      return toVerdict(error)
    }
  }

  #closeSession(): void {
    const session = this.#session
    this.#session = null
    if (session !== null) this.#components.guard(() => session.close())
  }
}

function isSession(value: unknown): value is Session {
  if (typeof value !== 'object' || value === null) return false
  return 'closed' in value && 'close' in value && typeof value.close === 'function'
}

function rethrow(error: unknown): never {
  throw error
}
