// A caller inside the process as a peer: explicit role and scopes, no socket, nothing to authenticate (law 2).

import type { Role } from '@breakwater/protocol'
import { InProcessLink } from './in-process-link.ts'
import { Peer } from './peer.ts'

export interface CallerIdentity {
  /** For logs: which part of the process calls. */
  readonly name: string
  readonly role: Role
  readonly scopes: readonly string[]
}

/** `onEvent` receives the frames of events addressed to the peer once it is registered. */
export function inProcessPeer(
  { name, role, scopes }: CallerIdentity,
  onEvent: (frame: string) => void = () => {},
): Peer {
  return new Peer(
    {
      connId: `in-process:${name}`,
      role,
      scopes,
      client: {
        id: 'gateway-client',
        mode: 'backend',
        version: 'in-process',
        platform: process.platform,
        displayName: name,
      },
      caps: new Set(),
      authMethod: 'none',
      locality: { kind: 'in-process' },
      connectedAtMs: Date.now(),
    },
    new InProcessLink(onEvent),
  )
}
