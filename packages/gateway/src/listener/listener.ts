// Sockets in, HTTP requests and WebSockets out: one port for both, on every bound address and the owner's Unix socket.
// Arms the deadline at accept, before anything else runs; judges nothing itself.

import { chmod } from 'node:fs/promises'
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContext } from 'node:tls'
import type { Tier } from '../admission/deadline.ts'
import type { FailureRecorder } from '../admission/failure-record.ts'
import type { Logger } from '../observe/logger.ts'
import type { StallClock } from '../observe/stall-clock.ts'
import type { WsLog } from '../observe/ws-log.ts'
import { AcceptQueue } from './accept-queue.ts'
import { type BindAddress, bindAddresses } from './bind-addresses.ts'
import { claimUnixPath } from './claim-unix-path.ts'
import { Connection } from './connection.ts'
import { type HttpRefusal, refuseOnSocket } from './http-refusal.ts'
import { ListenFault } from './listen-fault.ts'
import { isLoopbackAddress } from './locality.ts'
import { startTls } from './start-tls.ts'
import type { UpgradeHandler } from './upgrade.ts'

/** Connections the kernel keeps for us while we are busy. */
const BACKLOG = 4_096
const MAX_HEADER_BYTES = 16_384
/** A plain HTTP exchange that has not ended by then is cut. */
const HTTP_EXCHANGE_MS = 10_000
/** Longest path of a Unix socket on every supported system. */
const MAX_UNIX_PATH_BYTES = 103

export interface ListenerComponents {
  readonly clock: StallClock
  readonly log: Logger
  readonly failures: FailureRecorder
  readonly upgrade: UpgradeHandler
  readonly wsLog: WsLog
  readonly onRequest: (request: IncomingMessage, response: ServerResponse, connection: Connection) => void
  readonly tierOfPeer: (isLoopback: boolean) => Tier
}

export interface ListenerOptions {
  /** `loopback`, `lan` or an address. */
  readonly bind: string
  /** TCP port; 0 takes a free one, the same for both address families. */
  readonly port: number
  /** Path of the owner's socket; undefined: none. */
  readonly unixSocketPath?: string | undefined
  readonly secureContext?: SecureContext | undefined
  /** Accepted sockets in all; more are dropped by the listener and counted. */
  readonly maxConnections: number
}

const CONNECTION = Symbol('connection')
type Known = { [CONNECTION]?: Connection }

export class Listener {
  readonly #components: ListenerComponents
  readonly #options: ListenerOptions
  readonly #http: HttpServer
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #queue = new AcceptQueue()
  readonly #hosts: string[] = []
  #port = 0
  /** Sockets dropped because too many were open, or because accept failed. */
  droppedCount = 0

  constructor(components: ListenerComponents, options: ListenerOptions) {
    this.#components = components
    this.#options = options
    this.#http = createHttpServer({ noDelay: true, maxHeaderSize: MAX_HEADER_BYTES, requireHostHeader: false })
    this.#http.on('request', (request, response) => this.#onRequest(request, response))
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
    this.#http.on('connect', (_request, socket) =>
      refuseOnSocket(socket, { status: 405, type: 'method_not_allowed', message: 'This is not a proxy.' }),
    )
    this.#http.on('clientError', (error, socket) => this.#onClientError(error, socket))
  }

  get port(): number {
    return this.#port
  }

  get openCount(): number {
    return this.#sockets.size
  }

  get queuedCount(): number {
    return this.#queue.waitingCount
  }

  /** Addresses the gateway answers on, for logs and host checks. */
  get hosts(): readonly string[] {
    return this.#hosts
  }

  /** Rejects with `ListenFault` when a required address cannot be bound; nothing stays open then. */
  async start(): Promise<void> {
    try {
      this.#port = this.#options.port
      for (const address of bindAddresses(this.#options.bind)) await this.#bind(address)
      if (this.#options.unixSocketPath !== undefined) await this.#bindUnixSocket(this.#options.unixSocketPath)
    } catch (fault) {
      await this.stop()
      throw fault
    }
  }

  /** Stops accepting; open connections stay. Resolves when they, too, have ended. */
  async stopAccepting(): Promise<void> {
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  }

  /** Stops accepting and destroys what is still open. */
  async stop(): Promise<void> {
    const closed = this.stopAccepting()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.#servers.length = 0
  }

  async #bind({ host, ipv6Only, isRequired }: BindAddress): Promise<void> {
    try {
      const server = await this.#listen({ host, port: this.#port, ipv6Only, backlog: BACKLOG })
      const bound = server.address()
      if (bound !== null && typeof bound === 'object') this.#port = bound.port
    } catch (cause) {
      if (isRequired) throw ListenFault.of(cause, host, this.#port)
      this.#components.log.warn('optional address not bound', { host, port: this.#port, error: String(cause) })
    }
  }

  async #bindUnixSocket(path: string): Promise<void> {
    if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES) {
      this.#components.log.warn('owner socket not opened: its path is too long', {
        path,
        maxBytes: MAX_UNIX_PATH_BYTES,
      })
      return
    }
    await claimUnixPath(path)
    try {
      await this.#listen({ path, backlog: BACKLOG })
      await chmod(path, 0o600)
    } catch (cause) {
      throw ListenFault.of(cause, path, 0)
    }
  }

  #listen(address: {
    host?: string
    port?: number
    path?: string
    ipv6Only?: boolean
    backlog: number
  }): Promise<Server> {
    const isUnixSocket = address.path !== undefined
    const server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true })
    server.maxConnections = this.#options.maxConnections
    server.on('connection', (socket) => this.#onAccept(socket, isUnixSocket))
    server.on('drop', () => {
      this.droppedCount += 1
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, () => {
        server.off('error', reject)
        // Out of file descriptors: the kernel keeps the backlog, the next accept works when one is free again.
        server.on('error', (error) => this.#onAcceptError(error))
        this.#servers.push(server)
        const bound = server.address()
        if (bound !== null && typeof bound === 'object') this.#hosts.push(bound.address)
        resolve(server)
      })
    })
  }

  #onAcceptError(error: Error): void {
    this.droppedCount += 1
    if (this.droppedCount === 1 || this.droppedCount % 1_000 === 0) {
      this.#components.log.warn('accept failed', { error: String(error), dropped: this.droppedCount })
    }
  }

  #onAccept(socket: Socket, isUnixSocket: boolean): void {
    const secureContext = isUnixSocket ? undefined : this.#options.secureContext
    const tier = this.#components.tierOfPeer(isUnixSocket || isLoopbackAddress(socket.remoteAddress ?? ''))
    const connection = new Connection(
      socket,
      this.#components.clock,
      tier,
      secureContext === undefined ? 'upgrade' : 'tls',
      isUnixSocket,
    )
    connection.onExpired = (leg, legMs) => this.#expire(connection, socket, leg, legMs)
    this.#components.wsLog.opened(connection)
    this.#sockets.add(socket)
    socket.on('error', ignoreSocketError)
    socket.once('close', () => {
      connection.deadline.finish()
      this.#sockets.delete(socket)
    })
    this.#queue.push({
      isDestroyed: () => socket.destroyed,
      serve: () => {
        connection.deadline.enter(connection.deadline.leg)
        if (secureContext === undefined) this.#speakHttp(connection, socket)
        else this.#secure(connection, socket, secureContext)
      },
    })
  }

  #secure(connection: Connection, socket: Socket, secureContext: SecureContext): void {
    startTls(socket, secureContext, {
      onSecure: (tls) => {
        connection.deadline.enter('upgrade')
        connection.onExpired = (leg, legMs) => this.#expire(connection, tls, leg, legMs)
        this.#speakHttp(connection, tls)
      },
      onFailed: (reason) => this.#recordFailure(connection, 'tls-failed', undefined, reason),
      onPlainText: () => this.#refuse(connection, socket, TLS_REQUIRED),
    })
  }

  #speakHttp(connection: Connection, socket: Socket): void {
    ;(socket as Known)[CONNECTION] = connection
    this.#http.emit('connection', socket)
    socket.resume()
  }

  #expire(connection: Connection, socket: Socket, leg: string, legMs: number): void {
    const message = `handshake timeout (${leg}, ${legMs} ms)`
    if (leg === 'tls') {
      this.#recordFailure(connection, 'handshake-timeout', undefined, message)
      connection.raw.destroy()
      return
    }
    this.#recordFailure(connection, 'handshake-timeout', 408, message)
    refuseOnSocket(socket, { status: 408, type: 'handshake_timeout', message, retryAfterSeconds: 1 })
  }

  #refuse(connection: Connection, socket: Duplex, refusal: HttpRefusal): void {
    connection.deadline.finish()
    this.#recordFailure(connection, refusal.type, refusal.status, refusal.message)
    refuseOnSocket(socket, refusal)
  }

  /** Of a connection that has not come as far as a request that could be read. */
  #recordFailure(connection: Connection, cause: string, code: number | undefined, reason: string): void {
    this.#components.failures.record({
      connId: connection.connId,
      cause,
      phase: connection.deadline.leg,
      handshakeMs: undefined,
      durationMs: Math.round(this.#components.clock.now() - connection.acceptedAt),
      remote: connection.peerAddress,
      host: undefined,
      fwd: undefined,
      origin: undefined,
      ua: undefined,
      code,
      reason,
    })
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connection = (socket as Known)[CONNECTION]
    if (connection === undefined) {
      socket.destroy()
      return
    }
    if (connection.isTaken) return
    connection.isTaken = true
    this.#components.upgrade.handle(connection, request, socket, head)
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const connection = (request.socket as Known)[CONNECTION]
    if (connection === undefined) {
      request.socket.destroy()
      return
    }
    if (connection.isTaken) return
    connection.isTaken = true
    connection.deadline.finish()
    connection.onExpired = undefined
    request.socket.setTimeout(HTTP_EXCHANGE_MS, () => request.socket.destroy())
    // One exchange per connection: a kept-alive one would need deadlines of its own.
    response.setHeader('Connection', 'close')
    this.#components.onRequest(request, response, connection)
  }

  #onClientError(error: Error & { code?: string }, socket: Duplex): void {
    const connection = (socket as Known)[CONNECTION]
    if (connection === undefined) {
      socket.destroy()
      return
    }
    // The answer that is on its way is the only one, and closes.
    if (connection.isTaken) return
    // Not the request is broken but the connection: nobody is left to be told.
    if (error.code?.startsWith('HPE_') !== true) {
      if (connection.receivedBytes > 0) this.#recordFailure(connection, 'peer-closed', undefined, error.code ?? '')
      socket.destroy()
      return
    }
    this.#refuse(connection, socket, error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : NOT_HTTP)
  }
}

const TLS_REQUIRED: HttpRefusal = {
  status: 400,
  type: 'tls_required',
  message: 'This port speaks TLS only.',
  nextStep: 'Use wss:// or https:// with this address.',
}

const HEADERS_TOO_LARGE: HttpRefusal = {
  status: 431,
  type: 'headers_too_large',
  message: `Request headers exceed ${MAX_HEADER_BYTES} bytes.`,
}

const NOT_HTTP: HttpRefusal = {
  status: 400,
  type: 'invalid_http_request',
  message: 'This is not an HTTP request the gateway understands.',
}

/** Resets and aborts end in `close`, where they are accounted for. */
function ignoreSocketError(): void {}
