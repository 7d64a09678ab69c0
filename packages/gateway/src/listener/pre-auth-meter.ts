// Counts what a socket sends before it is authenticated, whatever frames the bytes form: `ws` fixes its own limit at
// creation and would buffer a stranger's 25 MiB message. Whoever is told of the excess stops reading from the socket.

import type { Duplex } from 'node:stream'

/** Calls `onExceeded` with each chunk from the one that exceeds `limitBytes` on. Returns how to end the count. */
export function meterPreAuthBytes(socket: Duplex, limitBytes: number, onExceeded: () => void): () => void {
  let receivedBytes = 0
  const count = (chunk: Buffer): void => {
    receivedBytes += chunk.length
    if (receivedBytes > limitBytes) onExceeded()
  }
  // Before the receiver's own listener, so that the excess is known before a message made of it is.
  socket.prependListener('data', count)
  return () => {
    socket.removeListener('data', count)
  }
}
