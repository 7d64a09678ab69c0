// An authenticated connection: the only type the router and the broadcaster know. Identity is fixed for its life.
// Holds no protocol logic; what may be sent when a receiver is slow is decided by its outbound queue.

import { CLOSE, type ClientInfo, expandScopes, type Role } from '@breakwater/protocol'
import type { Locality } from '../listener/locality.ts'
import type { Link } from './link.ts'
import { OutboundQueue } from './outbound-queue.ts'

export type AuthMethod = 'none' | 'token' | 'password' | 'device-token' | 'bootstrap-token' | 'trusted-proxy'

/** What admission has established about a connection. */
export interface PeerIdentity {
  readonly connId: string
  readonly role: Role
  /** Granted scopes as the hello names them. */
  readonly scopes: readonly string[]
  readonly client: ClientInfo
  readonly caps: ReadonlySet<string>
  readonly authMethod: AuthMethod
  readonly locality: Locality | { readonly kind: 'in-process' }
  /** The paired device behind the connection, if it proved one. */
  readonly deviceId?: string
  /** Set only when the device token itself authenticated: such a session manages its own device alone. */
  readonly callerDeviceId?: string
  readonly connectedAtMs: number
}

export class Peer {
  readonly identity: PeerIdentity
  readonly outbound: OutboundQueue
  readonly #link: Link
  readonly #scopes: ReadonlySet<string>
  #lastSeq = 0
  #closed = false
  #closing: { readonly code: number; readonly reason: string } | undefined
  #isReading = true
  /** How often reading was stopped: what the other side sent since then may still lie unread. */
  pauseCount = 0
  /** Consecutive calls of the other role's methods; the router closes a connection that keeps trying. */
  roleViolations = 0

  constructor(identity: PeerIdentity, link: Link) {
    this.identity = identity
    this.#link = link
    this.#scopes = expandScopes(identity.scopes)
    this.outbound = new OutboundQueue(link, (code, reason) => this.close(code, reason))
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Who shares a turn with this connection: its device, else the connection itself. */
  get ownerKey(): string {
    return this.identity.deviceId ?? this.identity.connId
  }

  /** Who calls, also on the next connection: the device, the part of this process, else the address. */
  get callerKey(): string {
    const { deviceId, connId, locality } = this.identity
    if (deviceId !== undefined) return deviceId
    return locality.kind === 'in-process' ? connId : (locality.clientAddress ?? 'unix-socket')
  }

  hasScope(scope: string): boolean {
    return this.#scopes.has(scope)
  }

  /** Events are numbered per connection, from 1; a dropped event consumes its number so that clients see the gap. */
  nextSeq(): number {
    this.#lastSeq += 1
    return this.#lastSeq
  }

  get isReading(): boolean {
    return this.#isReading
  }

  setReading(reading: boolean): void {
    if (reading === this.#isReading) return
    this.#isReading = reading
    if (!reading) this.pauseCount += 1
    this.#link.setReading(reading)
  }

  ping(): void {
    this.#link.ping()
  }

  /** Why we closed the connection; undefined when the other side did. */
  get closing(): { readonly code: number; readonly reason: string } | undefined {
    return this.#closing
  }

  close(code: number, reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#closing = { code, reason }
    this.#link.close(code, reason)
  }

  /** The link is gone, whoever ended it. */
  markClosed(): void {
    this.#closed = true
  }

  /** Cuts a connection whose other side no longer answers. */
  terminate(reason: string): void {
    this.#closed = true
    this.#closing ??= { code: CLOSE.abnormal.code, reason }
    this.#link.terminate()
  }
}
