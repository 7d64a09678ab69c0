// Setup codes as decisions: what each profile lets in, whether a presented code is good, what redeeming one changes.
// Pure. Only the SHA-256 of a code's token is ever kept; its text form is the protocol package's.

import { hash } from 'node:crypto'
import type { Role } from '@breakwater/protocol'
import type { SetupCodeRecord } from '../store/records.ts'

export const SETUP_CODE_RULES = {
  /** From issue to expiry. */
  ttlMs: 600_000,
  /** How long the outcome can be asked for, from when it happened. */
  outcomeMs: 1_200_000,
  /** Codes that can still be redeemed, in all. */
  maxOpen: 256,
  tokenBytes: 32,
} as const

export interface SetupProfile {
  readonly access: SetupCodeRecord['access']
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
}

const LIMITED = ['operator.approvals', 'operator.questions', 'operator.read', 'operator.talk.secrets', 'operator.write']

export const SETUP_PROFILES = {
  full: { access: 'full', roles: ['node', 'operator'], scopes: ['operator.admin', ...LIMITED] },
  limited: { access: 'limited', roles: ['node', 'operator'], scopes: LIMITED },
  node: { access: 'node', roles: ['node'], scopes: [] },
  /** For the owner's own pages; issued by this process only. */
  'control-ui-owner': {
    access: 'owner',
    roles: ['operator'],
    scopes: ['operator.admin', 'operator.pairing', ...LIMITED],
  },
} as const satisfies Record<string, SetupProfile>

export type SetupProfileName = keyof typeof SETUP_PROFILES

/** What a bootstrap token is stored and found under. */
export const bootstrapDigest = (token: string): string => hash('sha256', token, 'base64url')

export type SetupCodeFault = 'unknown' | 'expired' | 'used' | 'bound' | 'other-role'

export interface Redeemer {
  readonly deviceId: string
  readonly publicKey: string
  readonly role: Role
}

/** Why a code does not let this device in; undefined when it does. */
export function judgeSetupCode(
  code: SetupCodeRecord | undefined,
  { deviceId, publicKey, role }: Redeemer,
  nowMs: number,
): SetupCodeFault | undefined {
  if (code === undefined) return 'unknown'
  const { boundTo, retiredAtMs, expiresAtMs, roles } = code
  if (boundTo !== undefined && (boundTo.deviceId !== deviceId || boundTo.publicKey !== publicKey)) return 'bound'
  if (retiredAtMs !== undefined) return 'used'
  if (nowMs >= expiresAtMs) return 'expired'
  return roles.includes(role) ? undefined : 'other-role'
}

export const isOpen = ({ retiredAtMs, expiresAtMs }: SetupCodeRecord, nowMs: number): boolean =>
  retiredAtMs === undefined && nowMs < expiresAtMs

/** Nothing can be done with the code and nobody will ask about it any more. */
export function isForgettable(code: SetupCodeRecord, nowMs: number): boolean {
  const outcomeUntilMs = code.outcome === undefined ? 0 : code.outcome.atMs + SETUP_CODE_RULES.outcomeMs
  return nowMs >= Math.max(code.expiresAtMs, outcomeUntilMs)
}

/** The device has its tokens: the code is spent. */
export const completeSetup = (
  code: SetupCodeRecord,
  device: { readonly deviceId: string; readonly deviceName?: string },
  nowMs: number,
): SetupCodeRecord => ({
  ...code,
  retiredAtMs: nowMs,
  outcome: { kind: 'completed', ...device, atMs: nowMs },
})

/**
 * The device may or may not have its tokens. The code stays good for this one device until it expires, because it may
 * be the only credential the device holds (law 5); nobody else can use it.
 */
export const doubtSetup = (
  code: SetupCodeRecord,
  device: { readonly deviceId: string; readonly deviceName?: string },
  nowMs: number,
): SetupCodeRecord => ({ ...code, outcome: { kind: 'delivery-uncertain', ...device, atMs: nowMs } })
