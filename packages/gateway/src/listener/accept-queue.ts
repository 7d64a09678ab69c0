// Sockets are accepted at once and served in order, a few per turn of the loop, so that a thousand arriving together
// cannot hold the loop. Sockets that went away while waiting cost nothing. As long as the listener's connection limit.

import { Fifo } from '../fifo.ts'

/** Sockets handed to the HTTP parser in one turn. */
export const SERVED_PER_TURN = 32

export interface QueuedSocket {
  readonly isDestroyed: () => boolean
  serve(): void
}

export class AcceptQueue {
  readonly #waiting = new Fifo<QueuedSocket>()
  #turn: NodeJS.Immediate | undefined

  get waitingCount(): number {
    return this.#waiting.size
  }

  push(socket: QueuedSocket): void {
    this.#waiting.push(socket)
    this.#turn ??= setImmediate(() => this.#serveSome())
  }

  #serveSome(): void {
    this.#turn = undefined
    for (let served = 0; served < SERVED_PER_TURN; ) {
      const socket = this.#waiting.shift()
      if (socket === undefined) return
      if (socket.isDestroyed()) continue
      served += 1
      socket.serve()
    }
    if (this.#waiting.size > 0) this.#turn = setImmediate(() => this.#serveSome())
  }
}
