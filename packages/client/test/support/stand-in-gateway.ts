// A gateway stand-in over a real `ws` server: speaks challenge and hello, answers what a test tells it to.
// Judges nothing about credentials or signatures; it records the connect frames for the test to judge.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type ConnectParams, decodeRequest, encodeError, encodeOk, type RequestFrame } from '@breakwater/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { helloOk } from './hello.ts'

export interface StandInOptions {
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Listen on a Unix socket instead of a loopback port. */
  readonly path?: string
  /** Answers requests after hello; return undefined to stay silent. Default: echoes the params. */
  readonly onRequest?: (frame: RequestFrame, socket: WebSocket) => unknown
  /** Replaces the answer to `connect`. Default: hello-ok. */
  readonly onConnect?: (params: ConnectParams, socket: WebSocket, frame: RequestFrame) => void
  readonly sendsChallenge?: boolean
}

export class StandInGateway implements AsyncDisposable {
  readonly connects: ConnectParams[] = []
  readonly sockets: WebSocket[] = []
  /** Headers of every upgrade request. */
  readonly upgrades: IncomingHttpHeaders[] = []
  onSocket: (socket: WebSocket) => void = () => {}
  readonly nonce = '7b1f0c2e-0000-4000-8000-000000000001'
  readonly ts = 1_737_264_000_000
  readonly server: Server
  readonly #wss: WebSocketServer
  readonly #options: StandInOptions

  private constructor(options: StandInOptions) {
    this.#options = options
    this.server = options.tls === undefined ? createServer() : createTlsServer(options.tls)
    this.#wss = new WebSocketServer({ server: this.server, perMessageDeflate: false })
    this.#wss.on('connection', (socket, request) => {
      this.upgrades.push(request.headers)
      this.#onConnection(socket)
    })
  }

  static async start(options: StandInOptions = {}): Promise<StandInGateway> {
    const gateway = new StandInGateway(options)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    gateway.server.once('error', reject)
    if (options.path === undefined) gateway.server.listen(0, '127.0.0.1', resolve)
    else gateway.server.listen(options.path, resolve)
    await promise
    return gateway
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${this.port}`
  }

  /** Sends an event to every open socket. */
  emit(event: string, payload: unknown, seq?: number): void {
    for (const socket of this.sockets) socket.send(JSON.stringify({ type: 'event', event, payload, seq }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.server.close(() => resolve())
    this.server.closeAllConnections()
    await promise
  }

  #onConnection(socket: WebSocket): void {
    this.sockets.push(socket)
    this.onSocket(socket)
    socket.on('message', (data) => {
      const decoded = decodeRequest(String(data))
      if (decoded.ok) this.#onRequest(decoded.frame, socket)
    })
    if (this.#options.sendsChallenge === false) return
    const payload = { nonce: this.nonce, ts: this.ts }
    socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload }))
  }

  #onRequest(frame: RequestFrame, socket: WebSocket): void {
    if (frame.method === 'connect') {
      const params = frame.params as ConnectParams
      this.connects.push(params)
      if (this.#options.onConnect === undefined) socket.send(encodeOk(frame.id, helloOk()))
      else this.#options.onConnect(params, socket, frame)
      return
    }
    const { onRequest = (request: RequestFrame) => ({ echo: request.params ?? null }) } = this.#options
    const payload = onRequest(frame, socket)
    if (payload !== undefined) socket.send(encodeOk(frame.id, payload))
  }
}

/** Refuses like a gateway: the error response first, then the close. */
export function refuse(
  socket: WebSocket,
  frame: RequestFrame,
  error: Parameters<typeof encodeError>[1],
  code = 1008,
): void {
  socket.send(encodeError(frame.id, error))
  socket.close(code, error.message)
}
