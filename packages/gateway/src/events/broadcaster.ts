// Sends events to everyone entitled to them: encoded once, numbered per connection, filtered by scope.
// Slow receivers are the outbound queue's business; what an event means is its publisher's.

import { EncodedEvent, type EventEntry, eventEntry, type StateVersion } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { PeerRegistry } from '../connection/registry.ts'
import type { Spans } from '../observe/spans.ts'

export interface PublishOptions {
  readonly stateVersion?: StateVersion
  /** Narrows the audience further, e.g. to subscribers of a session. */
  readonly audience?: (peer: Peer) => boolean
}

export type PublishListener = (event: string, payload: unknown, receivers: number) => void

/** Since the start. */
export interface EventCount {
  published: number
  /** Connections it was addressed to, all publications together. */
  addressed: number
}

/** Events of open families (`plugin.*`) beyond these are counted as one. */
const MAX_COUNTED_EVENTS = 256

export class Broadcaster {
  readonly #peers: PeerRegistry
  readonly #onPublish: PublishListener | undefined
  readonly #spans: Spans | undefined
  readonly #counts = new Map<string, EventCount & { readonly label: string }>()
  /** Events of no known family: sent to nobody, and counted so that the mistake is visible. */
  unknownEventCount = 0
  /** Frames a slow receiver missed, and receivers closed because they must not miss one. */
  droppedCount = 0
  slowConsumerCount = 0

  /** `spans` names a stall after the event that caused it; undefined: nobody measures. */
  constructor(peers: PeerRegistry, onPublish?: PublishListener, spans?: Spans) {
    this.#peers = peers
    this.#onPublish = onPublish
    this.#spans = spans
  }

  get counts(): ReadonlyMap<string, EventCount> {
    return this.#counts
  }

  /** Returns how many connections the event was addressed to, dropped ones included. */
  publish(event: string, payload: unknown, options: PublishOptions = {}): number {
    const entry = eventEntry(event)
    if (entry === undefined) {
      this.unknownEventCount += 1
      return 0
    }
    const count = this.#countOf(event)
    const send = (): number => this.#send(event, entry, payload, options)
    const receivers = this.#spans === undefined ? send() : this.#spans.run(count.label, send)
    count.published += 1
    count.addressed += receivers
    this.#onPublish?.(event, payload, receivers)
    return receivers
  }

  #countOf(event: string) {
    const name = this.#counts.has(event) || this.#counts.size < MAX_COUNTED_EVENTS ? event : 'other'
    let count = this.#counts.get(name)
    if (count === undefined) {
      count = { label: `event ${name}`, published: 0, addressed: 0 }
      this.#counts.set(name, count)
    }
    return count
  }

  #send(event: string, entry: EventEntry, payload: unknown, options: PublishOptions): number {
    let frames: NumberedFrames | undefined
    let receivers = 0
    for (const peer of this.#peers.all()) {
      if (peer.isClosed || !mayReceive(peer, entry) || options.audience?.(peer) === false) continue
      frames ??= new NumberedFrames(new EncodedEvent(event, payload, options.stateVersion))
      receivers += 1
      const frame = frames.numbered(peer.nextSeq())
      const outcome = entry.lossy ? peer.outbound.sendLossy(frame) : peer.outbound.send(frame)
      if (outcome === 'dropped') this.droppedCount += 1
      else if (outcome === 'closed') this.slowConsumerCount += 1
    }
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
