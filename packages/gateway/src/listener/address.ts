// IP addresses as values: strict parsing, one canonical spelling, loopback, ranges, and the key of per-source budgets.
// Accepts only what a socket prints or a careful proxy writes: no octal, hexadecimal or shortened IPv4, no host names.
// Pure: no DNS, no interface look-ups.
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Longest text tried as an address: 45 characters of IPv6 with an embedded IPv4, plus brackets and a zone id. */
export const MAX_ADDRESS_CHARS = 64

/** Stands for "no usable address" in a canonical spelling and in a source key: all such peers share one budget. */
export const UNKNOWN_ADDRESS = 'unknown'

/** A parsed address. IPv4-mapped IPv6 never appears here: it has already become IPv4. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6

export interface AddressRange {
  readonly network: Address
  /** Bits of `network` that must agree: 1..32 for IPv4, 1..128 for IPv6. */
  readonly prefixBits: number
}

/** The address a text spells, or undefined. IPv6 may carry brackets and a zone id; both are dropped. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > MAX_ADDRESS_CHARS) return undefined
  if (!text.includes(':')) return isIP(text) === 4 ? ipaddr.IPv4.parse(text) : undefined
  const inner = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  const bare = /^([0-9a-f:.]+)(?:%[\w.-]+)?$/i.exec(inner)?.[1] ?? ''
  // ipaddr.js reads the retired notation `::a.b.c.d` as IPv4-mapped, so `::127.0.0.1` would pass for loopback.
  const plain = bare.replace(/^::(?=\d+\.)/, '0::')
  if (isIP(bare) !== 6 || !ipaddr.IPv6.isValid(plain)) return undefined
  const address = ipaddr.IPv6.parse(plain)
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** One spelling per address: mapped IPv4 as IPv4, IPv6 as RFC 5952 without brackets or zone; else `UNKNOWN_ADDRESS`. */
export function canonicalAddress(address: string): string {
  return parseAddress(address)?.toString() ?? UNKNOWN_ADDRESS
}

/** 127.0.0.0/8, ::1 and their IPv4-mapped forms. Text that is not an address is not loopback. */
export function isLoopbackAddress(address: string): boolean {
  const parsed = parseAddress(address)
  return parsed !== undefined && isLoopback(parsed)
}

export function isLoopback(address: Address): boolean {
  return address.range() === 'loopback'
}

/** False for addresses no host can send from: unspecified (0.0.0.0/8, ::), broadcast and multicast. */
export function canBeSource(address: Address): boolean {
  const range = address.range()
  return range !== 'unspecified' && range !== 'broadcast' && range !== 'multicast'
}

/**
 * The key of per-source budgets: IPv4 by /32, IPv6 by /64, because one subscriber is handed a whole /64 and could
 * otherwise present a new address per guess. Unparsable text shares the key `unknown`.
 */
export function sourceKey(address: string): string {
  const parsed = parseAddress(address)
  if (parsed === undefined) return UNKNOWN_ADDRESS
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const network = new ipaddr.IPv6([...(parsed as ipaddr.IPv6).parts.slice(0, 4), 0, 0, 0, 0])
  return `${network.toString()}/64`
}

/** A single address or `address/bits`. Host bits may be set (`10.0.0.1/8`); the answer is undefined if it is neither. */
export function parseRange(text: string): AddressRange | undefined {
  const [base = '', bits, ...rest] = text.split('/')
  // A zone names one interface of this machine; ignoring it would widen the range beyond what was written.
  if (rest.length > 0 || base.includes('%') || base.includes('[')) return undefined
  const network = parseAddress(base)
  if (network === undefined) return undefined
  const widthBits = base.includes(':') ? 128 : 32
  if (bits !== undefined && !/^\d{1,3}$/.test(bits)) return undefined
  const prefixBits = bits === undefined ? widthBits : Number(bits)
  if (prefixBits > widthBits) return undefined
  const isMapped = widthBits === 128 && network.kind() === 'ipv4'
  if (!isMapped) return { network, prefixBits }
  // Peers are canonicalised to IPv4, so a mapped range is only meaningful at /96 and longer.
  return prefixBits >= 96 ? { network, prefixBits: prefixBits - 96 } : undefined
}

export function isInRange(address: Address, range: AddressRange): boolean {
  return address.kind() === range.network.kind() && address.match(range.network, range.prefixBits)
}
