// What the presence list says about someone: pure builders of entries (protocol notes section 3).
// Which entries exist, and for how long, is the list's business.

import type { PresenceEntry } from '@breakwater/protocol'
import type { PeerIdentity } from '../connection/peer.ts'

/** An entry without its time, which changes with every sign of life. */
export type PresenceFacts = Omit<PresenceEntry, 'ts'>

/** The gateway itself. */
export interface SelfInfo {
  readonly host: string
  /** Address under which the local network reaches this machine; absent when there is none. */
  readonly ip?: string
  readonly version: string
  /** Operating system and release, e.g. `linux 6.8.0`. */
  readonly platform: string
  readonly deviceFamily?: string
  /** New for every process. */
  readonly instanceId: string
}

/** Fields of a `system-event` call that describe where it came from. */
export interface PresenceReport {
  readonly text: string
  readonly deviceId?: string
  readonly instanceId?: string
  readonly host?: string
  readonly ip?: string
  readonly mode?: string
  readonly version?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly modelIdentifier?: string
  readonly lastInputSeconds?: number
  readonly reason?: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly tags?: readonly string[]
}

/** Command lines, services and probes come and go with every call; listing them would only be noise. */
const UNLISTED_MODES: ReadonlySet<string> = new Set(['cli', 'backend', 'probe'])

export const isListed = ({ client, locality }: PeerIdentity): boolean =>
  !UNLISTED_MODES.has(client.mode) && locality.kind !== 'in-process'

/** A node is one entry however often it reconnects; operators are listed per connection. */
export const presenceKey = ({ role, deviceId, connId }: PeerIdentity): string =>
  role === 'node' && deviceId !== undefined ? deviceId : connId

export function selfFacts(self: SelfInfo): PresenceFacts {
  const at = self.ip === undefined ? '' : ` (${self.ip})`
  return {
    ...self,
    mode: 'gateway',
    reason: 'self',
    text: `Gateway: ${self.host}${at} · app ${self.version} · mode gateway · reason self`,
  }
}

export function peerFacts(identity: PeerIdentity): PresenceFacts {
  const { client, role, scopes, deviceId, connectedAtMs } = identity
  const host = client.displayName ?? client.id
  const ip = remoteAddress(identity)
  const instanceId = client.instanceId ?? (role === 'node' ? deviceId : undefined)
  return withoutUndefined({
    host,
    ip,
    version: client.version,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
    modelIdentifier: client.modelIdentifier,
    timeZone: client.timeZone,
    mode: client.mode,
    reason: 'connect',
    text: describe(host, ip, client.mode),
    onlineSince: connectedAtMs,
    deviceId,
    roles: [role],
    scopes: scopes.length === 0 ? undefined : [...scopes],
    instanceId,
  })
}

/** What a report adds to an entry; fields it does not name stay as they were. */
export function reportFacts({ lastInputSeconds, roles, scopes, tags, ...texts }: PresenceReport): PresenceFacts {
  return withoutUndefined({
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim().length > 0)),
    lastInputSeconds: lastInputSeconds === undefined ? undefined : Math.floor(lastInputSeconds),
    roles: nonBlank(roles),
    scopes: nonBlank(scopes),
    tags: nonBlank(tags),
  })
}

const describe = (host: string, ip: string | undefined, mode: string): string =>
  `Node: ${host}${ip === undefined ? '' : ` (${ip})`} · mode ${mode}`

/** Clients of this machine are shown without an address. */
const remoteAddress = ({ locality }: PeerIdentity): string | undefined =>
  locality.kind === 'remote' || locality.kind === 'proxied' ? locality.clientAddress : undefined

const nonBlank = (list: readonly string[] | undefined): string[] | undefined =>
  list?.filter((item) => item.trim().length > 0)

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const withoutUndefined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>
