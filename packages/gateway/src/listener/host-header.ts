// The authority syntax shared by the Host header and by origins: a name or address, and perhaps a port.
// Deliberately not a URL parser: that would turn `2130706433` or `0x7f.1` into 127.0.0.1, and only plain spellings
// may count as loopback.
import { isIPv4, isIPv6 } from 'node:net'
import { isLoopbackAddress, parseAddress } from './address.ts'

/** A DNS name has at most 253 characters; the rest is brackets, a trailing dot and a port. */
export const MAX_HOST_CHARS = 262

export interface HostName {
  /** Lower case, without one trailing dot; IPv6 canonical and without brackets. */
  readonly name: string
  /** 0..65535; undefined when the header names no port. */
  readonly port: number | undefined
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i

/** The host a header names, or undefined when it is absent, empty, too long or not a plain `host[:port]`. */
export function parseHostHeader(header: string | undefined): HostName | undefined {
  if (header === undefined || header.length > MAX_HOST_CHARS) return undefined
  const match = AUTHORITY.exec(header)
  if (match === null) return undefined
  const port = match[3] === undefined ? undefined : Number(match[3])
  if (port !== undefined && port > 65_535) return undefined
  const name = match[1] === undefined ? plainName(match[2] ?? '') : canonicalIpv6(match[1])
  return name === undefined ? undefined : { name, port }
}

/**
 * True for `localhost` (any case, one trailing dot), dotted 127.x.x.x, `[::1]` and the mapped forms of 127.0.0.0/8,
 * with or without a port. `*.localhost` is not loopback here: resolvers that are not browsers may ask DNS for it.
 */
export function isLoopbackHost(hostHeader: string | undefined): boolean {
  const host = parseHostHeader(hostHeader)
  return host !== undefined && isLoopbackName(host.name)
}

export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || isLoopbackAddress(name)
}

function plainName(text: string): string | undefined {
  // An address takes no trailing dot; a name takes one (the DNS root), never two and never alone.
  const name = text.toLowerCase().replace(/(?<=[^.])\.$/, '')
  return name !== text.toLowerCase() && isIPv4(name) ? undefined : name
}

function canonicalIpv6(text: string): string | undefined {
  return isIPv6(text) ? parseAddress(text)?.toString() : undefined
}
