// The last ten thousand connections that ended: whose, when, after how long, with which code and reason. In memory only;
// the oldest make room. Also counts all of them since the start. Failed handshakes come from their recorder, which
// bounds how many a stranger can cause.

import type { HandshakeFailure } from '../admission/failure-record.ts'
import type { Peer } from '../connection/peer.ts'
import type { Clock } from './clock.ts'

export interface ClosedConnection {
  readonly connId: string
  /** Epoch milliseconds. */
  readonly ts: number
  /** Since it was admitted, or since it was accepted when it never was. */
  readonly durationMs: number
  readonly handshake: 'ok' | 'failed'
  /** Close code, or HTTP status before the upgrade; undefined when nothing was said. */
  readonly code: number | undefined
  readonly reason: string
  /** Name of what went wrong with a handshake. */
  readonly cause?: string
  readonly remote?: string
  readonly role?: string
  /** Client id and mode. */
  readonly client?: string
  readonly deviceId?: string
}

export interface ClosedConnectionsReport {
  readonly capacity: number
  /** Held now, and no longer held. */
  readonly count: number
  readonly dropped: number
  /** Admitted connections that ended since the start, by code. */
  readonly byCode: Readonly<Record<string, number>>
  /** Oldest first. */
  readonly connections: readonly ClosedConnection[]
}

export const CLOSED_CAPACITY = 10_000
/** Reasons come from peers too; RFC 6455 leaves them 123 bytes. */
const MAX_TEXT_CHARS = 123
/** Codes come from peers too; they are given this many names of their own. */
const MAX_CODES = 64

export class ClosedConnections {
  readonly #clock: Clock
  readonly #capacity: number
  /** The entry with number n is at (n - 1) % capacity. */
  readonly #ring: ClosedConnection[] = []
  readonly #byCode = new Map<string, number>()
  #total = 0

  constructor({ clock }: { readonly clock: Clock }, { capacity }: { readonly capacity: number } = DEFAULTS) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** Admitted connections that ended since the start, by code. */
  get byCode(): ReadonlyMap<string, number> {
    return this.#byCode
  }

  record({ identity }: Peer, code: number, reason: string, durationMs: number): void {
    const known = String(code)
    const name = this.#byCode.has(known) || this.#byCode.size < MAX_CODES ? known : 'other'
    this.#byCode.set(name, (this.#byCode.get(name) ?? 0) + 1)
    const { connId, role, client, deviceId, locality } = identity
    const remote = locality.kind === 'in-process' ? undefined : locality.clientAddress
    this.#keep({
      connId,
      ts: this.#clock.nowMs(),
      durationMs: Math.round(durationMs),
      handshake: 'ok',
      code,
      reason: cut(reason),
      ...(remote === undefined ? {} : { remote }),
      role,
      client: cut(`${client.id}/${client.mode}`),
      ...(deviceId === undefined ? {} : { deviceId }),
    })
  }

  failed({ connId, cause, code, reason, durationMs, remote }: HandshakeFailure): void {
    this.#keep({
      connId,
      ts: this.#clock.nowMs(),
      durationMs,
      handshake: 'failed',
      code,
      reason: cut(reason),
      cause,
      ...(remote === undefined ? {} : { remote }),
    })
  }

  /** The newest `limit`; the counts are of everything. */
  report(limit: number): ClosedConnectionsReport {
    const held = this.#held()
    return {
      capacity: this.#capacity,
      count: held.length,
      dropped: this.#total - held.length,
      byCode: Object.fromEntries(this.#byCode),
      connections: held.slice(Math.max(0, held.length - limit)),
    }
  }

  /** The newest `limit` of a device whose id begins so, or of an address. Oldest first. */
  about(text: string, limit: number): readonly ClosedConnection[] {
    const wanted = text.toLowerCase()
    const fits = ({ deviceId, remote }: ClosedConnection): boolean =>
      remote === wanted || deviceId?.startsWith(wanted) === true
    const found = this.#held().filter(fits)
    return found.slice(Math.max(0, found.length - limit))
  }

  #keep(connection: ClosedConnection): void {
    this.#ring[this.#total % this.#capacity] = connection
    this.#total += 1
  }

  #held(): readonly ClosedConnection[] {
    const split = this.#total > this.#capacity ? this.#total % this.#capacity : 0
    return [...this.#ring.slice(split), ...this.#ring.slice(0, split)]
  }
}

const DEFAULTS = { capacity: CLOSED_CAPACITY }

const cut = (text: string): string => (text.length <= MAX_TEXT_CHARS ? text : text.slice(0, MAX_TEXT_CHARS))
