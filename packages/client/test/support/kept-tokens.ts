// Puts tokens into a store as an earlier connection would have left them, and reads them back.

import type { Role } from '@breakwater/protocol'
import type { CredentialStore, StoredToken } from '../../src/credentials/credential-store.ts'
import { gatewayKeyOf } from '../../src/credentials/gateway-key.ts'
import { findToken } from '../../src/credentials/gateway-record.ts'
import { parseEndpoint } from '../../src/url.ts'

export const GATEWAY_URL = 'ws://127.0.0.1:18789'

interface Place {
  readonly url?: string
  readonly deviceId?: string
  readonly role?: Role
}

export async function keep(store: CredentialStore, token: StoredToken, place: Place = {}): Promise<void> {
  const { deviceId = 'd1', role = 'operator' } = place
  const issued = { deviceId, role, ...token }
  await store.apply(keyOf(place), [{ type: 'keep-token', issued, known: undefined }])
}

/** Token and scopes, as far as they are kept. */
export async function kept(store: CredentialStore, place: Place = {}): Promise<StoredToken | undefined> {
  const { deviceId = 'd1', role = 'operator' } = place
  const found = findToken(await store.load(keyOf(place)), { deviceId, role })
  return found === undefined ? undefined : { token: found.token, scopes: found.scopes }
}

export const keyOf = ({ url = GATEWAY_URL }: Place = {}) => gatewayKeyOf(parseEndpoint(url))
