// Who is connected and what they are told: peers, their heartbeat, presence, events.

import { randomUUID } from 'node:crypto'
import { Heartbeat } from '../connection/heartbeat.ts'
import { PeerRegistry } from '../connection/registry.ts'
import { Broadcaster } from '../events/broadcaster.ts'
import { Presence } from '../events/presence.ts'
import { StateVersions } from '../events/state-versions.ts'
import { Ticker } from '../events/ticker.ts'
import { systemHost } from '../host/host-info.ts'
import type { Part } from '../lifecycle.ts'
import type { Observation } from './observation.ts'

export interface Audience {
  /** New for every process. */
  readonly bootId: string
  readonly peers: PeerRegistry
  readonly broadcaster: Broadcaster
  readonly versions: StateVersions
  readonly presence: Presence
  readonly heartbeat: Heartbeat
  readonly parts: readonly Part[]
}

export function createAudience({ clock, stallClock, wsLog, spans }: Observation, version: string): Audience {
  const bootId = randomUUID()
  const peers = new PeerRegistry()
  const broadcaster = new Broadcaster(peers, (event, _, receivers) => wsLog.published(event, receivers), spans)
  const versions = new StateVersions()
  const ip = systemHost.lanAddress()
  const presence = new Presence({
    broadcaster,
    clock,
    versions,
    self: {
      host: systemHost.hostname,
      ...(ip === undefined ? {} : { ip }),
      version,
      platform: systemHost.platform,
      deviceFamily: systemHost.deviceFamily,
      instanceId: bootId,
    },
  })
  const heartbeat = new Heartbeat(stallClock)
  const ticker = new Ticker({ broadcaster, clock })
  const parts: readonly Part[] = [
    { name: 'presence', stop: () => presence.stop() },
    { name: 'heartbeat', start: () => heartbeat.start(), stop: () => heartbeat.stop() },
    { name: 'ticker', start: () => ticker.start(), stop: () => ticker.stop() },
  ]
  return { bootId, peers, broadcaster, versions, presence, heartbeat, parts }
}
