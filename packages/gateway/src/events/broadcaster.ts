// Sends events to everyone entitled to them: encoded once, numbered per connection, filtered by scope.
// Slow receivers are the outbound queue's business; what an event means is its publisher's.

import { EncodedEvent, type EventEntry, eventEntry, type StateVersion } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { PeerRegistry } from '../connection/registry.ts'

export interface PublishOptions {
  readonly stateVersion?: StateVersion
  /** Narrows the audience further, e.g. to subscribers of a session. */
  readonly audience?: (peer: Peer) => boolean
}

export type PublishListener = (event: string, payload: unknown, receivers: number) => void

export class Broadcaster {
  readonly #peers: PeerRegistry
  readonly #onPublish: PublishListener | undefined
  /** Events of no known family: sent to nobody, and counted so that the mistake is visible. */
  unknownEventCount = 0

  constructor(peers: PeerRegistry, onPublish?: PublishListener) {
    this.#peers = peers
    this.#onPublish = onPublish
  }

  /** Returns how many connections the event was addressed to, dropped ones included. */
  publish(event: string, payload: unknown, options: PublishOptions = {}): number {
    const entry = eventEntry(event)
    if (entry === undefined) {
      this.unknownEventCount += 1
      return 0
    }
    let frames: NumberedFrames | undefined
    let receivers = 0
    for (const peer of this.#peers.all()) {
      if (peer.isClosed || !mayReceive(peer, entry) || options.audience?.(peer) === false) continue
      frames ??= new NumberedFrames(new EncodedEvent(event, payload, options.stateVersion))
      receivers += 1
      const frame = frames.numbered(peer.nextSeq())
      if (entry.lossy) peer.outbound.sendLossy(frame)
      else peer.outbound.send(frame)
    }
    this.#onPublish?.(event, payload, receivers)
    return receivers
  }
}

/** The bytes of an event, shared by neighbours that have counted the same number of events. */
class NumberedFrames {
  readonly #event: EncodedEvent
  #seq = 0
  #frame: Buffer | undefined

  constructor(event: EncodedEvent) {
    this.#event = event
  }

  numbered(seq: number): Buffer {
    if (this.#frame === undefined || this.#seq !== seq) {
      this.#frame = Buffer.from(this.#event.frameFor(seq), 'utf8')
      this.#seq = seq
    }
    return this.#frame
  }
}

/** A frame addressed to one connection alone carries no sequence number. */
export function sendDirect(peer: Peer, event: string, payload: unknown): void {
  peer.outbound.send(new EncodedEvent(event, payload).frameFor())
}

const mayReceive = (peer: Peer, { scope }: EventEntry): boolean =>
  scope === 'any' || (peer.identity.role === 'operator' && peer.hasScope(scope))
