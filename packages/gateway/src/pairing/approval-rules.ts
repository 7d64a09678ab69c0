// Everything that lets a device connect without a person's answer, and everything that needs one, as one decision per
// connect (pairing notes sections 2, 4 and 5). Pure: record, candidate and settings in, a judgement out.

import { coversScopes, isControlUiClient } from '@breakwater/protocol'
import type { Authenticated } from '../admission/candidate.ts'
import { type AddressRange, isInRange, isLoopbackAddress, parseAddress, parseRange } from '../listener/address.ts'
import type { ApprovedVia, DeviceRecord } from '../store/records.ts'
import {
  isNativeApp,
  mayApproveSilently,
  type PairingReason,
  pairingReason,
  type SilentPolicy,
} from './pairing-policy.ts'

export interface PairingRuleOptions {
  readonly autoApproveLocal: boolean
  /** Addresses and ranges whose new nodes need no answer. Entries that are neither match nobody. */
  readonly autoApproveCidrs: readonly string[]
  /** Most an operator device of a user vouched for by the proxy is given; undefined: such devices ask like others. */
  readonly proxyAutoApproveScopes: readonly string[] | undefined
}

export interface PairingRules extends SilentPolicy {
  readonly cidrs: readonly AddressRange[]
  readonly proxyScopes: readonly string[] | undefined
}

export const compilePairingRules = (options: PairingRuleOptions): PairingRules => ({
  autoApproveLocal: options.autoApproveLocal,
  cidrs: options.autoApproveCidrs.map(parseRange).filter((range) => range !== undefined),
  proxyScopes: options.proxyAutoApproveScopes,
})

export type PairingJudgement =
  /** Approved for what it asks; for `scopes` of it where a rule cuts the rest off. */
  | { readonly kind: 'paired'; readonly scopes?: readonly string[] }
  /** Needs no approval, whatever its record says. */
  | { readonly kind: 'exempt' }
  /** A rule approves it now, for `scopes`; the connection is granted no more than those. */
  | {
      readonly kind: 'approve'
      readonly reason: PairingReason
      readonly via: ApprovedVia & ('silent' | 'trusted-cidr' | 'trusted-proxy')
      readonly scopes: readonly string[]
    }
  /** A person has to answer. `silent`: its machine may usually be paired without a question. */
  | { readonly kind: 'ask'; readonly reason: PairingReason; readonly silent: boolean }
  /** Its own token does not carry the scopes; no request is made. */
  | { readonly kind: 'scope-mismatch' }

export function judgePairing(
  record: DeviceRecord | undefined,
  candidate: Authenticated,
  rules: PairingRules,
): PairingJudgement {
  if (isExempt(candidate)) return { kind: 'exempt' }
  if (isTokenTooNarrow(record, candidate)) return { kind: 'scope-mismatch' }
  const reason = pairingReason(record, candidate)
  if (reason === undefined) return { kind: 'paired' }
  if (mayApproveSilently(reason, record, candidate, rules)) {
    return { kind: 'approve', reason, via: 'silent', scopes: candidate.requestedScopes }
  }
  if (isFreshNodeFromListedAddress(reason, record, candidate, rules)) {
    return { kind: 'approve', reason, via: 'trusted-cidr', scopes: [] }
  }
  const proxyScopes = scopesForProxyUser(reason, record, candidate, rules)
  if (proxyScopes !== undefined) {
    const isApproved = reason === 'scope-upgrade' && coversScopes(record?.approvedScopes ?? [], proxyScopes)
    return isApproved
      ? { kind: 'paired', scopes: proxyScopes }
      : { kind: 'approve', reason, via: 'trusted-proxy', scopes: proxyScopes }
  }
  return { kind: 'ask', reason, silent: isUsuallySilent(record, candidate, rules) }
}

function isTokenTooNarrow(record: DeviceRecord | undefined, candidate: Authenticated): boolean {
  if (candidate.method !== 'device-token' || candidate.role !== 'operator') return false
  return !coversScopes(record?.tokens.operator?.scopes ?? [], candidate.requestedScopes)
}

/**
 * The gateway's own back end. Pages of a gateway without authentication are not: through a proxy they would be anybody's,
 * and on this machine they are paired silently anyway.
 */
const isExempt = ({ isOwnerProcess, connect }: Authenticated): boolean =>
  isOwnerProcess && connect.client.id === 'gateway-client'

export const isPage = ({ connect }: Pick<Authenticated, 'connect'>): boolean =>
  isControlUiClient(connect.client.id) || connect.client.mode === 'webchat'

function isFreshNodeFromListedAddress(
  reason: PairingReason,
  record: DeviceRecord | undefined,
  candidate: Authenticated,
  { cidrs }: PairingRules,
): boolean {
  const { role, requestedScopes, headers, locality } = candidate
  if (cidrs.length === 0 || reason !== 'not-paired' || record !== undefined) return false
  if (role !== 'node' || requestedScopes.length > 0) return false
  if (headers.origin !== undefined || isPage(candidate)) return false
  if (locality.kind === 'local') return false
  // A proxy on this machine, known or not, hides who is behind it.
  if (locality.kind === 'proxied' && isLoopbackAddress(locality.proxyAddress)) return false
  const address = parseAddress(locality.clientAddress)
  if (address === undefined || isLoopbackAddress(locality.clientAddress)) return false
  return cidrs.some((range) => isInRange(address, range))
}

/** What a vouched-for user's device may have now, or undefined when the rule does not apply. */
function scopesForProxyUser(
  reason: PairingReason,
  record: DeviceRecord | undefined,
  candidate: Authenticated,
  { proxyScopes }: PairingRules,
): readonly string[] | undefined {
  const { method, role, connect, requestedScopes } = candidate
  if (proxyScopes === undefined || method !== 'trusted-proxy' || role !== 'operator') return undefined
  // Another platform, or a role that was revoked, is for a person to judge.
  if (reason !== 'not-paired' && reason !== 'scope-upgrade') return undefined
  if (!isPage(candidate) && !isNativeApp(connect.client.id, connect.client.mode)) return undefined
  const allowed = reason === 'scope-upgrade' ? [...(record?.approvedScopes ?? []), ...proxyScopes] : proxyScopes
  const granted = requestedScopes.filter((scope) => coversScopes(allowed, [scope]))
  return granted.length === 0 && requestedScopes.length > 0 ? undefined : granted
}

/** Told to approvers: nothing but the scopes a node has no use for, say, stands between this device and silence. */
function isUsuallySilent(record: DeviceRecord | undefined, candidate: Authenticated, rules: PairingRules): boolean {
  const plain = { ...candidate, requestedScopes: [] }
  return record === undefined && mayApproveSilently('not-paired', undefined, plain, rules)
}
