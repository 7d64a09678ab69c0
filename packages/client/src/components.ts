// What a connection is built from. Everything that touches the outside arrives here; the rest of the package is told.

import type { Random } from '@breakwater/supervisor'
import { type ClientClock, clientClock } from './clock.ts'
import type { Authenticator } from './credentials/authenticator.ts'
import type { IdentitySource } from './identity/device-identity.ts'
import { guardForeign } from './stream.ts'
import type { Transport } from './transport/transport.ts'

export interface ClientComponents {
  readonly transport: Transport
  readonly authenticator: Authenticator
  /** The device key. Unset: no device is attached, which only some callers may do (protocol notes section 4). */
  readonly identity?: IdentitySource | undefined
  /** Unset = the platform's. */
  readonly clock?: ClientClock | undefined
  /** Uniform numbers in [0, 1), not for secrets. Unset = Math.random. */
  readonly random?: Random | undefined
}

export const withPlatform = ({ transport, authenticator, identity, clock, random }: ClientComponents) => ({
  transport,
  authenticator,
  identity,
  clock: clock ?? clientClock,
  random: random ?? Math.random,
  guard: guardForeign,
})
