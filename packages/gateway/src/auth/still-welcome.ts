// Who may stay when the gateway's authentication changes: those whose own way in is as good as it was. Device and setup
// credentials do not hang on the shared secret, and the owner's socket hangs on nothing. Pure.

import type { PeerIdentity } from '../connection/peer.ts'
import { isLoopbackAddress } from '../listener/locality.ts'
import type { AuthPolicy, TrustedProxyPolicy } from './auth-policy.ts'

type Way = Pick<PeerIdentity, 'authMethod' | 'locality'>

/** Judges a connection that `previous` let in. What it presented is not kept, so only equal secrets are equally good. */
export function isStillWelcome({ authMethod, locality }: Way, previous: AuthPolicy, next: AuthPolicy): boolean {
  if (next.mode === 'none') return true
  switch (authMethod) {
    case 'device-token':
    case 'bootstrap-token':
      return true
    case 'none':
      return locality.kind === 'in-process' || (locality.kind === 'local' && locality.via === 'unix-socket')
    case 'token':
      return next.mode === 'token' && previous.mode === 'token' && isSame(previous.token, next.token)
    case 'password':
      return isSamePassword(previous, next) && (next.mode === 'password' || locality.kind === 'local')
    case 'trusted-proxy':
      return (
        next.mode === 'trusted-proxy' &&
        previous.mode === 'trusted-proxy' &&
        isNoNarrower(previous.proxy, next.proxy, locality)
      )
  }
}

const isSame = (before: string | undefined, after: string | undefined): boolean =>
  before !== undefined && before.trim() === after?.trim()

function isSamePassword(previous: AuthPolicy, next: AuthPolicy): boolean {
  const before = 'password' in previous ? previous.password : undefined
  return isSame(before, 'password' in next ? next.password : undefined)
}

/** Whether everybody the proxy vouched for before would be believed again. */
function isNoNarrower(before: TrustedProxyPolicy, after: TrustedProxyPolicy, locality: Way['locality']): boolean {
  const usersStay =
    after.allowUsers.length === 0 ||
    (before.allowUsers.length > 0 && before.allowUsers.every((user) => after.allowUsers.includes(user)))
  const isOnThisMachine = locality.kind === 'proxied' && isLoopbackAddress(locality.proxyAddress)
  return (
    after.userHeader === before.userHeader &&
    after.requiredHeaders.every((header) => before.requiredHeaders.includes(header)) &&
    usersStay &&
    (after.allowLoopback || !isOnThisMachine)
  )
}
