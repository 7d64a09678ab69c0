// One running request: what its handler sees of it, and its way back to the caller. Nothing is allocated that a
// synchronous handler does not use.

import { type ErrorName, type ErrorOptions, encodeError, encodeOk, wireError } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { Logger } from '../observe/logger.ts'
import type { CallContext } from './define-method.ts'

export class Call implements CallContext {
  readonly peer: Peer
  readonly log: Logger
  /** Waits for something that may never come: nobody who closes the connection waits for its end. */
  isOpenEnded = false
  readonly #requestId: string
  #controller: AbortController | undefined
  #abortReason: Error | undefined

  constructor(peer: Peer, requestId: string, log: Logger) {
    this.peer = peer
    this.log = log
    this.#requestId = requestId
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
    }
    return this.#controller.signal
  }

  get isAborted(): boolean {
    return this.#abortReason !== undefined
  }

  /** Tells the handler that nobody waits any more. */
  abort(reason: Error): void {
    this.#abortReason ??= reason
    this.#controller?.abort(reason)
  }

  respondAgain(payload: unknown): void {
    this.peer.outbound.send(encodeOk(this.#requestId, payload))
  }

  failAgain({ name, payload, ...options }: ErrorOptions & { name: ErrorName; payload?: unknown }): void {
    this.peer.outbound.send(encodeError(this.#requestId, wireError(name, options), payload))
  }
}
