// One socket from open to gone: an orderly close with a grace period, then the axe. Knows nothing of the protocol.

import type { ClientClock } from '../clock.ts'
import type { CloseInfo } from '../errors.ts'
import type { Transport, TransportHandlers, TransportSocket } from '../transport/transport.ts'
import type { GatewayEndpoint } from '../url.ts'
import { Deadlines } from './deadlines.ts'

export interface LinkOptions {
  readonly endpoint: GatewayEndpoint
  readonly closeGraceMs: number
}

export class Link {
  /** Resolves when the socket is gone. Never rejects. */
  readonly gone: Promise<void>
  readonly #socket: TransportSocket
  readonly #grace: Deadlines<'close'>
  readonly #closeGraceMs: number
  readonly #markGone: () => void
  #isClosing = false

  constructor(
    components: { readonly transport: Transport; readonly clock: ClientClock },
    options: LinkOptions,
    handlers: TransportHandlers,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gone = promise
    this.#grace = new Deadlines(components)
    this.#closeGraceMs = options.closeGraceMs
    this.#markGone = () => {
      this.#grace.clear()
      resolve()
    }
    this.#socket = components.transport.open(options.endpoint, {
      onOpen: () => handlers.onOpen(),
      onMessage: (text) => handlers.onMessage(text),
      onClose: (close) => {
        this.#isClosing = true
        this.#markGone()
        handlers.onClose(close)
      },
    })
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Does nothing when closing or gone already. */
  close({ code, reason }: CloseInfo): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#closeGraceMs === 0) {
      this.#cut()
      return
    }
    this.#grace.arm('close', this.#closeGraceMs, () => this.#cut())
    this.#socket.close(code, reason)
  }

  #cut(): void {
    this.#socket.terminate()
    this.#markGone()
  }
}
