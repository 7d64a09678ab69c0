// The life of one admitted connection: registered, watched, announced; its messages go to the router until it closes.

import type { Presence } from '../events/presence.ts'
import type { WsLog } from '../observe/ws-log.ts'
import type { Router } from '../rpc/router.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { Peer } from './peer.ts'
import type { PeerRegistry } from './registry.ts'
import type { LinkHolder } from './web-socket-link.ts'

/** Where ended connections are remembered. */
export interface ClosedConnections {
  record(peer: Peer, code: number, reason: string, durationMs: number): void
}

export interface PeerSessionComponents {
  readonly peers: PeerRegistry
  readonly presence: Presence
  readonly heartbeat: Heartbeat
  readonly router: Router
  readonly wsLog: WsLog
  readonly closed?: ClosedConnections
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export class PeerSession implements LinkHolder {
  readonly #components: PeerSessionComponents
  readonly #peer: Peer
  readonly #startedAt: number

  constructor(components: PeerSessionComponents, peer: Peer) {
    this.#components = components
    this.#peer = peer
    this.#startedAt = components.now()
  }

  begin(): void {
    const { peers, heartbeat, presence } = this.#components
    peers.add(this.#peer)
    heartbeat.watch(this.#peer)
    presence.connected(this.#peer)
  }

  onText(text: string): void {
    this.#components.router.receive(this.#peer, text)
  }

  onPong(): void {
    this.#components.heartbeat.pong(this.#peer)
    this.#components.presence.touch(this.#peer)
  }

  onClose(code: number, reason: string): void {
    const { peers, heartbeat, presence, router, closed, wsLog, now } = this.#components
    if (!peers.remove(this.#peer)) return
    this.#peer.markClosed()
    heartbeat.unwatch(this.#peer)
    router.peerClosed(this.#peer)
    presence.disconnected(this.#peer)
    const { code: endCode, reason: endReason } = this.#peer.closing ?? { code, reason }
    const durationMs = now() - this.#startedAt
    closed?.record(this.#peer, endCode, endReason, durationMs)
    wsLog.closed(this.#peer.identity.connId, endCode, durationMs, 'ok', endReason)
  }
}
