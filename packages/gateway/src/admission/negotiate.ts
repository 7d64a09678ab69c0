// Protocol range and role: can the two sides talk at all, and as what.

import { MIN_NODE_OR_PROBE_PROTOCOL_VERSION, PROTOCOL_VERSION, ROLES, type Role } from '@breakwater/protocol'
import { type Connecting, type Negotiated, next, refuse, type Verdict } from './candidate.ts'

export function negotiate(candidate: Connecting): Verdict<Negotiated> {
  const { minProtocol, maxProtocol, client, role = 'operator', scopes = [] } = candidate.connect
  const speaksOurs = minProtocol <= PROTOCOL_VERSION && maxProtocol >= PROTOCOL_VERSION
  const mayBeOlder = client.mode === 'probe' || (role === 'node' && client.mode === 'node')
  const speaksOlder = minProtocol <= PROTOCOL_VERSION && maxProtocol >= MIN_NODE_OR_PROBE_PROTOCOL_VERSION
  if (!speaksOurs && !(mayBeOlder && speaksOlder)) {
    return refuse('PROTOCOL_MISMATCH', {
      details: {
        clientMinProtocol: minProtocol,
        clientMaxProtocol: maxProtocol,
        expectedProtocol: PROTOCOL_VERSION,
        minimumProbeProtocol: MIN_NODE_OR_PROBE_PROTOCOL_VERSION,
      },
    })
  }
  if (!isRole(role)) return refuse('INVALID_ROLE', { details: { role: role.slice(0, 64), roles: ROLES } })
  return next({ ...candidate, role, requestedScopes: scopes })
}

const isRole = (role: string): role is Role => (ROLES as readonly string[]).includes(role)
