// Shapes of the handshake: challenge, connect parameters, hello-ok. Types only; the contract is their source.

import type {
  ConnectParams as ContractConnectParams,
  HelloOk as ContractHelloOk,
  PresenceEntry,
} from '@openclaw/gateway-protocol'
import type { ClientId, ClientMode } from './client-info.ts'

export type { PresenceEntry }
export type HelloOk = ContractHelloOk

/** Payload of the `connect.challenge` event, the first frame on every connection. */
export interface Challenge {
  /** Random, for this connection only. */
  readonly nonce: string
  /** Gateway clock in epoch milliseconds; clients copy it into `device.signedAt`. */
  readonly ts: number
  /** What the gateway offers beyond the protocol; advisory. */
  readonly capabilities?: readonly string[]
}

/** Credentials of a connect frame. All optional; blank counts as absent. */
export interface ConnectAuth {
  readonly token?: string
  readonly password?: string
  readonly deviceToken?: string
  readonly bootstrapToken?: string
  readonly approvalRuntimeToken?: string
  readonly agentRuntimeIdentityToken?: string
}

/** Proof of a device key, bound to the connection's nonce. */
export interface DeviceProof {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly id: string
  /** Raw 32-byte Ed25519 public key, base64url without padding. */
  readonly publicKey: string
  readonly signature: string
  /** Epoch milliseconds. */
  readonly signedAt: number
  readonly nonce: string
}

export interface ClientInfo {
  readonly id: ClientId
  readonly mode: ClientMode
  readonly version: string
  readonly platform: string
  readonly displayName?: string
  readonly deviceFamily?: string
  readonly modelIdentifier?: string
  readonly instanceId?: string
  readonly buildId?: string
  readonly timeZone?: string
}

/** Parameters of `connect`, after validation. */
export interface ConnectParams {
  readonly minProtocol: number
  readonly maxProtocol: number
  readonly client: ClientInfo
  readonly role?: string
  readonly scopes?: readonly string[]
  readonly caps?: readonly string[]
  readonly commands?: readonly string[]
  readonly permissions?: Readonly<Record<string, boolean>>
  readonly pathEnv?: string
  readonly auth?: ConnectAuth
  readonly device?: DeviceProof
  readonly locale?: string
  readonly userAgent?: string
}

/** Compile-time proof that what we build is what the contract accepts. */
export type ContractAcceptsOurs = ContractConnectParams extends infer C
  ? ConnectParams extends Partial<C>
    ? true
    : never
  : never
