// One accepted socket from accept to the end of its handshake: its deadline, its bytes, its way through TLS and HTTP.
// What happens after the upgrade is admission's; this file only knows how far the socket has come.

import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { HandshakeDeadline, type Leg, type Tier } from '../admission/deadline.ts'
import type { StallClock } from '../observe/stall-clock.ts'

/** What happens to a connection whose time ran out, at the stage it is in. */
export type ExpiryHandler = (leg: Leg, legMs: number) => void

export class Connection {
  readonly connId = randomUUID()
  readonly acceptedAt: number
  readonly deadline: HandshakeDeadline
  readonly peerAddress: string | undefined
  readonly isUnixSocket: boolean
  readonly #raw: Socket
  /** Set by the one HTTP request or upgrade that is served; what a peer sends behind it is not looked at. */
  isTaken = false
  /** Replaced as the connection moves on; `undefined` once nobody waits for it any more. */
  onExpired: ExpiryHandler | undefined

  constructor(raw: Socket, clock: StallClock, tier: Tier, firstLeg: Leg, isUnixSocket: boolean) {
    this.deadline = new HandshakeDeadline(
      { clock, receivedBytes: () => raw.bytesRead, onExpired: (leg, legMs) => this.onExpired?.(leg, legMs) },
      tier,
      firstLeg,
    )
    this.acceptedAt = clock.now()
    this.#raw = raw
    this.peerAddress = raw.remoteAddress
    this.isUnixSocket = isUnixSocket
  }

  get raw(): Socket {
    return this.#raw
  }

  get receivedBytes(): number {
    return this.#raw.bytesRead
  }
}
