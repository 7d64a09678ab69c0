// Test support: a dialler whose every attempt is settled by hand, and sessions that end when told.
// It records what the supervisor did with them; it never decides anything itself.

import type { Attempt, Session, Verdict } from '../src/index.ts'

export class ScriptedSession implements Session {
  closeCount = 0
  isOver = false
  readonly closed: Promise<Verdict>
  readonly #settle: (verdict: Verdict | Promise<Verdict>) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<Verdict>()
    this.closed = promise
    this.#settle = resolve
  }

  close(): void {
    this.closeCount += 1
    this.end({ verdict: 'retry', reason: 'closed by the supervisor' })
  }

  end(verdict: Verdict): void {
    this.isOver = true
    this.#settle(verdict)
  }

  break(error: unknown): void {
    this.isOver = true
    this.#settle(Promise.reject(error))
  }
}

export class ScriptedAttempt {
  readonly attempt: Attempt
  readonly outcome: Promise<Session | Verdict>
  readonly #settle: (outcome: Session | Verdict | Promise<never>) => void

  constructor(attempt: Attempt) {
    this.attempt = attempt
    const { promise, resolve } = Promise.withResolvers<Session | Verdict>()
    this.outcome = promise
    this.#settle = resolve
  }

  succeed(): ScriptedSession {
    const session = new ScriptedSession()
    this.#settle(session)
    return session
  }

  refuse(verdict: Verdict): void {
    this.#settle(verdict)
  }

  fail(error: unknown): void {
    this.#settle(Promise.reject(error))
  }
}

export class DialScript {
  readonly attempts: ScriptedAttempt[] = []

  readonly dial = (attempt: Attempt): Promise<Session | Verdict> => {
    const scripted = new ScriptedAttempt(attempt)
    this.attempts.push(scripted)
    return scripted.outcome
  }

  /** The attempt dialled last. */
  get latest(): ScriptedAttempt {
    const latest = this.attempts.at(-1)
    if (latest === undefined) throw new Error('nothing was dialled yet')
    return latest
  }
}

export const refused: Verdict = { verdict: 'retry', reason: 'connection refused', code: 'ECONNREFUSED' }
