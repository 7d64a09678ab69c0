// The WebSocket log a person watches (`--ws-log`): one line for each thing that happens to a connection. Lines are built
// only when somebody watches.

import type { Peer } from '../connection/peer.ts'
import type { Connection } from '../listener/connection.ts'
import { consoleText } from './console-text.ts'

export type WsLogMode = 'off' | 'auto' | 'compact' | 'full'

export interface HelloFacts {
  readonly methods: number
  readonly events: number
  readonly presence: number
  readonly stateVersion: { readonly presence: number; readonly health: number }
}

export class WsLog {
  readonly #mode: WsLogMode
  readonly #write: (line: string) => void

  /** `auto` watches failures only; `compact` everything but payloads; `full` payload sizes and request methods too. */
  constructor(mode: WsLogMode, write: (line: string) => void) {
    this.#mode = mode
    this.#write = write
  }

  get isWatched(): boolean {
    return this.#mode === 'compact' || this.#mode === 'full'
  }

  opened({ connId, peerAddress, isUnixSocket, raw }: Connection): void {
    if (!this.isWatched) return
    this.#line('open', {
      conn: short(connId),
      remote: isUnixSocket ? 'unix' : `${peerAddress}:${raw.remotePort}`,
      local: isUnixSocket ? undefined : `${raw.localAddress}:${raw.localPort}`,
      endpoint: isUnixSocket ? 'owner-socket' : 'tcp',
    })
  }

  connected({ identity }: Peer): void {
    if (!this.isWatched) return
    const { client, connId, role, authMethod } = identity
    this.#line('connect', {
      conn: short(connId),
      client: client.id,
      displayName: client.displayName,
      version: client.version,
      mode: client.mode,
      platform: client.platform,
      role,
      auth: authMethod,
    })
  }

  greeted({ identity }: Peer, { methods, events, presence, stateVersion }: HelloFacts): void {
    if (!this.isWatched) return
    this.#line('hello-ok', {
      conn: short(identity.connId),
      methods,
      events,
      presence,
      stateVersion: `${stateVersion.presence}/${stateVersion.health}`,
    })
  }

  received(connId: string, method: string, bytes: number): void {
    if (this.#mode === 'full') this.#line('request', { conn: short(connId), method, bytes })
  }

  published(event: string, receivers: number): void {
    if (this.isWatched && receivers > 0) this.#line('event', { event, receivers })
  }

  closed(
    connId: string,
    code: number | undefined,
    durationMs: number,
    handshake: 'ok' | 'failed',
    reason: string,
  ): void {
    if (this.#mode === 'off' || (this.#mode === 'auto' && handshake === 'ok')) return
    this.#line('close', {
      conn: short(connId),
      code,
      durationMs: Math.round(durationMs),
      handshake,
      reason: reason || undefined,
    })
  }

  #line(what: string, fields: Readonly<Record<string, string | number | undefined>>): void {
    const pairs = Object.entries(fields).filter(([, value]) => value !== undefined)
    this.#write(`[ws] ${what} ${pairs.map(([name, value]) => `${name}=${quoted(value)}`).join(' ')}`)
  }
}

const short = (connId: string): string => connId.slice(0, 8)

/** Values from peers are quoted whenever they could be mistaken for the line's own form. */
const quoted = (value: string | number | undefined): string => {
  const text = consoleText(value)
  return /^[\w.:/@-]*$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`
}
