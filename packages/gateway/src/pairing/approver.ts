// Who decides about devices, and how far their word goes (pairing notes section 7). Pure: a caller in, a refusal or
// nothing out. Denials stay opaque: who may not decide about a device does not learn whether it exists.

import { coversScopes, expandScopes, type Role } from '@breakwater/protocol'
import type { Peer } from '../connection/peer.ts'
import type { AuditActor, PairRequestRecord } from '../store/records.ts'

export interface Approver {
  /** For the audit. */
  readonly actor: AuditActor
  readonly scopes: readonly string[]
  /** The device whose own token opened the session. */
  readonly callerDeviceId?: string
}

/** The owner at this machine: may decide anything, gateway up or down. */
export const OWNER: Approver = { actor: { kind: 'owner' }, scopes: ['operator.admin'] }

export function approverOf({ identity }: Peer): Approver {
  const { scopes, callerDeviceId } = identity
  return { actor: actorOf(identity), scopes, ...(callerDeviceId === undefined ? {} : { callerDeviceId }) }
}

function actorOf({ locality, authMethod, deviceId }: Peer['identity']): AuditActor {
  if (locality.kind === 'in-process' || (locality.kind === 'local' && locality.via === 'unix-socket')) {
    return { kind: 'owner' }
  }
  const from = locality.kind === 'local' ? {} : { remoteIp: locality.clientAddress }
  if (deviceId !== undefined) return { kind: 'device', id: deviceId, ...from }
  return authMethod === 'none' ? { kind: 'owner', ...from } : { kind: 'shared-secret', ...from }
}

export const isAdmin = ({ scopes }: Approver): boolean => expandScopes(scopes).has('operator.admin')

/** Whether the caller may see and manage a device at all: with its own token alone, a device manages itself. */
export const mayManage = (approver: Approver, deviceId: string): boolean =>
  isAdmin(approver) || approver.callerDeviceId === undefined || approver.callerDeviceId === deviceId

/** Whether the caller may turn a device away: one with its own token alone speaks for its operator role only. */
export const mayTurnAway = (approver: Approver, deviceId: string, roles: readonly Role[]): boolean =>
  mayManage(approver, deviceId) &&
  (isAdmin(approver) || approver.callerDeviceId === undefined || roles.every((role) => role === 'operator'))

/** Whether the caller may hand out or take back what a device holds in a role. */
export const mayManageRole = (approver: Approver, deviceId: string, role: Role): boolean =>
  mayManage(approver, deviceId) && (role === 'operator' || isAdmin(approver))

export type ApprovalRefusal =
  | { readonly reason: 'denied' }
  | { readonly reason: 'missing-scope'; readonly scope: string }
  | { readonly reason: 'scope-outside-roles'; readonly scope: string }

/** What speaks against this approval, or undefined: nobody approves more than they hold themselves. */
export function judgeApproval(approver: Approver, request: PairRequestRecord): ApprovalRefusal | undefined {
  if (!mayManage(approver, request.deviceId)) return { reason: 'denied' }
  if (request.roles.some((role) => !mayManageRole(approver, request.deviceId, role))) return { reason: 'denied' }
  // The owner can always say yes; a scope without its role then grants nothing.
  if (approver.actor.kind === 'owner' && isAdmin(approver)) return undefined
  const foreign = request.scopes.find((scope) => !belongsToRoles(scope, request.roles))
  if (foreign !== undefined) return { reason: 'scope-outside-roles', scope: foreign }
  if (isAdmin(approver)) return undefined
  const missing = request.scopes.find((scope) => !coversScopes(approver.scopes, [scope]))
  return missing === undefined ? undefined : { reason: 'missing-scope', scope: missing }
}

/** A scope is named after the role it belongs to. Names without one are legal on the wire and grant nothing. */
function belongsToRoles(scope: string, roles: readonly Role[]): boolean {
  const dot = scope.indexOf('.')
  return dot < 0 || (roles as readonly string[]).includes(scope.slice(0, dot))
}
