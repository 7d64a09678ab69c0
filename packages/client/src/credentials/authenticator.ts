// The seam between a connection and whatever knows its credentials: what to send, what was granted, what was refused.
// The connection calls `select` once per attempt, then at most one of `accepted` and `refused` for it, in order.

import type { ConnectAuth, HelloOk, Role } from '@breakwater/protocol'
import type { ClientError } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'

export interface CredentialRequest {
  readonly endpoint: GatewayEndpoint
  /** The certificate is pinned, so the peer is known to be the gateway the credential belongs to. */
  readonly isPinned: boolean
  readonly role: Role
  /** Undefined when no device is attached: tokens issued to a device are useless then. */
  readonly deviceId: string | undefined
}

/** Which rule chose the credential (client notes 4.1). */
export type CredentialSource =
  | 'bootstrap-token'
  | 'token'
  | 'device-token'
  | 'stored-token'
  | 'password'
  | 'token-with-stored'
  | 'none'

export interface ConnectCredentials {
  readonly source: CredentialSource
  readonly auth: ConnectAuth | undefined
  /** Scopes the stored token was issued with; asked for when the caller names none. */
  readonly storedScopes: readonly string[]
  /** If the gateway answers AUTH_TOKEN_MISMATCH, the next `select` has something else to offer: try once more. */
  readonly hasFallback: boolean
}

export interface Authenticator {
  /** Rejects when the store cannot be read: nothing is sent then. */
  select(request: CredentialRequest): Promise<ConnectCredentials>
  /** The gateway said hello; `grant` may hold tokens to keep. Resolves when what must last has been stored. */
  accepted(request: CredentialRequest, used: ConnectCredentials, grant: HelloOk['auth']): Promise<void>
  /** The gateway refused the credential or the device. */
  refused(request: CredentialRequest, used: ConnectCredentials, error: ClientError): Promise<void>
}
