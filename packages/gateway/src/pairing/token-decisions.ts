// What operators decide about device tokens: rotate and revoke (pairing notes section 7). A rotated token lives on until
// its successor was used; a revoked one is dead when the answer is sent. Denials are opaque.

import { coversScopes, ROLES, type Role } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import { append, put } from '../store/changes.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { PairingAnnouncer } from './announcer.ts'
import { type Approver, mayManageRole } from './approver.ts'
import { liveToken, revokeToken, rotateToken } from './device-grants.ts'
import { decided, type Outcome, refused } from './refusals.ts'

export interface TokenDecisionComponents {
  readonly store: Store
  readonly tokens: Pick<DeviceTokens, 'derive'>
  readonly announcer: PairingAnnouncer
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export interface TokenTarget {
  readonly deviceId: string
  /** As the caller wrote it; names that are no role are denied like unknown devices. */
  readonly role: string
}

export interface RotatedToken {
  readonly deviceId: string
  readonly role: Role
  readonly scopes: readonly string[]
  readonly rotatedAtMs: number
  readonly tokenDelivery: 'in-band' | 'withheld-cross-device'
  readonly token?: string
}

export interface RevokedToken {
  readonly deviceId: string
  readonly role: Role
  readonly revokedAtMs: number
}

const isRole = (role: string): role is Role => (ROLES as readonly string[]).includes(role)

export class TokenDecisions {
  readonly #components: TokenDecisionComponents

  constructor(components: TokenDecisionComponents) {
    this.#components = components
  }

  /** `scopes` may only narrow what was approved; undefined keeps the token's. Only the device itself is told the token. */
  async rotate(
    { deviceId, role }: TokenTarget,
    scopes: readonly string[] | undefined,
    by: Approver,
  ): Promise<Outcome<RotatedToken>> {
    const { store, tokens, nowMs } = this.#components
    const atMs = nowMs()
    if (!isRole(role)) return refused({ reason: 'denied', what: 'device token rotation' })
    const rotated = await store.decide((view) => {
      const record = view.devices.get(deviceId)
      const isAllowed = record !== undefined && mayManageRole(by, deviceId, role) && mayCarry(record, role, scopes)
      const after = isAllowed ? rotateToken(record, role, scopes, atMs) : undefined
      if (after === undefined) return { changes: [], result: undefined }
      const fact = { atMs, action: 'token.rotated', actor: by.actor, subject: deviceId, details: { role } } as const
      return { changes: [put('devices', after), append(fact)], result: after }
    })
    const token = rotated === undefined ? undefined : liveToken(rotated, role)
    if (token === undefined) return refused({ reason: 'denied', what: 'device token rotation' })
    this.#components.announcer.decided('device token rotated', { deviceId, role, by: by.actor })
    const isOwn = by.callerDeviceId === deviceId
    return decided({
      deviceId,
      role,
      scopes: token.scopes,
      rotatedAtMs: token.rotatedAtMs ?? atMs,
      ...(isOwn
        ? { tokenDelivery: 'in-band' as const, token: tokens.derive(deviceId, role, token.generation) }
        : { tokenDelivery: 'withheld-cross-device' as const }),
    })
  }

  /** Revoking twice is no error and changes nothing. */
  async revoke({ deviceId, role }: TokenTarget, by: Approver): Promise<Outcome<RevokedToken>> {
    const { store, nowMs, announcer } = this.#components
    const atMs = nowMs()
    if (!isRole(role)) return refused({ reason: 'denied', what: 'device token revocation' })
    const revokedAtMs = await store.decide((view) => {
      const record = view.devices.get(deviceId)
      const isAllowed = record !== undefined && mayManageRole(by, deviceId, role)
      const after = isAllowed ? revokeToken(record, role, atMs) : undefined
      const result = after?.tokens[role]?.revokedAtMs
      if (after === undefined || after === record) return { changes: [], result }
      const fact = { atMs, action: 'token.revoked', actor: by.actor, subject: deviceId, details: { role } } as const
      return { changes: [put('devices', after), append(fact)], result }
    })
    if (revokedAtMs === undefined) return refused({ reason: 'denied', what: 'device token revocation' })
    announcer.decided('device token revoked', { deviceId, role, by: by.actor })
    return decided({ deviceId, role, revokedAtMs })
  }
}

function mayCarry(record: DeviceRecord, role: Role, scopes: readonly string[] | undefined): boolean {
  if (scopes === undefined) return true
  return role === 'operator' ? coversScopes(record.approvedScopes, scopes) : scopes.length === 0
}
