// What happens to live connections when the shared secret changes: those it let in are closed, so that they come back
// with the new one or with their device token (pairing notes, credential lifecycle). Everybody else is left alone.

import { CLOSE } from '@breakwater/protocol'
import type { AuthMethod, Peer } from '../connection/peer.ts'

export const isSharedSecretMethod = (method: AuthMethod): boolean => method === 'token' || method === 'password'

/** Returns how many were closed. */
export function dropSharedSecretPeers(peers: Iterable<Peer>): number {
  const affected = [...peers].filter(({ identity }) => isSharedSecretMethod(identity.authMethod))
  for (const peer of affected) peer.close(CLOSE.authChanged.code, 'gateway auth changed')
  return affected.length
}
