// Contract of the place that keeps tokens a gateway issued to a device, one per role. Domain verbs only.

import type { Role } from '@breakwater/protocol'

export interface TokenKey {
  readonly deviceId: string
  readonly role: Role
}

export interface StoredToken {
  readonly token: string
  readonly scopes: readonly string[]
}

export interface CredentialStore {
  load(key: TokenKey): Promise<StoredToken | undefined>
  /** Resolves once the token will survive whatever the store survives. */
  save(key: TokenKey, token: StoredToken): Promise<void>
  remove(key: TokenKey): Promise<void>
}
