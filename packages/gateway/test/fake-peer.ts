// Builds peers without sockets, and a clock that stands still until a test moves it.

import type { Link } from '../src/connection/link.ts'
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

/** Remembers the frames it is given. */
export class RecordingLink implements Link {
  readonly frames: { event?: string; payload?: unknown; seq?: number; stateVersion?: object }[] = []

  send(text: string): void {
    this.frames.push(JSON.parse(text))
  }

  bufferedBytes(): number {
    return 0
  }

  close(): void {}
  terminate(): void {}
  setReading(): void {}
  ping(): void {}
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
