// One TCP connection that sends what it is told and collects what comes back, without a WebSocket library in between:
// such a library would refuse to send the very bytes that matter here.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What a server sent, taken apart. `close` is its close frame. */
export interface WireAnswer {
  readonly http: { readonly status: number; readonly head: string; readonly body: string } | undefined
  readonly messages: readonly string[]
  readonly close: { readonly code: number; readonly reason: string } | undefined
}

export const upgradeRequest = (port: number, more: Readonly<Record<string, string>> = {}): string => {
  const headers = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...more,
  }
  return `GET / HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')}\r\n\r\n`
}

export interface FrameShape {
  readonly opcode?: number
  readonly isFinal?: boolean
  readonly isMasked?: boolean
  /** RSV1..3 as bits 4, 2, 1. */
  readonly reserved?: number
  /** Written into the header instead of the payload's own length. */
  readonly claimedBytes?: number
}

/** One frame of a client (RFC 6455 section 5.2), right or wrong as told. */
export function wireFrame(payload: Buffer | string, shape: FrameShape = {}): Buffer {
  const { opcode = 1, isFinal = true, isMasked = true, reserved = 0 } = shape
  const bytes = Buffer.from(payload as string)
  const length = shape.claimedBytes ?? bytes.length
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | opcode
  const maskBit = isMasked ? 0x80 : 0
  const header = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10)
  header[0] = first
  header[1] = maskBit | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (header.length === 4) header.writeUInt16BE(length, 2)
  if (header.length === 10) header.writeBigUInt64BE(BigInt(length), 2)
  if (!isMasked) return Buffer.concat([header, bytes])
  const mask = randomBytes(4)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (mask[at % 4] ?? 0)
  return Buffer.concat([header, mask, bytes])
}

export class WireAttempt implements Disposable {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isEnded = false
  #wake: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    for (const event of ['end', 'close']) {
      socket.once(event, () => {
        this.#isEnded = true
        this.#wake()
      })
    }
  }

  static async dial(port: number, host = '127.0.0.1'): Promise<WireAttempt> {
    const socket = connect(port, host)
    await once(socket, 'connect')
    return new WireAttempt(socket)
  }

  /** Takes over a socket that is connected already, e.g. one that speaks TLS. */
  static over(socket: Socket): WireAttempt {
    return new WireAttempt(socket)
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get receivedBytes(): number {
    return this.#received.length
  }

  send(bytes: Buffer | string): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  answer(): WireAnswer {
    return readAnswer(this.#received)
  }

  /** Resolves with the answer when it fits, when the server ended the connection, or when the time is over. */
  async until(fits: (answer: WireAnswer) => boolean, waitMs: number): Promise<WireAnswer> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const answer = this.answer()
      const leftMs = deadline - performance.now()
      if (this.#isEnded || leftMs <= 0 || fits(answer)) return answer
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

function readAnswer(received: Buffer): WireAnswer {
  const headEnd = received.indexOf('\r\n\r\n')
  const head = headEnd < 0 ? '' : received.subarray(0, headEnd).toString('latin1')
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? Number.NaN)
  if (Number.isNaN(status)) return { http: undefined, messages: [], close: undefined }
  const rest = received.subarray(headEnd + 4)
  if (status !== 101) return { http: { status, head, body: rest.toString('utf8') }, messages: [], close: undefined }
  return { http: { status, head, body: '' }, ...readFrames(rest) }
}

function readFrames(bytes: Buffer): Pick<WireAnswer, 'messages' | 'close'> {
  const messages: string[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] ?? 0) & 0x0f
    const short = (bytes[at + 1] ?? 0) & 0x7f
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + headerBytes > bytes.length) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (at + headerBytes + length > bytes.length) break
    const payload = bytes.subarray(at + headerBytes, at + headerBytes + length)
    at += headerBytes + length
    if (opcode === 1) messages.push(payload.toString('utf8'))
    if (opcode !== 8) continue
    const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0)
    return { messages, close: { code, reason: payload.subarray(2).toString('utf8') } }
  }
  return { messages, close: undefined }
}
