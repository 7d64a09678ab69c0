// Turns what was asked and approved into what is granted: the scopes of this connection and its device token.

import type { DeviceTokens } from '../auth/device-tokens.ts'
import { type Authorised, next, type Paired, type Verdict } from './candidate.ts'

export const authorise =
  ({ tokens }: { readonly tokens: DeviceTokens }) =>
  (candidate: Paired): Verdict<Authorised> => {
    const { record, role, device } = candidate
    const token = record?.tokens[role]
    const isIssued =
      record !== undefined &&
      token !== undefined &&
      token.revokedAtMs === undefined &&
      record.publicKey === device?.publicKey
    return next({
      ...candidate,
      grantedScopes: grantScopes(candidate),
      deviceToken: isIssued
        ? {
            token: tokens.derive(record.deviceId, role, token.generation),
            issuedAtMs: token.rotatedAtMs ?? token.createdAtMs,
          }
        : undefined,
    })
  }

/**
 * Scopes as requested (the wire echoes unknown ones, which grant nothing). Without a device only the owner's own
 * processes keep them: a shared secret or a proxy's word alone, from anywhere else, may connect but not act.
 */
function grantScopes({ role, requestedScopes, device, isOwnerProcess, method, headers }: Paired): readonly string[] {
  if (role === 'node') return []
  if (device === undefined && !isOwnerProcess) return []
  const cap = headers['x-openclaw-scopes']
  if (method !== 'trusted-proxy' || typeof cap !== 'string') return requestedScopes
  const allowed = new Set(cap.split(',').map((scope) => scope.trim()))
  return requestedScopes.filter((scope) => allowed.has(scope))
}
