// What an approval, a rotation, a revocation and a use of its token make of a device's record. Pure: record in, record
// out. Approvals only ever add roles and scopes; which of them may be added was decided before.

import { coversScopes, type Role, unionScopes } from '@breakwater/protocol'
import type { ApprovedVia, DeviceRecord, DeviceTokenRecord } from '../store/records.ts'

/** How long the token before a rotation lives on after its successor was first handed out. */
export const ROTATION_GRACE_MS = 24 * 3_600_000
/** Rotations in a row that a device may sleep through and still come back with the token it has. */
export const MAX_LIVE_GENERATIONS = 8

export interface DeviceGrant {
  readonly deviceId: string
  readonly publicKey: string
  readonly roles: readonly Role[]
  /** Operator scopes to add; meaningless without the operator role. */
  readonly scopes: readonly string[]
  readonly via: ApprovedVia
  /** How the device introduced itself; what it left out stays as it was. */
  readonly facts: DeviceFacts
  readonly issuer?: TokenIssuer
}

export interface DeviceFacts {
  readonly displayName?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly browserOrigin?: string
  readonly remoteIp?: string
}

export type TokenIssuer = NonNullable<DeviceTokenRecord['issuer']>

/** The device after an approval. A record under another key is no predecessor: nothing of it is carried over. */
export function grantDevice(before: DeviceRecord | undefined, grant: DeviceGrant, nowMs: number): DeviceRecord {
  const known = before?.publicKey === grant.publicKey ? before : undefined
  const isOperator = grant.roles.includes('operator')
  const approvedScopes = unionScopes(known?.approvedScopes ?? [], isOperator ? grant.scopes : [])
  const granted = grant.roles.map((role) => {
    const scopes = role === 'operator' ? approvedScopes : []
    return [role, grantToken(known?.tokens[role], scopes, grant.issuer, nowMs)] as const
  })
  return {
    ...known,
    deviceId: grant.deviceId,
    publicKey: grant.publicKey,
    ...grant.facts,
    roles: [...new Set([...(known?.roles ?? []), ...grant.roles])],
    approvedScopes,
    approvedVia: strongerProvenance(known?.approvedVia, grant.via),
    createdAtMs: known?.createdAtMs ?? nowMs,
    approvedAtMs: nowMs,
    tokens: { ...known?.tokens, ...Object.fromEntries(granted) },
  }
}

/** What a person approved is not made less by a rule that would have approved it too. */
function strongerProvenance(before: ApprovedVia | undefined, now: ApprovedVia): ApprovedVia {
  if (before === 'owner') return 'owner'
  return before === 'bootstrap' && now !== 'owner' ? 'bootstrap' : now
}

/**
 * A live token that already carries the scopes is kept. One that gains scopes gets a new generation, because clients
 * only note new scopes beside a new token.
 */
function grantToken(
  before: DeviceTokenRecord | undefined,
  scopes: readonly string[],
  issuer: TokenIssuer | undefined,
  nowMs: number,
): DeviceTokenRecord {
  if (before === undefined || before.revokedAtMs !== undefined) return freshToken(before, scopes, issuer, nowMs)
  if (coversScopes(before.scopes, scopes)) return before
  return { ...nextGeneration(before, nowMs), scopes }
}

/** The first generation is the time: a device that is removed and paired again never sees its old token revived. */
function freshToken(
  before: DeviceTokenRecord | undefined,
  scopes: readonly string[],
  issuer: TokenIssuer | undefined,
  nowMs: number,
): DeviceTokenRecord {
  const generation = Math.max((before?.generation ?? 0) + 1, Math.trunc(nowMs))
  return { generation, scopes, createdAtMs: nowMs, ...(issuer === undefined ? {} : { issuer }) }
}

/** The oldest generation that was not yet replaced in the device's hands stays alive beside the new one. */
function nextGeneration(before: DeviceTokenRecord, nowMs: number): DeviceTokenRecord {
  const { previousValidUntilMs, ...token } = before
  const isOlderAlive = previousValidUntilMs === undefined || nowMs < previousValidUntilMs
  const oldest = isOlderAlive ? (before.previousGeneration ?? before.generation) : before.generation
  const generation = before.generation + 1
  return {
    ...token,
    generation,
    previousGeneration: Math.max(oldest, generation - MAX_LIVE_GENERATIONS + 1),
    rotatedAtMs: nowMs,
  }
}

/** Undefined when there is no live token of the role to rotate. */
export function rotateToken(
  record: DeviceRecord,
  role: Role,
  scopes: readonly string[] | undefined,
  nowMs: number,
): DeviceRecord | undefined {
  const token = liveToken(record, role)
  if (token === undefined) return undefined
  return withToken(record, role, { ...nextGeneration(token, nowMs), scopes: scopes ?? token.scopes })
}

/** Undefined when the role never had a token; a token that is revoked already keeps its time. */
export function revokeToken(record: DeviceRecord, role: Role, nowMs: number): DeviceRecord | undefined {
  const token = record.tokens[role]
  if (token === undefined || token.revokedAtMs !== undefined) return token === undefined ? undefined : record
  const { previousGeneration: _, previousValidUntilMs: __, ...current } = token
  return withToken(record, role, { ...current, revokedAtMs: nowMs })
}

/** A token of another origin replaces what the role had; the old one dies at once, as its issuer's secret did. */
export function reissueToken(
  record: DeviceRecord,
  role: Role,
  issuer: TokenIssuer | undefined,
  nowMs: number,
): DeviceRecord {
  const before = record.tokens[role]
  return withToken(record, role, freshToken(before, before?.scopes ?? [], issuer, nowMs))
}

export interface TokenUse {
  /** Generation of the device token that authenticated the connection; undefined when something else did. */
  readonly presented: number | undefined
  /** The hello hands out the current token. */
  readonly isHandedOut: boolean
}

/** The record after a connection, or undefined when nothing about the token has changed: the usual case. */
export function useToken(record: DeviceRecord, role: Role, use: TokenUse, nowMs: number): DeviceRecord | undefined {
  const token = record.tokens[role]
  if (token?.previousGeneration === undefined) return undefined
  const { previousGeneration, previousValidUntilMs, ...current } = token
  const provenGeneration = use.presented ?? previousGeneration
  if (provenGeneration === token.generation) return withToken(record, role, current)
  const validUntilMs = previousValidUntilMs ?? (use.isHandedOut ? nowMs + ROTATION_GRACE_MS : undefined)
  if (provenGeneration <= previousGeneration && validUntilMs === previousValidUntilMs) return undefined
  return withToken(record, role, {
    ...current,
    previousGeneration: Math.max(previousGeneration, provenGeneration),
    ...(validUntilMs === undefined ? {} : { previousValidUntilMs: validUntilMs }),
  })
}

/** Generations a device may present: the current one first. */
export function liveGenerations(token: DeviceTokenRecord, nowMs: number): readonly number[] {
  const { generation, previousGeneration, previousValidUntilMs = Number.POSITIVE_INFINITY } = token
  if (previousGeneration === undefined || nowMs >= previousValidUntilMs) return [generation]
  const count = Math.min(generation - previousGeneration + 1, MAX_LIVE_GENERATIONS)
  return Array.from({ length: Math.max(1, count) }, (_, age) => generation - age)
}

export function liveToken(record: DeviceRecord, role: Role): DeviceTokenRecord | undefined {
  const token = record.tokens[role]
  return token?.revokedAtMs === undefined ? token : undefined
}

const withToken = (record: DeviceRecord, role: Role, token: DeviceTokenRecord): DeviceRecord => ({
  ...record,
  tokens: { ...record.tokens, [role]: token },
})
