// A peer without manners: sends exactly the frames a test names and shows exactly what came back. No retries, no defaults.

import { once } from 'node:events'
import type { ConnectParams, WireErrorShape } from '@breakwater/protocol'
import { type ClientOptions, WebSocket } from 'ws'

export interface Frame {
  readonly type: string
  readonly id?: string
  readonly event?: string
  readonly ok?: boolean
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly payload?: any
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  readonly error?: WireErrorShape & { readonly details?: any }
  readonly seq?: number
  readonly stateVersion?: { readonly presence: number; readonly health: number }
}

export interface Closed {
  readonly code: number
  readonly reason: string
}

/** An HTTP answer in place of the upgrade. */
export class UpgradeRefused extends Error {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string

  constructor(status: number, headers: NodeJS.Dict<string | string[]>, body: string) {
    super(`upgrade refused with HTTP ${status}: ${body}`)
    this.status = status
    this.headers = headers
    this.body = body
  }
}

const WAIT_MS = 10_000

export class RawClient implements AsyncDisposable {
  readonly socket: WebSocket
  readonly frames: Frame[] = []
  readonly closed: Promise<Closed>
  readonly #waiters = new Set<() => void>()
  #nextId = 1

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString('utf8')) as Frame)
      for (const wake of this.#waiters) wake()
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString('utf8') })
        for (const wake of this.#waiters) wake()
      })
    })
  }

  /** Resolves when the upgrade is through. Rejects with `UpgradeRefused` or the socket's error. */
  static async open(url: string, options: ClientOptions = {}): Promise<RawClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false, rejectUnauthorized: false, ...options })
    const client = new RawClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
      socket.once('unexpected-response', (_request, response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString('utf8')
        })
        response.once('end', () => reject(new UpgradeRefused(response.statusCode ?? 0, response.headers, body)))
      })
    })
    return client
  }

  send(frame: unknown): void {
    this.socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  /** The first frame, past or future, that fits. */
  async next(fits: (frame: Frame) => boolean, waitMs = WAIT_MS): Promise<Frame> {
    const deadline = performance.now() + waitMs
    for (;;) {
      const found = this.frames.find(fits)
      if (found !== undefined) return found
      const leftMs = deadline - performance.now()
      if (leftMs <= 0 || this.socket.readyState === WebSocket.CLOSED) {
        throw new Error(`no such frame within ${waitMs} ms; got ${JSON.stringify(this.frames).slice(0, 2_000)}`)
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, leftMs)
        const waiters = this.#waiters
        function wake(): void {
          clearTimeout(timer)
          waiters.delete(wake)
          resolve()
        }
        waiters.add(wake)
      })
    }
  }

  async challenge(): Promise<{ nonce: string; ts: number }> {
    return (await this.next(({ event }) => event === 'connect.challenge')).payload
  }

  /** Sends a request and resolves with its first response, good or bad. */
  async request(method: string, params?: unknown): Promise<Frame> {
    const id = `${this.#nextId++}`
    this.send({ type: 'req', id, method, ...(params === undefined ? {} : { params }) })
    return await this.next((frame) => frame.type === 'res' && frame.id === id)
  }

  /** Waits for the challenge and sends `connect` with what `build` makes of it. */
  async connect(build: (challenge: { nonce: string; ts: number }) => unknown): Promise<Frame> {
    return await this.request('connect', build(await this.challenge()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.socket, 'close')
    this.socket.terminate()
    await closed
  }
}

/** Connect parameters of the owner's command line; fields override. */
export function cliConnect(token: string | undefined, more: Partial<ConnectParams> = {}): ConnectParams {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'cli', version: '1.0.0', platform: 'linux', mode: 'cli' },
    role: 'operator',
    scopes: ['operator.admin'],
    caps: [],
    ...(token === undefined ? {} : { auth: { token } }),
    ...more,
  }
}

/** Opens, connects and insists on hello-ok. */
export async function connectRaw(url: string, params: ConnectParams, options: ClientOptions = {}): Promise<RawClient> {
  const client = await RawClient.open(url, options)
  const hello = await client.connect(() => params)
  if (!hello.ok) throw new Error(`refused: ${JSON.stringify(hello.error)}`)
  return client
}
