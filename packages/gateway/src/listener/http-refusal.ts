// Complete refusals before the upgrade: JSON over HTTP with a machine type, a sentence and, where waiting helps, when.

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

export interface HttpRefusal {
  readonly status: number
  /** Machine-readable cause, `error.type`. */
  readonly type: string
  readonly message: string
  readonly retryAfterSeconds?: number
  readonly nextStep?: string
}

export const refusalBody = ({ type, message, nextStep }: HttpRefusal): string =>
  JSON.stringify({ error: { type, message, ...(nextStep === undefined ? {} : { nextStep }) } })

export function refusalHeaders(refusal: HttpRefusal): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
    ...(refusal.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(refusal.retryAfterSeconds) }),
    // What is spoken instead (RFC 9110 section 15.5.22, RFC 6455 section 4.4).
    ...(refusal.status === 426 ? { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' } : {}),
  }
}

/** Writes the refusal on a bare socket and ends it; the socket is destroyed when the peer does not let go. */
export function refuseOnSocket(socket: Duplex, refusal: HttpRefusal): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = refusalBody(refusal)
  const headers = { ...refusalHeaders(refusal), 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${head.join('\r\n')}\r\n\r\n${body}`)
  socket.once('finish', () => socket.destroy())
}
