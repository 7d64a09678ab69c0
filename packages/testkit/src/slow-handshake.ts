// One handshake, taken a leg at a time over a bare socket, so that a test can freeze the gateway between any two.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { cliConnect } from './raw-client.ts'

export interface SlowHandshakeOptions {
  readonly port: number
  readonly token: string
  /** Added to the upgrade request, e.g. `X-Forwarded-For` of a proxied client. */
  readonly headers?: Readonly<Record<string, string>>
  readonly tls?: boolean
}

export class SlowHandshake {
  readonly #options: SlowHandshakeOptions
  #socket: Socket
  #received = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => {}

  private constructor(socket: Socket, options: SlowHandshakeOptions) {
    this.#options = options
    this.#socket = socket
    if (options.tls !== true) this.#listen()
  }

  /** Leg one: the TCP connection. */
  static async dial(options: SlowHandshakeOptions): Promise<SlowHandshake> {
    const socket = connect(options.port, '127.0.0.1')
    await once(socket, 'connect')
    return new SlowHandshake(socket, options)
  }

  /** Starts TLS; resolves when it is through. */
  async secure(): Promise<void> {
    this.#socket = connectTls({ socket: this.#socket, rejectUnauthorized: false })
    this.#listen()
    await once(this.#socket, 'secureConnect')
  }

  /** Sends the upgrade request; does not wait. */
  requestUpgrade(): void {
    const headers = {
      Host: `127.0.0.1:${this.#options.port}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...this.#options.headers,
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    this.#socket.write(`GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  }

  /** Resolves when the challenge has arrived. */
  async challenged(waitMs: number): Promise<void> {
    await this.#until('connect.challenge', waitMs)
  }

  /** Sends the connect frame; does not wait. */
  requestConnect(): void {
    const frame = JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: cliConnect(this.#options.token) })
    this.#socket.write(maskedFrame(frame))
  }

  /** Resolves when hello-ok has arrived; rejects with what came instead. */
  async greeted(waitMs: number): Promise<void> {
    await this.#until('"hello-ok"', waitMs)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#wake()
    })
    this.#socket.on('error', () => {})
    this.#socket.once('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  async #until(text: string, waitMs: number): Promise<void> {
    const deadline = performance.now() + waitMs
    while (!this.#received.includes(text)) {
      const leftMs = deadline - performance.now()
      if (this.#isClosed || leftMs <= 0) {
        const got = this.#received.toString('utf8').slice(0, 400)
        throw new Error(`${this.#isClosed ? 'closed' : 'timed out'} before ${text}; got ${JSON.stringify(got)}`)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** One masked text frame (RFC 6455 section 5.2). */
export function maskedFrame(text: string): Buffer {
  const payload = Buffer.from(text, 'utf8')
  const mask = randomBytes(4)
  const header =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff])
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([header, mask, masked])
}
