// The calls that wait for their handlers, by connection: each has a deadline, and ends with its connection. Knows no
// frames and no methods.

import { WireError } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { Call } from './call.ts'

export class RunningCalls {
  readonly #byPeer = new WeakMap<Peer, Set<Call>>()

  /**
   * The call's result, unless its deadline passes first: then it is aborted and rejects with REQUEST_TIMEOUT.
   * `deadlineMs` 0: none. Until it settles, the end of its connection aborts it.
   */
  async untilDeadline(
    call: Call,
    { method, deadlineMs }: { readonly method: string; readonly deadlineMs: number },
    result: Promise<unknown>,
  ): Promise<unknown> {
    const running = this.#byPeer.get(call.peer) ?? new Set()
    this.#byPeer.set(call.peer, running)
    running.add(call)
    call.isOpenEnded = deadlineMs === 0
    const deadline = Promise.withResolvers<never>()
    const timer =
      deadlineMs === 0
        ? undefined
        : setTimeout(() => {
            const overdue = new WireError('REQUEST_TIMEOUT', { details: { method, deadlineMs } })
            call.abort(overdue)
            deadline.reject(overdue)
          }, deadlineMs)
    try {
      return await (timer === undefined ? result : Promise.race([result, deadline.promise]))
    } finally {
      clearTimeout(timer)
      running.delete(call)
    }
  }

  /** Whether nothing of the connection runs that ends by itself. Waits without a deadline do not count. */
  isIdle(peer: Peer): boolean {
    for (const call of this.#byPeer.get(peer) ?? []) if (!call.isOpenEnded) return false
    return true
  }

  abort(peer: Peer): void {
    for (const call of this.#byPeer.get(peer) ?? []) call.abort(new Error('connection closed'))
    this.#byPeer.delete(peer)
  }
}
