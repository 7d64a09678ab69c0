// Transport over `ws` for Node: TCP, TLS (authority or pin) and Unix sockets.
// With a pin the TLS connection is made and judged first; the upgrade request exists only after the pin has matched, so
// no byte of a credential can reach another certificate. Redirects are never followed.

import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { LIMITS } from '@breakwater/protocol'
import WebSocket, { type ClientOptions as WsOptions } from 'ws'
import { ClientError } from '../errors.ts'
import type { TlsPin } from '../tls-pin.ts'
import type { GatewayEndpoint } from '../url.ts'
import { toConnectError } from './node-connect-error.ts'
import type { Transport, TransportClose, TransportHandlers, TransportSocket } from './transport.ts'
import { readUpgradeRejection } from './upgrade-rejection.ts'

export interface NodeTransportOptions {
  /** Replaces the check of authorities and names by an exact match. Only for `wss://`. */
  readonly tlsPin?: TlsPin | undefined
  /** PEM certificates trusted besides a pin's absence; unset = those of Node. Ignored with a pin. */
  readonly tlsCa?: string | readonly string[] | undefined
  /** Added to the upgrade request, e.g. for an authenticating proxy. Only for `wss://`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Largest message accepted, in bytes. 1 .. 1 073 741 824. */
  readonly maxPayloadBytes?: number | undefined
  /** Limit of the upgrade alone, in milliseconds; the connection's own deadlines are shorter as a rule. */
  readonly upgradeTimeoutMs?: number | undefined
}

export const NODE_TRANSPORT_DEFAULTS = {
  maxPayloadBytes: LIMITS.maxPayloadBytes,
  upgradeTimeoutMs: 60_000,
} as const satisfies NodeTransportOptions

export class NodeWebSocketTransport implements Transport {
  readonly isPinned: boolean
  readonly #options: NodeTransportOptions

  constructor(options: NodeTransportOptions = {}) {
    this.#options = options
    this.isPinned = options.tlsPin !== undefined
  }

  open(endpoint: GatewayEndpoint, handlers: TransportHandlers): TransportSocket {
    const socket = new NodeSocket(endpoint, handlers)
    try {
      this.#connect(endpoint, socket)
    } catch (error) {
      socket.fail(ClientError.is(error) ? error : toConnectError(error, endpoint))
    }
    return socket
  }

  #connect(endpoint: GatewayEndpoint, socket: NodeSocket): void {
    const { tlsPin, headers } = this.#options
    const problem = optionProblem(endpoint, this.#options)
    if (problem !== undefined) throw new ClientError('INVALID_OPTIONS', problem)
    const options: WsOptions = {
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: this.#options.maxPayloadBytes ?? NODE_TRANSPORT_DEFAULTS.maxPayloadBytes,
      handshakeTimeout: this.#options.upgradeTimeoutMs ?? NODE_TRANSPORT_DEFAULTS.upgradeTimeoutMs,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(this.#options.tlsCa === undefined ? {} : { ca: [this.#options.tlsCa].flat() }),
    }
    const { path } = endpoint
    if (path !== undefined) socket.upgrade({ ...options, createConnection: () => connectPlain({ path }) })
    else if (tlsPin === undefined) socket.upgrade(options)
    else socket.upgradePinned(tlsPin, options)
  }
}

/** What contradicts the endpoint; found before any I/O. */
export function optionProblem(endpoint: GatewayEndpoint, options: NodeTransportOptions): string | undefined {
  if (endpoint.secure) return undefined
  if (options.tlsPin !== undefined) return `${endpoint.label}: a TLS fingerprint needs wss://`
  if (options.headers !== undefined && Object.keys(options.headers).length > 0) {
    return `${endpoint.label}: extra headers may carry credentials and need wss://`
  }
  return undefined
}

class NodeSocket implements TransportSocket {
  readonly #endpoint: GatewayEndpoint
  readonly #handlers: TransportHandlers
  #tls: TLSSocket | undefined
  #ws: WebSocket | undefined
  #error: ClientError | undefined
  #isGone = false

  constructor(endpoint: GatewayEndpoint, handlers: TransportHandlers) {
    this.#endpoint = endpoint
    this.#handlers = handlers
  }

  get bufferedBytes(): number {
    return this.#ws?.bufferedAmount ?? 0
  }

  send(text: string): void {
    if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(text)
  }

  close(code: number, reason: string): void {
    if (this.#ws === undefined || this.#ws.readyState === WebSocket.CONNECTING) this.terminate()
    else this.#ws.close(code, reason)
  }

  terminate(): void {
    if (this.#ws !== undefined) this.#ws.terminate()
    else this.fail(undefined)
  }

  /** Ends it without a WebSocket's own events. */
  fail(error: ClientError | undefined): void {
    this.#error ??= error
    this.#tls?.destroy()
    // Never from inside a call of the owner.
    queueMicrotask(() => this.#gone({ code: 1006, reason: '' }))
  }

  upgradePinned(pin: TlsPin, options: WsOptions): void {
    const { hostname, port } = new URL(this.#endpoint.url)
    const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
    const servername = isIP(host) === 0 ? { servername: host } : {}
    const tls = connectTls({ host, port: Number(port || 443), rejectUnauthorized: false, ...servername })
    this.#tls = tls
    const onError = (error: Error): void => this.fail(toConnectError(error, this.#endpoint))
    const onEarlyClose = (): void =>
      this.fail(new ClientError('CONNECT_FAILED', `${this.#endpoint.label}: closed during TLS`))
    tls.on('error', onError)
    tls.once('close', onEarlyClose)
    tls.once('secureConnect', () => {
      const problem = pinProblem(tls, pin)
      if (problem !== undefined) {
        return this.fail(new ClientError('TLS_PIN_MISMATCH', `${problem}: ${this.#endpoint.label}`))
      }
      tls.off('error', onError)
      tls.off('close', onEarlyClose)
      this.upgrade({ ...options, createConnection: () => tls })
    })
  }

  upgrade(options: WsOptions): void {
    if (this.#isGone) return
    const ws = new WebSocket(this.#endpoint.url, options)
    this.#ws = ws
    ws.on('open', () => this.#handlers.onOpen())
    ws.on('message', (data) => this.#handlers.onMessage(String(data)))
    ws.on('error', (error) => {
      this.#error ??= toConnectError(error, this.#endpoint)
    })
    ws.on('close', (code, reason) => this.#gone({ code, reason: reason.toString('utf8') }))
    ws.on('unexpected-response', (_request, response) => {
      void readUpgradeRejection(response, this.#endpoint).then((error) => {
        this.#error ??= error
        ws.terminate()
      })
    })
  }

  #gone(close: TransportClose): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#handlers.onClose(this.#error === undefined ? close : { ...close, error: this.#error })
  }
}

/** Judged on the finished TLS handshake: the peer has proven the key of the certificate it showed. */
function pinProblem(tls: TLSSocket, pin: TlsPin): string | undefined {
  const fingerprint = tls.getPeerX509Certificate()?.fingerprint256
  if (fingerprint === undefined) return 'gateway tls fingerprint unavailable'
  return fingerprint.replaceAll(':', '').toLowerCase() === pin ? undefined : 'gateway tls fingerprint mismatch'
}
