// Authenticator over given credentials and a store: selects by precedence, keeps the role's own issued token, and
// grants the one retry after a refused shared token. It never deletes a token and ignores hand-off tokens of other
// roles: replacing and clearing credentials belongs to whoever owns the gateway record.

import type { HelloOk } from '@breakwater/protocol'
import type { ClientError } from '../errors.ts'
import type { Authenticator, ConnectCredentials, CredentialRequest } from './authenticator.ts'
import type { CredentialStore, StoredToken } from './credential-store.ts'
import { type CredentialInput, resolveCredentials } from './resolve.ts'

export class StoreAuthenticator implements Authenticator {
  readonly #store: CredentialStore
  readonly #input: CredentialInput
  /** Spent until a hello-ok proves a credential again. */
  #fallback: 'unused' | 'next' | 'spent' = 'unused'

  constructor(components: { readonly store: CredentialStore }, input: CredentialInput) {
    this.#store = components.store
    this.#input = input
  }

  async select(request: CredentialRequest): Promise<ConnectCredentials> {
    const isFallback = this.#fallback === 'next'
    if (isFallback) this.#fallback = 'spent'
    const credentials = resolveCredentials(this.#input, {
      stored: await this.#load(request),
      isFallback,
      isFallbackTrusted: request.endpoint.isLoopback || request.isPinned,
    })
    return this.#fallback === 'unused' ? credentials : { ...credentials, hasFallback: false }
  }

  async accepted(request: CredentialRequest, _used: ConnectCredentials, grant: HelloOk['auth']): Promise<void> {
    this.#fallback = 'unused'
    const { deviceId, role } = request
    if (deviceId === undefined || grant.deviceToken === undefined) return
    const stored = await this.#load(request)
    // The same token again may come with the narrower scopes of this socket: what it was issued with stays.
    if (stored?.token === grant.deviceToken) return
    const issuedFor = grant.role === 'operator' || grant.role === 'node' ? grant.role : role
    await this.#store.save({ deviceId, role: issuedFor }, { token: grant.deviceToken, scopes: grant.scopes })
  }

  async refused(_request: CredentialRequest, used: ConnectCredentials, error: ClientError): Promise<void> {
    if (used.hasFallback && error.detailCode === 'AUTH_TOKEN_MISMATCH') this.#fallback = 'next'
  }

  async #load({ deviceId, role }: CredentialRequest): Promise<StoredToken | undefined> {
    return deviceId === undefined ? undefined : this.#store.load({ deviceId, role })
  }
}
