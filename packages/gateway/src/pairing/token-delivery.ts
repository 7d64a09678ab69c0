// Whether a hello hands the device its token, and whether the token it has is still the right kind. Pure.

import { coversScopes } from '@breakwater/protocol'
import type { Authenticated } from '../admission/candidate.ts'
import type { DeviceRecord, DeviceTokenRecord } from '../store/records.ts'
import { isPage } from './approval-rules.ts'
import { liveToken, type TokenIssuer } from './device-grants.ts'

export type Connection = Pick<Authenticated, 'device' | 'role' | 'requestedScopes' | 'method' | 'connect'>

/**
 * Only a connection that asks for all the token carries is told it: clients note the scopes of the connection beside
 * a new token, and a narrow one must not narrow what they note.
 */
export function isTokenHandedOut(record: DeviceRecord | undefined, connection: Connection): record is DeviceRecord {
  const { device, role, requestedScopes, method } = connection
  if (record === undefined || record.publicKey !== device?.publicKey) return false
  const token = liveToken(record, role)
  if (token === undefined) return false
  // A page behind a proxy is its user's, and the proxy vouches for the user each time.
  if (method === 'trusted-proxy' && isPage(connection)) return false
  return role === 'node' || coversScopes(requestedScopes, token.scopes)
}

/** Pages let in by the shared secret get tokens that die with it; `generation` names the secret without telling it. */
export function issuerFor(connection: Connection, generation: string | undefined): TokenIssuer | undefined {
  const isByShared = connection.method === 'token' || connection.method === 'password'
  return isByShared && isPage(connection) && generation !== undefined
    ? { kind: 'shared-gateway-auth', generation }
    : undefined
}

/** Whether a token that dies with a shared secret has outlived it. */
export const isPastIssuer = (token: DeviceTokenRecord | undefined, generation: string | undefined): boolean =>
  token?.issuer !== undefined && token.issuer.generation !== generation

/** Whether the shared secret brought a device whose token belongs to another secret, or to none although it should. */
export function needsReissue(
  token: DeviceTokenRecord,
  connection: Connection,
  generation: string | undefined,
): boolean {
  const isByShared = connection.method === 'token' || connection.method === 'password'
  if (!isByShared) return false
  return token.issuer?.generation !== issuerFor(connection, generation)?.generation
}
