// The seam between a connection and whatever knows its credentials: what to send, what was granted, what was refused.
// An authenticator belongs to one connection, which calls `select` once per attempt, then at most one of `accepted` and
// `refused` for it, and `reissued` while the accepted connection lives.

import type { ConnectAuth, HelloOk, Role } from '@breakwater/protocol'
import type { ClientError } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'
import type { IssuedToken, StoredToken } from './credential-store.ts'

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
  /** The token stored for this device and role at that time, whether it is sent or not. */
  readonly stored: StoredToken | undefined
}

/** What is left after a refusal. */
export interface AfterRefusal {
  /** The next `select` has another credential to offer: one more attempt is worth its while. */
  readonly hasFallback: boolean
  /** Why the store could not take note of the refusal. */
  readonly fault?: unknown
}

export interface Authenticator {
  /** Rejects when the store cannot be read: nothing is sent then. */
  select(request: CredentialRequest): Promise<ConnectCredentials>
  /** The gateway said hello; `grant` may hold tokens to keep. Resolves when what must last has been stored. */
  accepted(request: CredentialRequest, used: ConnectCredentials, grant: HelloOk['auth']): Promise<void>
  /** The gateway refused to connect. */
  refused(request: CredentialRequest, used: ConnectCredentials, error: ClientError): Promise<AfterRefusal>
  /** The gateway answered a request with a new token for this device. Resolves when it has been stored. */
  reissued(request: CredentialRequest, token: IssuedToken): Promise<void>
  /**
   * Calls `listener` when what it knows about this gateway has changed, by whomever; returns how to stop. Unset: changes
   * are told to the connection by its owner (`changed`).
   */
  subscribe?(endpoint: GatewayEndpoint, listener: () => void): () => void
}
