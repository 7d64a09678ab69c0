// Builds peers without sockets, and a clock that stands still until a test moves it.

import type { Link, TextFrame } from '../src/connection/link.ts'
import { Peer, type PeerIdentity } from '../src/connection/peer.ts'

export class FakeClock {
  #nowMs: number

  constructor(nowMs = Date.UTC(2030, 0, 1)) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }
}

/** Remembers the frames it is given, and what else was done to it. */
export class RecordingLink implements Link {
  readonly frames: {
    id?: string
    ok?: boolean
    event?: string
    payload?: unknown
    error?: unknown
    seq?: number
    stateVersion?: object
  }[] = []
  readonly closes: { readonly code: number; readonly reason: string }[] = []
  readonly readings: boolean[] = []
  terminatedCount = 0
  pingCount = 0
  /** What the receiver has not taken yet, as `bufferedBytes` tells it. */
  waitingBytes = 0

  send(frame: TextFrame): void {
    this.frames.push(JSON.parse(frame.toString()))
  }

  bufferedBytes(): number {
    return this.waitingBytes
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason })
  }

  terminate(): void {
    this.terminatedCount += 1
  }

  setReading(reading: boolean): void {
    this.readings.push(reading)
  }

  ping(): void {
    this.pingCount += 1
  }
}

let nextId = 0

export function fakePeer(changes: Partial<PeerIdentity> = {}, link: Link = new RecordingLink()): Peer {
  nextId += 1
  return new Peer(
    {
      connId: `conn-${nextId}`,
      role: 'operator',
      scopes: ['operator.read'],
      client: { id: 'openclaw-macos', mode: 'ui', version: '1.2.3', platform: 'macOS 15.3.1', displayName: 'desk' },
      caps: new Set(),
      authMethod: 'token',
      locality: { kind: 'local', via: 'loopback' },
      connectedAtMs: Date.UTC(2030, 0, 1),
      ...changes,
    },
    link,
  )
}

export const fakeNode = (changes: Partial<PeerIdentity> = {}): Peer =>
  fakePeer({
    role: 'node',
    scopes: [],
    client: { id: 'node-host', mode: 'node', version: '1.2.3', platform: 'linux', displayName: 'shed' },
    deviceId: 'device-1',
    ...changes,
  })
