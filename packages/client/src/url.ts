// Turns what a person typed into an endpoint, and refuses unsafe ones before any I/O.
// Decides on the text alone: names are never resolved, so a private-looking name is trusted only where listed here.

import ipaddr from 'ipaddr.js'
import { ClientError, foreignText } from './errors.ts'

/** Where a gateway is reached. `url` holds no fragment and may hold credentials: log `label` instead. */
export interface GatewayEndpoint {
  readonly kind: 'tcp' | 'unix'
  /** `ws:` or `wss:`; for a Unix socket the URL of the upgrade request. */
  readonly url: string
  readonly secure: boolean
  /** This machine: a loopback name or address, or a Unix socket. */
  readonly isLoopback: boolean
  /** Fit for logs and messages: without user, password, query and fragment. */
  readonly label: string
  /** Of a Unix socket. */
  readonly path?: string
}

export interface EndpointRules {
  /**
   * Break-glass: plain `ws://` to host names outside `.local` and `.ts.net`. Public address literals stay refused.
   * Set by `BREAKWATER_ALLOW_INSECURE_PRIVATE_WS=1` in Node.
   */
  readonly allowInsecurePrivateWs?: boolean
}

const MAX_URL_CHARS = 2_048
const SCHEMES: Readonly<Record<string, 'ws:' | 'wss:'>> = {
  'ws:': 'ws:',
  'http:': 'ws:',
  'wss:': 'wss:',
  'https:': 'wss:',
}
const PRIVATE_NAME_SUFFIXES = ['.local', '.ts.net']
const PRIVATE_V4 = new Set(['loopback', 'private', 'linkLocal', 'carrierGradeNat'])
const PRIVATE_V6 = new Set(['loopback', 'linkLocal', 'uniqueLocal'])
const SITE_LOCAL = ipaddr.IPv6.parseCIDR('fec0::/10')

/** Throws INVALID_URL or INSECURE_URL; never touches the network. */
export function parseEndpoint(input: string, rules: EndpointRules = {}): GatewayEndpoint {
  const text = input.trim()
  if (text.length > MAX_URL_CHARS) throw invalidUrl(`longer than ${MAX_URL_CHARS} characters`)
  if (text.startsWith('unix:')) return unixEndpoint(text.slice('unix:'.length))
  const url = parseUrl(text)
  const scheme = SCHEMES[url.protocol]
  if (scheme === undefined) throw invalidUrl('expected ws://, wss://, http://, https:// or unix:/path')
  const secure = scheme === 'wss:'
  const host = classifyHost(url.hostname)
  const label = redact(url, scheme)
  if (!secure) assertPlainAllowed(url, host, label, rules)
  const userInfo = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`
  const target = `${scheme}//${userInfo}${url.host}${url.pathname}${url.search}`
  return { kind: 'tcp', url: target, secure, isLoopback: host === 'loopback', label }
}

/** A URL of any origin made fit for logs; text that is no URL is not repeated at all. */
export function redactUrl(text: string): string {
  const url = URL.parse(text.trim())
  return url === null ? '<not a URL>' : redact(url, url.protocol)
}

export type HostClass = 'loopback' | 'private-address' | 'private-name' | 'public-address' | 'other-name'

/** Judges a host as `URL.hostname` gives it: lower case, IPv4 in dotted form, IPv6 in brackets. */
export function classifyHost(hostname: string): HostClass {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  if (ipaddr.isValid(bare)) return classifyAddress(bare)
  const name = bare.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost') return 'loopback'
  const isPrivate = PRIVATE_NAME_SUFFIXES.some((suffix) => name.endsWith(suffix) && name.length > suffix.length)
  return isPrivate ? 'private-name' : 'other-name'
}

function classifyAddress(text: string): HostClass {
  const address = ipaddr.process(text)
  const range = address.range()
  if (range === 'loopback') return 'loopback'
  if (address.kind() === 'ipv4') return PRIVATE_V4.has(range) ? 'private-address' : 'public-address'
  const isPrivate = PRIVATE_V6.has(range) || (address as ipaddr.IPv6).match(SITE_LOCAL)
  return isPrivate ? 'private-address' : 'public-address'
}

function assertPlainAllowed(url: URL, host: HostClass, label: string, rules: EndpointRules): void {
  if (url.username !== '' && host !== 'loopback') {
    throw new ClientError(
      'INSECURE_URL',
      `SECURITY ERROR: ${label}: the URL carries a user name, which plain ws:// would send in clear text. Use wss://.`,
    )
  }
  const isAllowed = host === 'loopback' || host === 'private-address' || host === 'private-name'
  if (isAllowed || (host === 'other-name' && rules.allowInsecurePrivateWs === true)) return
  const breakGlass =
    host === 'other-name'
      ? ', or, if this name only resolves inside a network you trust, set BREAKWATER_ALLOW_INSECURE_PRIVATE_WS=1'
      : ''
  throw new ClientError(
    'INSECURE_URL',
    `SECURITY ERROR: ${label}: plain ws:// would send credentials in clear text to a host that is neither this ` +
      `machine nor private. Use wss:// (pin a self-signed certificate with its SHA-256 fingerprint), or a tunnel ` +
      `(ssh -N -L 18789:127.0.0.1:18789 <host>, then ws://127.0.0.1:18789)${breakGlass}.`,
  )
}

function unixEndpoint(rest: string): GatewayEndpoint {
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (!path.startsWith('/') || path.includes('\0')) throw invalidUrl('expected unix:/absolute/path')
  const label = `unix:${foreignText(path)}`
  return { kind: 'unix', url: 'ws://localhost/', secure: false, isLoopback: true, label, path }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw invalidUrl('expected ws://host:port or wss://host:port')
  return url
}

const redact = (url: URL, scheme: string): string => `${scheme}//${url.host}${url.pathname === '/' ? '' : url.pathname}`

const invalidUrl = (expected: string): ClientError => new ClientError('INVALID_URL', `gateway URL: ${expected}`)
