// Sockets are accepted at once and served in order, a few per turn of the loop, so that a thousand arriving together
// cannot hold the loop. Sockets that went away while waiting cost nothing.

/** Sockets handed to the HTTP parser in one turn. */
const SERVED_PER_TURN = 32

export interface QueuedSocket {
  readonly isDestroyed: () => boolean
  serve(): void
}

export class AcceptQueue {
  readonly #waiting: QueuedSocket[] = []
  #head = 0
  #turn: NodeJS.Immediate | undefined

  get waitingCount(): number {
    return this.#waiting.length - this.#head
  }

  push(socket: QueuedSocket): void {
    this.#waiting.push(socket)
    this.#turn ??= setImmediate(() => this.#serveSome())
  }

  #serveSome(): void {
    this.#turn = undefined
    for (let served = 0; served < SERVED_PER_TURN && this.#head < this.#waiting.length; ) {
      const socket = this.#waiting[this.#head]
      this.#head += 1
      if (socket === undefined || socket.isDestroyed()) continue
      served += 1
      socket.serve()
    }
    if (this.#head < this.#waiting.length) {
      this.#turn = setImmediate(() => this.#serveSome())
      return
    }
    this.#waiting.length = 0
    this.#head = 0
  }
}
