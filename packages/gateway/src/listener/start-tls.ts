// TLS on an accepted socket, once its first bytes show that it is meant: plain HTTP is noticed while it can still be
// answered in its own language. Keeps no deadline; the caller's runs through all of it.

import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

export interface TlsHandlers {
  /** The handshake is through. */
  onSecure(tls: TLSSocket): void
  /** The handshake failed; the socket is gone. */
  onFailed(reason: string): void
  /** The peer does not speak TLS but, by the look of it, HTTP. Nothing was sent to it. */
  onPlainText(): void
}

export function startTls(socket: Socket, secureContext: SecureContext, handlers: TlsHandlers): void {
  socket.once('data', (chunk: Buffer) => {
    socket.pause()
    if (isPlainText(chunk)) {
      handlers.onPlainText()
      return
    }
    socket.unshift(chunk)
    shakeHands(socket, secureContext, handlers)
  })
  socket.resume()
}

function shakeHands(socket: Socket, secureContext: SecureContext, { onSecure, onFailed }: TlsHandlers): void {
  const tls = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] })
  const fail = (error: NodeJS.ErrnoException): void => onFailed(error.code ?? error.message)
  tls.once('error', fail)
  tls.once('secure', () => {
    // Later errors end in `close`, where they are accounted for.
    tls.on('error', () => {})
    tls.off('error', fail)
    onSecure(tls)
  })
}

/** HTTP begins with the capital letters of its method, a TLS record with 22. */
function isPlainText(chunk: Buffer): boolean {
  const first = chunk[0] ?? 0
  return first >= 0x41 && first <= 0x5a
}
