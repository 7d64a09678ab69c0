// Counts what a socket sends before it is authenticated and stops it at the limit, whatever frames the bytes form:
// `ws` fixes its own limit at creation and would buffer a stranger's 25 MiB message.

import type { Duplex } from 'node:stream'

/** Calls `onExceeded` once when more than `limitBytes` arrive. Returns how to end the count. */
export function meterPreAuthBytes(socket: Duplex, limitBytes: number, onExceeded: () => void): () => void {
  let receivedBytes = 0
  const count = (chunk: Buffer): void => {
    receivedBytes += chunk.length
    if (receivedBytes <= limitBytes) return
    stop()
    onExceeded()
  }
  const stop = (): void => {
    socket.removeListener('data', count)
  }
  // Before the receiver's own listener, so that it never sees the bytes beyond the limit.
  socket.prependListener('data', count)
  return stop
}
