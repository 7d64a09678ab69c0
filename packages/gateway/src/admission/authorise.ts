// Turns what was asked and approved into what is granted: the scopes of this connection and its device token.

import { meetScopes, type Role } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import { liveToken } from '../pairing/device-grants.ts'
import { isTokenHandedOut } from '../pairing/token-delivery.ts'
import type { DeviceRecord } from '../store/records.ts'
import {
  type Authorised,
  type IssuedDeviceToken,
  next,
  type OtherRoleToken,
  type Paired,
  type Verdict,
} from './candidate.ts'

export const authorise =
  ({ tokens }: { readonly tokens: Pick<DeviceTokens, 'derive'> }) =>
  (candidate: Paired): Verdict<Authorised> => {
    const { record, role, handoff } = candidate
    const isHandedOut = handoff !== undefined || isTokenHandedOut(record, candidate)
    const otherRoles = handoff?.roles.filter((other) => other !== role) ?? []
    return next({
      ...candidate,
      grantedScopes: grantScopes(candidate),
      deviceToken: isHandedOut && record !== undefined ? issue(tokens, record, role) : undefined,
      ...(otherRoles.length === 0 || record === undefined
        ? {}
        : { otherTokens: otherRoles.flatMap((other) => issueBeside(tokens, record, other)) }),
    })
  }

function issue(tokens: Pick<DeviceTokens, 'derive'>, record: DeviceRecord, role: Role): IssuedDeviceToken | undefined {
  const token = liveToken(record, role)
  if (token === undefined) return undefined
  return {
    token: tokens.derive(record.deviceId, role, token.generation),
    issuedAtMs: token.rotatedAtMs ?? token.createdAtMs,
  }
}

function issueBeside(
  tokens: Pick<DeviceTokens, 'derive'>,
  record: DeviceRecord,
  role: Role,
): readonly OtherRoleToken[] {
  const issued = issue(tokens, record, role)
  return issued === undefined ? [] : [{ ...issued, role, scopes: record.tokens[role]?.scopes ?? [] }]
}

/**
 * Scopes as requested (the wire echoes unknown ones, which grant nothing). Without a device only the owner's own
 * processes keep them: a shared secret or a proxy's word alone, from anywhere else, may connect but not act.
 */
function grantScopes(candidate: Paired): readonly string[] {
  const { role, requestedScopes, device, isOwnerProcess, method, headers, allowedScopes, handoff } = candidate
  if (role === 'node') return []
  if (device === undefined && !isOwnerProcess) return []
  const most = handoff?.scopes ?? allowedScopes
  const granted = most === undefined ? requestedScopes : meetScopes(requestedScopes, most)
  const cap = headers['x-openclaw-scopes']
  if (method !== 'trusted-proxy' || typeof cap !== 'string') return granted
  const allowed = new Set(cap.split(',').map((scope) => scope.trim()))
  return granted.filter((scope) => allowed.has(scope))
}
