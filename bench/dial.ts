// One attempt to get a socket through the handshake: dial, answer the challenge, wait for hello-ok. It never retries;
// how a refused client behaves is for the job that dials.
import { WebSocket } from 'ws'
import type { Login } from './login.ts'

/** As long as stock clients wait before they give an attempt up. */
const HANDSHAKE_TIMEOUT_MS = 15_000
const MAX_PAYLOAD_BYTES = 26_214_400
const HELLO_MARK = '"hello-ok"'

export class DialError extends Error {
  /** The server's own hint, when it gave one that stock clients obey. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

/** Resolves with a socket whose next message is the first one after hello-ok; rejects with a DialError. */
export function dial(url: string, login: Login): Promise<WebSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MAX_PAYLOAD_BYTES })
  const deadline = setTimeout(() => fail(new DialError('no hello in time')), HANDSHAKE_TIMEOUT_MS)
  let challenged = false

  const onMessage = (data: Buffer) => {
    if (!challenged) {
      challenged = true
      socket.send(login(data))
    } else if (data.includes(HELLO_MARK)) {
      finish()
      resolve(socket)
    } else {
      fail(toDialError(data))
    }
  }
  const onClose = (code: number, reason: Buffer) => fail(new DialError(`closed ${code} ${reason}`))
  const finish = () => {
    clearTimeout(deadline)
    socket.off('message', onMessage).off('close', onClose)
  }
  const fail = (error: DialError) => {
    finish()
    socket.terminate()
    reject(error)
  }
  // The error handler stays for the socket's life: after hello every error is followed by a close, which is what counts.
  socket.on('error', (error) => fail(new DialError(error.message)))
  socket.on('message', onMessage).on('close', onClose)
  return promise
}

/** Says goodbye as a real client does and resolves when the socket is gone. */
export function hangUp(socket: WebSocket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (socket.readyState === WebSocket.CLOSED) resolve()
  else socket.once('close', () => resolve())
  socket.close()
  return promise
}

function toDialError(frame: Buffer): DialError {
  const { error } = JSON.parse(frame.toString())
  const obeyed = error?.details?.reason === 'startup-sidecars' ? Number(error.retryAfterMs) : undefined
  return new DialError(error?.message ?? `unexpected frame before hello: ${frame.subarray(0, 120)}`, obeyed)
}
