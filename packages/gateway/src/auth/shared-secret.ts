// Judges the gateway-wide credential of a connection: token, password, proxy identity or none (protocol notes section 4).
// A verdict only; whether a device credential can still save the connection is the authenticate step's business.

import type { IncomingHttpHeaders } from 'node:http'
import type { ConnectAuth } from '@breakwater/protocol'
import type { SecretVerdict } from '../admission/candidate.ts'
import { isLoopbackAddress, type Locality } from '../listener/locality.ts'
import type { AuthPolicy, TrustedProxyPolicy } from './auth-policy.ts'
import { isSameSecret } from './secrets.ts'

export interface SecretClaim {
  readonly auth: ConnectAuth | undefined
  readonly locality: Locality
  readonly headers: IncomingHttpHeaders
}

export function judgeSharedSecret(policy: AuthPolicy, claim: SecretClaim): SecretVerdict {
  // The Unix socket's file permissions are the owner's credential.
  if (claim.locality.kind === 'local' && claim.locality.via === 'unix-socket') return { ok: true, method: 'none' }
  switch (policy.mode) {
    case 'none':
      return { ok: true, method: 'none' }
    case 'token':
      return judgeSecret('TOKEN', policy.token, present(claim.auth?.token) ?? present(claim.auth?.password))
    case 'password':
      return judgeSecret('PASSWORD', policy.password, present(claim.auth?.password) ?? present(claim.auth?.token))
    case 'trusted-proxy':
      return judgeProxyIdentity(policy.proxy, policy.password, claim)
  }
}

const present = (value: string | undefined): string | undefined => {
  const trimmed = value?.trim()
  return trimmed === undefined || trimmed === '' ? undefined : trimmed
}

function judgeSecret(
  kind: 'TOKEN' | 'PASSWORD',
  expected: string | undefined,
  presented: string | undefined,
): SecretVerdict {
  const name = kind === 'TOKEN' ? 'token' : 'password'
  // Both sides are compared without the white space around them, or a secret that has some could never be presented.
  const secret = present(expected)
  if (secret === undefined) {
    return { ok: false, error: `AUTH_${kind}_NOT_CONFIGURED`, authReason: `${name}_missing_config`, isMissing: false }
  }
  if (presented === undefined)
    return { ok: false, error: `AUTH_${kind}_MISSING`, authReason: `${name}_missing`, isMissing: true }
  if (isSameSecret(secret, presented)) return { ok: true, method: name }
  return { ok: false, error: `AUTH_${kind}_MISMATCH`, authReason: `${name}_mismatch`, isMissing: false }
}

/** The proxy vouches for the user. It must be the socket's other end, listed, and must have sent everything it promised. */
function judgeProxyIdentity(
  proxy: TrustedProxyPolicy,
  password: string | undefined,
  claim: SecretClaim,
): SecretVerdict {
  if (claim.locality.kind === 'local' && password !== undefined) {
    return judgeSecret('PASSWORD', password, present(claim.auth?.password))
  }
  const refused = (authReason: string, isMissing: boolean): SecretVerdict => ({
    ok: false,
    error: isMissing ? 'AUTH_IDENTITY_HEADER_REQUIRED' : 'AUTH_UNAUTHORIZED',
    authReason,
    isMissing,
  })
  if (claim.locality.kind !== 'proxied') return refused('trusted_proxy_untrusted_source', true)
  if (isLoopbackAddress(claim.locality.proxyAddress) && !proxy.allowLoopback)
    return refused('trusted_proxy_loopback', true)
  const header = (name: string): string | undefined => {
    const value = claim.headers[name]
    return present(Array.isArray(value) ? value[0] : value)
  }
  const missing = proxy.requiredHeaders.find((name) => header(name) === undefined)
  if (missing !== undefined) return refused(`trusted_proxy_missing_header_${missing}`, true)
  const user = header(proxy.userHeader)
  if (user === undefined) return refused('trusted_proxy_user_missing', false)
  if (proxy.allowUsers.length > 0 && !proxy.allowUsers.includes(user))
    return refused('trusted_proxy_user_not_allowed', false)
  return { ok: true, method: 'trusted-proxy' }
}
