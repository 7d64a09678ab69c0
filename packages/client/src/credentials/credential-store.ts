// Contract of the place that keeps what a client knows about its gateways: the tokens issued to its devices and a setup
// token not yet turned into some. Changes are data and are applied whole, so that every implementation decides alike;
// what each change means is in gateway-record.ts.

import type { Role } from '@breakwater/protocol'
import type { GatewayKey } from './gateway-key.ts'

/** There is one token for each role of a device. */
export interface TokenKey {
  readonly deviceId: string
  readonly role: Role
}

export interface StoredToken {
  readonly token: string
  /** What it was issued with; a session of it may have had fewer. */
  readonly scopes: readonly string[]
  /** Epoch milliseconds of the gateway's clock; absent when the gateway did not say. */
  readonly issuedAtMs?: number
}

export interface IssuedToken extends TokenKey, StoredToken {}

/** A setup token that has been applied to a gateway but not redeemed yet. */
export interface KeptBootstrap {
  readonly token: string
  /** The role that connects with it; the tokens of the others come along. */
  readonly role: Role
  /** Send it although other credentials exist. Ends with the first answer to it. */
  readonly isPreferred: boolean
}

/** All that is kept about one gateway. */
export interface GatewayRecord {
  readonly tokens: readonly IssuedToken[]
  readonly bootstrap?: KeptBootstrap
}

export type RecordChange =
  | {
      readonly type: 'keep-token'
      readonly issued: IssuedToken
      /** The token this connection knew of before; undefined for none. Tells who was faster when two store at once. */
      readonly known: string | undefined
    }
  /** Only if it is still this token: another process may have replaced it meanwhile. */
  | ({ readonly type: 'forget-token'; readonly token: string } & TokenKey)
  /** Replaces an earlier one. */
  | { readonly type: 'keep-bootstrap'; readonly bootstrap: KeptBootstrap }
  /** The gateway does not take it (any more): it stays, but no longer goes before other credentials. */
  | { readonly type: 'demote-bootstrap'; readonly token: string }
  /** Law 5: has no effect unless every token it bought is found in the record. */
  | { readonly type: 'clear-bootstrap'; readonly token: string; readonly bought: readonly (TokenKey & StoredToken)[] }

/**
 * Both methods reject with CREDENTIALS_BUSY when trying again may help and with CREDENTIALS_UNAVAILABLE otherwise. What
 * cannot be understood is reported by both and never overwritten.
 */
export interface CredentialStore {
  /** What is kept; an empty record when nothing is. */
  load(gateway: GatewayKey): Promise<GatewayRecord>
  /**
   * Applies the changes in order, all or none, as one step for everybody who uses the same place. Resolves with the record
   * as it was read back, once it survives whatever the store survives. Changes without effect write nothing.
   */
  apply(gateway: GatewayKey, changes: readonly RecordChange[]): Promise<GatewayRecord>
  /**
   * Calls `listener` after this store changed the record; returns how to stop. Changes made elsewhere (another process,
   * another tab) are seen by the next `load` only.
   */
  subscribe(gateway: GatewayKey, listener: () => void): () => void
}
