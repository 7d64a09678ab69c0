// A transport in the test's hands: nothing happens by itself, and callbacks come whenever the test says, also too late.

import type { Transport, TransportHandlers, TransportSocket } from '../../src/transport/transport.ts'

export interface RudeSocket extends TransportSocket {
  readonly handlers: TransportHandlers
  readonly sent: string[]
  readonly closed: { code: number; reason: string }[]
  isTerminated: boolean
}

export class RudeTransport implements Transport {
  readonly isPinned = false
  readonly sockets: RudeSocket[] = []

  get last(): RudeSocket {
    const socket = this.sockets.at(-1)
    if (socket === undefined) throw new Error('nothing was opened')
    return socket
  }

  open(_: unknown, handlers: TransportHandlers): TransportSocket {
    const socket: RudeSocket = {
      handlers,
      sent: [],
      closed: [],
      isTerminated: false,
      bufferedBytes: 0,
      send: (text) => socket.sent.push(text),
      close: (code, reason) => socket.closed.push({ code, reason }),
      terminate: () => {
        socket.isTerminated = true
      },
    }
    this.sockets.push(socket)
    return socket
  }
}
