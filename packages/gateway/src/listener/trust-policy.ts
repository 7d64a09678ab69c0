// Which peers may speak for somebody else: `gateway.trustedProxies` and `gateway.allowRealIpFallback`, compiled once
// per configuration so that a stranger's connection reads no configuration.
import { type Address, type AddressRange, isInRange, parseAddress, parseRange } from './address.ts'

/** Entries of `gateway.trustedProxies`; each hop of a chain is compared with every one of them. */
export const MAX_TRUSTED_PROXIES = 256

export interface TrustPolicyOptions {
  /** Addresses or CIDR ranges of reverse proxies. Empty: nobody may forward. Never names, never a whole family (/0). */
  readonly trustedProxies: readonly string[]
  /** Whether X-Real-IP from a trusted proxy may name the client when neither X-Forwarded-For nor Forwarded is there. */
  readonly allowRealIpFallback: boolean
}

export interface TrustPolicy {
  readonly ranges: readonly AddressRange[]
  readonly allowRealIpFallback: boolean
}

/** Throws a RangeError that names the entry and what is wrong with it. */
export function compileTrustPolicy(options: TrustPolicyOptions): TrustPolicy {
  const { trustedProxies, allowRealIpFallback } = options
  if (trustedProxies.length > MAX_TRUSTED_PROXIES) {
    throw new RangeError(`gateway.trustedProxies has ${trustedProxies.length} entries; at most ${MAX_TRUSTED_PROXIES}`)
  }
  return { ranges: trustedProxies.map(compileEntry), allowRealIpFallback }
}

function compileEntry(entry: string, index: number): AddressRange {
  const where = `gateway.trustedProxies[${index}] ${JSON.stringify(entry)}`
  const range = parseRange(entry)
  if (range === undefined) {
    throw new RangeError(
      `${where} is neither an IP address nor a CIDR range; write it like 10.0.0.5, 10.0.0.0/8 or fd00::/8`,
    )
  }
  // With every hop trusted no hop is ever the client, so nobody could be told apart.
  if (range.prefixBits === 0) throw new RangeError(`${where} trusts every address; list the proxies you run`)
  return range
}

export function isTrusted(address: Address, policy: TrustPolicy): boolean {
  return policy.ranges.some((range) => isInRange(address, range))
}

/** Whether an address belongs to a trusted proxy; such an address is no source of its own in per-source budgets. */
export function isTrustedProxy(address: string, policy: TrustPolicy): boolean {
  const parsed = parseAddress(address)
  return parsed !== undefined && isTrusted(parsed, policy)
}
