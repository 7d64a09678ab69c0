// HTTP upgrade to WebSocket: locality, host policy and the handshake's own form are judged before a WebSocket exists.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { LIMITS } from '@breakwater/protocol'
import { WebSocketServer } from 'ws'
import type { Admission } from '../admission/admission.ts'
import type { Tier } from '../admission/deadline.ts'
import type { FailureRecorder } from '../admission/failure-record.ts'
import { WebSocketLink } from '../connection/web-socket-link.ts'
import type { Connection } from './connection.ts'
import { type HttpRefusal, refuseOnSocket } from './http-refusal.ts'
import { decideLocality, isLoopbackAddress, type Locality, type TrustPolicy } from './locality.ts'
import { decideHost } from './origin.ts'
import { meterPreAuthBytes } from './pre-auth-meter.ts'

export interface UpgradeComponents {
  readonly admission: Admission
  readonly failures: FailureRecorder
  /** Settings are read at each upgrade: they may change while the gateway runs. */
  readonly trustPolicy: () => TrustPolicy
  readonly allowedHosts: () => readonly string[]
  readonly bindHosts: () => readonly string[]
  readonly tierOf: (locality: Locality) => Tier
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class UpgradeHandler {
  readonly #components: UpgradeComponents
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // The link answers pings.
    autoPong: false,
    maxPayload: LIMITS.maxPayloadBytes,
  })

  /** Whose handshake a refusal of the WebSocket library is about. */
  readonly #connections = new WeakMap<Duplex, Connection>()

  constructor(components: UpgradeComponents) {
    this.#components = components
    this.#webSockets.on('wsClientError', (error, socket, request) => this.#refuseForm(error, socket, request))
  }

  handle(connection: Connection, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const locality = this.#judge(connection, request)
    if ('status' in locality) {
      this.#refuse(connection, request, socket, locality)
      return
    }
    this.#connections.set(socket, connection)
    connection.deadline.shorten(this.#components.tierOf(locality))
    // The HTTP answer and a challenge sent in the same turn leave in one write.
    socket.cork()
    process.nextTick(() => socket.uncork())
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      // `head` has been received already and comes through the socket once more.
      const limitBytes = LIMITS.preAuthBytes - connection.receivedBytes + head.length
      const stopCounting = meterPreAuthBytes(socket, limitBytes, () => handshake.overflow())
      const handshake = this.#components.admission.begin(
        {
          connId: connection.connId,
          locality,
          peerAddress: connection.peerAddress,
          headers: request.headers,
          acceptedAt: connection.acceptedAt,
          deadline: connection.deadline,
          release: () => {
            stopCounting()
            connection.onExpired = undefined
          },
        },
        (holder) => new WebSocketLink(ws, holder),
      )
      connection.onExpired = (leg, legMs) => handshake.expire(leg, legMs)
    })
  }

  #judge(connection: Connection, { headers }: IncomingMessage): Locality | HttpRefusal {
    const { peerAddress, isUnixSocket } = connection
    const locality = decideLocality(
      { peerAddress, isUnixSocket, host: headers.host, headers },
      this.#components.trustPolicy(),
    )
    if (locality.kind === 'refused') {
      return {
        status: 403,
        type: locality.reason,
        message: locality.message,
        nextStep: 'Ask the owner to list the proxy in gateway.trustedProxies.',
      }
    }
    const host = decideHost(headers.host, {
      bindHosts: this.#components.bindHosts(),
      allowedHosts: this.#components.allowedHosts(),
      isLoopbackPeer: locality.kind !== 'proxied' && peerAddress !== undefined && isLoopbackAddress(peerAddress),
      hasOrigin: headers.origin !== undefined,
    })
    if (!host.ok) return { status: 403, type: 'host_not_allowed', message: host.message, nextStep: host.nextStep }
    return locality
  }

  /** Not a WebSocket handshake by the letter. */
  #refuseForm(error: Error, socket: Duplex, request: IncomingMessage): void {
    const connection = this.#connections.get(socket)
    const isOtherVersion = request.headers['sec-websocket-version'] !== '13'
    const refusal = { type: 'invalid_websocket_handshake', message: error.message, status: isOtherVersion ? 426 : 400 }
    if (connection === undefined) refuseOnSocket(socket, refusal)
    else this.#refuse(connection, request, socket, refusal)
  }

  #refuse(connection: Connection, request: IncomingMessage, socket: Duplex, refusal: HttpRefusal): void {
    this.#recordRefusal(connection, request, refusal)
    connection.deadline.finish()
    refuseOnSocket(socket, refusal)
  }

  #recordRefusal(connection: Connection, { headers }: IncomingMessage, refusal: HttpRefusal): void {
    const fwd = headers['x-forwarded-for'] ?? headers.forwarded
    this.#components.failures.record({
      connId: connection.connId,
      cause: refusal.type,
      phase: connection.deadline.leg,
      handshakeMs: undefined,
      durationMs: Math.round(this.#components.now() - connection.acceptedAt),
      remote: connection.peerAddress,
      host: headers.host,
      fwd: Array.isArray(fwd) ? fwd.join(', ') : fwd,
      origin: headers.origin,
      ua: headers['user-agent'],
      code: refusal.status,
      reason: refusal.message,
    })
  }
}
