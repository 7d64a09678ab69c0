// Who may read what only the owner should: the owner's socket, programs on this machine where that is enough, and whoever
// shows the gateway's secret as a bearer. Guesses from elsewhere are bounded: past the bound they are not looked at.

import type { IncomingMessage } from 'node:http'
import type { AuthPolicy } from '../auth/auth-policy.ts'
import { isSameSecret } from '../auth/secrets.ts'
import type { HttpRefusal } from '../listener/http-refusal.ts'
import type { Locality } from '../listener/locality.ts'

export interface OwnerGuardComponents {
  readonly authPolicy: () => AuthPolicy
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** Wrong bearers of all callers from elsewhere together, per window. */
const MAX_GUESSES = 10
const WINDOW_MS = 60_000
const BEARER = /^bearer +(\S+) *$/i

export class OwnerGuard {
  readonly #components: OwnerGuardComponents
  #windowStartedAt = Number.NEGATIVE_INFINITY
  #guessesInWindow = 0
  /** Wrong bearers since the start, and attempts that were not looked at. */
  guessCount = 0
  refusedUncheckedCount = 0

  constructor(components: OwnerGuardComponents) {
    this.#components = components
  }

  /** Undefined: may read. `local: 'enough'` lets every program on this machine in without a secret. */
  judge(request: IncomingMessage, locality: Locality, local: 'enough' | 'not-enough'): HttpRefusal | undefined {
    const isLocal = locality.kind === 'local'
    if (isLocal && (locality.via === 'unix-socket' || local === 'enough')) return undefined
    const bearer = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const secret = secretOf(this.#components.authPolicy())
    if (bearer === undefined || secret === undefined) return BEARER_REQUIRED
    if (!isLocal && this.#isWindowFull()) {
      this.refusedUncheckedCount += 1
      return TOO_MANY_GUESSES
    }
    if (isSameSecret(secret, bearer)) return undefined
    this.guessCount += 1
    this.#guessesInWindow += 1
    return BEARER_WRONG
  }

  #isWindowFull(): boolean {
    const now = this.#components.now()
    if (now - this.#windowStartedAt >= WINDOW_MS) {
      this.#windowStartedAt = now
      this.#guessesInWindow = 0
    }
    return this.#guessesInWindow >= MAX_GUESSES
  }
}

function secretOf(policy: AuthPolicy): string | undefined {
  if (policy.mode === 'token') return policy.token
  return 'password' in policy ? policy.password : undefined
}

const BEARER_REQUIRED: HttpRefusal = {
  status: 401,
  type: 'owner_required',
  message: 'Only the owner may read this.',
  nextStep: 'Send Authorization: Bearer with the gateway token (breakwater token show), or ask on its own machine.',
}

const BEARER_WRONG: HttpRefusal = {
  status: 401,
  type: 'owner_mismatch',
  message: 'The bearer is not the secret of this gateway.',
  nextStep: 'breakwater token show, on the machine of the gateway.',
}

const TOO_MANY_GUESSES: HttpRefusal = {
  status: 429,
  type: 'owner_rate_limited',
  message: 'Too many wrong bearers; none is looked at for a while.',
  retryAfterSeconds: WINDOW_MS / 1_000,
}
