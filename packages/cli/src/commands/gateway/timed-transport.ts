// A transport that notes when each leg of a handshake was finished, and changes nothing else.

import type { GatewayEndpoint, Transport, TransportHandlers, TransportSocket } from '@breakwater/client'
import type { ProbeLegs } from './probe-report.ts'

type Leg = 'openMs' | 'challengeMs' | 'helloMs'

export class TimedTransport implements Transport {
  readonly isPinned: boolean
  readonly #inner: Transport
  readonly #now: () => number
  #legs: ProbeLegs = {}
  #legStartedAt = 0

  constructor(inner: Transport, now: () => number = () => performance.now()) {
    this.#inner = inner
    this.#now = now
    this.isPinned = inner.isPinned
  }

  /** Of the newest attempt. */
  get legs(): ProbeLegs {
    return this.#legs
  }

  open(endpoint: GatewayEndpoint, handlers: TransportHandlers): TransportSocket {
    this.#legs = {}
    this.#legStartedAt = this.#now()
    const socket = this.#inner.open(endpoint, {
      onOpen: () => {
        this.#finish('openMs')
        handlers.onOpen()
      },
      onMessage: (text) => {
        // The first message is the challenge, the next one answers our connect request.
        this.#finish(this.#legs.challengeMs === undefined ? 'challengeMs' : 'helloMs')
        handlers.onMessage(text)
      },
      onClose: (close) => handlers.onClose(close),
    })
    return {
      send: (text) => {
        this.#legStartedAt = this.#now()
        socket.send(text)
      },
      close: (code, reason) => socket.close(code, reason),
      terminate: () => socket.terminate(),
      get bufferedBytes() {
        return socket.bufferedBytes
      },
    }
  }

  #finish(leg: Leg): void {
    if (this.#legs[leg] !== undefined) return
    const now = this.#now()
    this.#legs = { ...this.#legs, [leg]: Math.round((now - this.#legStartedAt) * 100) / 100 }
    this.#legStartedAt = now
  }
}
