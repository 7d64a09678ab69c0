// Transport over the platform's WebSocket, as browsers have it. Cannot pin certificates, set headers or say why an
// upgrade failed: browsers hide that from pages.

import { ClientError } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'
import type { Transport, TransportHandlers, TransportSocket } from './transport.ts'

export class BrowserWebSocketTransport implements Transport {
  readonly isPinned = false

  open(endpoint: GatewayEndpoint, handlers: TransportHandlers): TransportSocket {
    if (endpoint.kind !== 'tcp') {
      return failing(handlers, new ClientError('INVALID_URL', `${endpoint.label}: only Node can use a Unix socket`))
    }
    let socket: WebSocket
    try {
      socket = new WebSocket(endpoint.url)
    } catch (cause) {
      const message = `${endpoint.label}: the platform refused the URL`
      return failing(handlers, new ClientError('INVALID_URL', message, { cause }))
    }
    return wrap(socket, handlers)
  }
}

function wrap(socket: WebSocket, handlers: TransportHandlers): TransportSocket {
  let isGone = false
  const decoder = new TextDecoder()
  const gone = (code: number, reason: string): void => {
    if (isGone) return
    isGone = true
    handlers.onClose({ code, reason })
  }
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('open', () => handlers.onOpen())
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (isGone) return
    handlers.onMessage(typeof data === 'string' ? data : decoder.decode(data as ArrayBuffer))
  })
  socket.addEventListener('close', ({ code, reason }) => gone(code, reason))
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: (code, reason) => socket.close(closeCode(code), reason),
    // Pages have no way to cut a socket: it is closed, and its last event is not waited for.
    terminate: () => {
      socket.close()
      queueMicrotask(() => gone(1006, ''))
    },
    get bufferedBytes() {
      return socket.bufferedAmount
    },
  }
}

/** Pages may send 1000 and 3000..4999 only; the others become their private cousin 4000 + last three digits. */
const closeCode = (code: number): number => (code === 1000 || code >= 3000 ? code : 4000 + (code % 1000))

function failing(handlers: TransportHandlers, error: ClientError): TransportSocket {
  queueMicrotask(() => handlers.onClose({ code: 1006, reason: '', error }))
  return { send: () => {}, close: () => {}, terminate: () => {}, bufferedBytes: 0 }
}
