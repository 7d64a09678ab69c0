// A paired device as the gateway keeps it (pairing notes section 1). Token values are derived, never stored.

import type { Role } from '@breakwater/protocol'

export type ApprovedVia = 'owner' | 'silent' | 'trusted-cidr' | 'ssh-verified' | 'trusted-proxy' | 'bootstrap'

/** The state of one role's token: which generations of the derivation are alive. */
export interface DeviceTokenRecord {
  readonly generation: number
  readonly scopes: readonly string[]
  readonly createdAtMs: number
  readonly rotatedAtMs?: number
  readonly revokedAtMs?: number
}

export interface DeviceRecord {
  readonly deviceId: string
  /** Raw Ed25519 public key, base64url without padding. */
  readonly publicKey: string
  readonly displayName?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly roles: readonly Role[]
  /** Operator scopes the owner approved: the most any token or connection of this device may have. */
  readonly approvedScopes: readonly string[]
  readonly approvedVia: ApprovedVia
  readonly createdAtMs: number
  readonly approvedAtMs: number
  readonly tokens: Readonly<Partial<Record<Role, DeviceTokenRecord>>>
}
