// What the gateway remembers, as plain JSON (pairing notes section 1). Secrets are not here: device tokens are derived
// from a key file and a generation, setup codes are kept as the SHA-256 of their token.
// When a device was last seen is a record of its own (`Sighting`), because it is lossy and the rest is not.

import type { Role } from '@breakwater/protocol'

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

export type ApprovedVia = 'owner' | 'silent' | 'trusted-cidr' | 'ssh-verified' | 'trusted-proxy' | 'bootstrap'

/** The token of one (device, role): which generations of the derivation are alive. */
export interface DeviceTokenRecord {
  readonly generation: number
  /** Still accepted beside `generation`, until the new one has been used once. */
  readonly previousGeneration?: number
  /** When the previous generation dies at the latest; absent until the first connect after the rotation. */
  readonly previousValidUntilMs?: number
  readonly scopes: readonly string[]
  readonly createdAtMs: number
  readonly rotatedAtMs?: number
  readonly revokedAtMs?: number
  /** Tokens minted for a page under shared authentication die with that generation of the shared secret. */
  readonly issuer?: { readonly kind: 'shared-gateway-auth'; readonly generation: string }
}

export interface DeviceRecord {
  readonly deviceId: string
  /** Raw Ed25519 public key, base64url without padding. */
  readonly publicKey: string
  readonly displayName?: string
  /** The name the owner gave it; wins over `displayName`. */
  readonly operatorLabel?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly browserOrigin?: string
  readonly roles: readonly Role[]
  /** Operator scopes the owner approved: the most any token or connection of this device may have. */
  readonly approvedScopes: readonly string[]
  readonly approvedVia: ApprovedVia
  readonly remoteIp?: string
  readonly createdAtMs: number
  readonly approvedAtMs: number
  readonly tokens: Readonly<Partial<Record<Role, DeviceTokenRecord>>>
  /** Owned by the node registry; opaque here. */
  readonly nodeSurface?: JsonObject
  readonly pendingNodeSurface?: JsonObject
}

/** A device waiting for approval. What an id asks for never changes; only its sighting is refreshed. */
export interface PairRequestRecord {
  readonly requestId: string
  readonly deviceId: string
  readonly publicKey: string
  readonly displayName?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly browserOrigin?: string
  readonly role: Role
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
  readonly remoteIp?: string
  readonly silent: boolean
  /** A paired record with this device id already existed. */
  readonly isRepair: boolean
  readonly createdAtMs: number
}

export interface SetupCodeRecord {
  /** SHA-256 of the bootstrap token, base64url without padding. */
  readonly tokenSha256: string
  readonly setupId: string
  readonly profile: string
  readonly access: 'full' | 'limited' | 'node' | 'owner'
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** SHA-256 of the one-time join path, base64url without padding; absent once it was fetched or never offered. */
  readonly joinCodeSha256?: string
  /** What the join path answers besides the token, while it can be fetched. */
  readonly joinAddress?: { readonly url: string; readonly urls?: readonly string[]; readonly tlsFingerprint?: string }
  /** The first device that presented the token; any other key is refused from then on. */
  readonly boundTo?: { readonly deviceId: string; readonly publicKey: string }
  readonly retiredAtMs?: number
  readonly outcome?: {
    readonly kind: 'completed' | 'delivery-uncertain'
    readonly deviceId: string
    readonly deviceName?: string
    readonly atMs: number
  }
}

/** A fact about the gateway itself, such as the ids it is known by. */
export interface MetaRecord {
  readonly name: string
  readonly value: string
}

/** When a device, or a device with a pending request, last knocked. Up to one batch interval is lost in a crash. */
export interface Sighting {
  /** A device id or a pairing request id. */
  readonly id: string
  readonly lastSeenAtMs: number
  readonly reason?: string
  readonly tokensUsedAtMs?: Readonly<Partial<Record<Role, number>>>
}

export const AUDIT_ACTIONS = [
  'device.approved',
  'device.rejected',
  'device.removed',
  'device.renamed',
  'node.approved',
  'node.rejected',
  'node.removed',
  'token.rotated',
  'token.revoked',
  'setup-code.issued',
  'setup-code.redeemed',
  'setup-code.refused',
  'setup-code.revoked',
  'gateway-auth.rotated',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** Who decided: a person at this machine, a connected device, a holder of the shared secret, or a rule. */
export interface AuditActor {
  readonly kind: 'owner' | 'device' | 'shared-secret' | 'policy' | 'setup-code'
  /** Device id, policy name or setup id. */
  readonly id?: string
  readonly remoteIp?: string
}

/** One line of "who approved, rejected or revoked what"; written with the change it explains, never edited. */
export interface AuditFact {
  readonly atMs: number
  readonly action: AuditAction
  readonly actor: AuditActor
  /** What it was about: a device id, a setup id. */
  readonly subject: string
  readonly requestId?: string
  readonly details?: JsonObject
}

/** A stored fact; `seq` grows by one per fact, in commit order. */
export type AuditEntry = AuditFact & { readonly seq: number }

/** A device as lists show it: the acknowledged record joined with the lossy sighting. */
export type SeenDevice = Omit<DeviceRecord, 'tokens'> & {
  readonly lastSeenAtMs?: number
  readonly lastSeenReason?: string
  readonly tokens: Readonly<Partial<Record<Role, DeviceTokenRecord & { readonly lastUsedAtMs?: number }>>>
}

export function joinSighting(device: DeviceRecord, sighting: Sighting | undefined): SeenDevice {
  if (sighting === undefined) return device
  const tokens = Object.entries(device.tokens).map(([role, token]) => {
    const lastUsedAtMs = sighting.tokensUsedAtMs?.[role as Role]
    return [role, lastUsedAtMs === undefined ? token : { ...token, lastUsedAtMs }] as const
  })
  return {
    ...device,
    lastSeenAtMs: sighting.lastSeenAtMs,
    ...(sighting.reason === undefined ? {} : { lastSeenReason: sighting.reason }),
    tokens: Object.fromEntries(tokens),
  }
}
