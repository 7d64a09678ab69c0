// Tokens kept for as long as the process lives. For tests, and for callers that manage credentials themselves.

import type { CredentialStore, StoredToken, TokenKey } from './credential-store.ts'

export class MemoryCredentialStore implements CredentialStore {
  readonly #tokens = new Map<string, StoredToken>()

  async load(key: TokenKey): Promise<StoredToken | undefined> {
    return this.#tokens.get(nameOf(key))
  }

  async save(key: TokenKey, token: StoredToken): Promise<void> {
    this.#tokens.set(nameOf(key), { token: token.token, scopes: [...token.scopes] })
  }

  async remove(key: TokenKey): Promise<void> {
    this.#tokens.delete(nameOf(key))
  }
}

const nameOf = ({ deviceId, role }: TokenKey): string => `${role} ${deviceId}`
