// Transport without a network: messages go straight to a gateway stand-in in the same process, in order, never
// synchronously. For tests and for hosting a client next to a gateway in one page.

import type { CloseInfo } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'
import type { Transport, TransportClose, TransportHandlers, TransportSocket } from './transport.ts'

/** The gateway's end of a connection. */
export interface MemoryPeer {
  readonly endpoint: GatewayEndpoint
  /** Set by the stand-in; messages that arrive before are lost. */
  onMessage: (text: string) => void
  onClose: (close: CloseInfo) => void
  send(text: string): void
  close(code: number, reason: string): void
  /** Ends it without a close frame; with an error, as a transport that knows why. */
  cut(error?: TransportClose['error']): void
}

export class MemoryTransport implements Transport {
  readonly isPinned: boolean
  readonly #accept: (peer: MemoryPeer) => void

  /** `accept` is called for every connection; ending it there refuses it before its `onOpen`. */
  constructor(accept: (peer: MemoryPeer) => void, options: { readonly isPinned?: boolean } = {}) {
    this.#accept = accept
    this.isPinned = options.isPinned ?? false
  }

  open(endpoint: GatewayEndpoint, handlers: TransportHandlers): TransportSocket {
    const pipe = new MemoryPipe(handlers)
    const peer: MemoryPeer = {
      endpoint,
      onMessage: () => {},
      onClose: () => {},
      send: (text) => pipe.toClient(() => handlers.onMessage(text)),
      close: (code, reason) => pipe.end({ code, reason }),
      cut: (error) => pipe.end({ code: 1006, reason: '', ...(error === undefined ? {} : { error }) }),
    }
    queueMicrotask(() => {
      if (pipe.isOver) return
      pipe.toClient(() => pipe.isOver || handlers.onOpen())
      this.#accept(peer)
    })
    const endBoth = (close: CloseInfo): void => {
      if (!pipe.end(close)) return
      queueMicrotask(() => peer.onClose(close))
    }
    return {
      send: (text) => {
        if (!pipe.isOver) queueMicrotask(() => pipe.isOver || peer.onMessage(text))
      },
      close: (code, reason) => endBoth({ code, reason }),
      terminate: () => endBoth({ code: 1006, reason: '' }),
      bufferedBytes: 0,
    }
  }
}

/** Order and the single close: what was sent before the end still arrives, nothing after it. */
class MemoryPipe {
  isOver = false
  #isDelivered = false
  readonly #handlers: TransportHandlers

  constructor(handlers: TransportHandlers) {
    this.#handlers = handlers
  }

  toClient(deliver: () => void): void {
    if (this.isOver) return
    queueMicrotask(() => {
      if (!this.#isDelivered) deliver()
    })
  }

  /** False when it had ended before. */
  end(close: TransportClose): boolean {
    if (this.isOver) return false
    this.isOver = true
    queueMicrotask(() => {
      this.#isDelivered = true
      this.#handlers.onClose(close)
    })
    return true
  }
}
