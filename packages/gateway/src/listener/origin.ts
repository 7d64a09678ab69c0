// Browser policy: may a page of this origin speak to the gateway, and is this Host one the gateway answers to.
// A browser sends an Origin it cannot forge, so these checks stop other people's pages in our user's browser; they do
// nothing against programs, which send what they like. Pure; proves no identity.
import { isLoopbackName, parseHostHeader } from './host-header.ts'

/** `CONTROL_UI_ORIGIN_NOT_ALLOWED` on the wire, with one of these as `details.reason`. */
export type OriginRefusalReason = 'origin missing or invalid' | 'origin not allowed' | 'host not allowed'

export interface OriginRefusal {
  readonly ok: false
  readonly code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED'
  readonly reason: OriginRefusalReason
  /** Safe to send to the peer: holds nothing it sent. */
  readonly message: string
  readonly nextStep: string
  readonly retryable: false
}

export type OriginDecision =
  | { readonly ok: true; readonly by: 'no-origin' | 'same-origin' | 'loopback' | 'listed' | 'any' }
  | OriginRefusal

export interface OriginInput {
  /** The Origin header; undefined when there is none. Repetitions that were joined are refused like garbage. */
  readonly origin: string | undefined
  readonly host: string | undefined
  /** `client.id` of `connect`; undefined before it is known. */
  readonly clientId?: string | undefined
  /** Whether locality decided `local`. */
  readonly isLocal: boolean
  /**
   * The scheme the browser used. `https` when this process terminates TLS, `http` when nothing does; undefined behind a
   * proxy, where it cannot be known: either is then taken for the host's own.
   */
  readonly scheme?: 'http' | 'https' | undefined
  /**
   * `gateway.controlUi.allowedOrigins`: `scheme://host[:port]`. `*` admits every page the user's browser opens and is
   * insecure; it never admits `null`, which is what sandboxed frames of any page send. Entries that are not origins
   * match nothing: the configuration check refuses them with `isOriginEntry`.
   */
  readonly allowedOrigins: readonly string[]
}

/** Served to browsers, which always send an Origin: without one, the id is borrowed and the page's policy is moot. */
const BROWSER_CLIENT_ID = 'openclaw-control-ui'

/**
 * Takes the Host at its word: `decideHost` must have passed first, or a rebound page counts as our own.
 */
export function decideOrigin(input: OriginInput): OriginDecision {
  if (input.origin === undefined) {
    return input.clientId === BROWSER_CLIENT_ID ? refuse('origin missing or invalid') : { ok: true, by: 'no-origin' }
  }
  const origin = parseOrigin(input.origin)
  if (origin === undefined) return refuse('origin missing or invalid')
  if (isOwnOrigin(origin, input)) return { ok: true, by: 'same-origin' }
  if (input.isLocal && isLoopbackPage(origin, input.host)) return { ok: true, by: 'loopback' }
  if (input.allowedOrigins.some((entry) => normaliseEntry(entry) === origin.text)) return { ok: true, by: 'listed' }
  return input.allowedOrigins.includes('*') ? { ok: true, by: 'any' } : refuse('origin not allowed')
}

/** Whether an entry of `gateway.controlUi.allowedOrigins` can ever match. */
export function isOriginEntry(entry: string): boolean {
  return entry === '*' || normaliseEntry(entry) !== undefined
}

export type HostDecision =
  | { readonly ok: true; readonly by: 'no-origin' | 'remote-peer' | 'loopback-host' | 'bind-host' | 'allowed-host' }
  | OriginRefusal

export interface HostPolicy {
  /** Hosts the listener is bound to. Wildcard addresses (0.0.0.0, ::) name no host and match nothing. */
  readonly bindHosts: readonly string[]
  /** Further names the gateway answers to: `host` (any port) or `host:port`. No wildcards. */
  readonly allowedHosts: readonly string[]
  /** The peer itself is loopback and no trusted proxy spoke for somebody else (locality is not `proxied`). */
  readonly isLoopbackPeer: boolean
  /** Whether the request carries an Origin header, that is, whether a browser may have sent it for a page. */
  readonly hasOrigin: boolean
}

/**
 * Stops DNS rebinding: a page whose name was re-pointed at 127.0.0.1 is of the same origin as the gateway it reaches,
 * so only its Host gives it away. Requests without an Origin pass; locality has already made them `remote`.
 */
export function decideHost(host: string | undefined, policy: HostPolicy): HostDecision {
  if (!policy.hasOrigin) return { ok: true, by: 'no-origin' }
  if (!policy.isLoopbackPeer) return { ok: true, by: 'remote-peer' }
  const named = parseHostHeader(host)
  if (named === undefined) return refuse('host not allowed')
  if (isLoopbackName(named.name)) return { ok: true, by: 'loopback-host' }
  const matches = (entry: string): boolean => {
    const listed = parseHostHeader(bracketed(entry))
    return listed?.name === named.name && (listed.port === undefined || listed.port === named.port)
  }
  if (!WILDCARD_ADDRESSES.has(named.name) && policy.bindHosts.some(matches)) return { ok: true, by: 'bind-host' }
  return policy.allowedHosts.some(matches) ? { ok: true, by: 'allowed-host' } : refuse('host not allowed')
}

const WILDCARD_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Configuration writes an IPv6 address plainly, a header in brackets. */
function bracketed(entry: string): string {
  return /^[^[\]]*:[^[\]]*:/.test(entry) ? `[${entry}]` : entry
}

interface Origin {
  /** The one spelling two equal origins share: lower case, without the scheme's own port. */
  readonly text: string
  readonly scheme: string
  readonly name: string
  /** Undefined for the scheme's own port. */
  readonly port: number | undefined
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** `scheme://host[:port]` and nothing more; `null` and lists are no origins. Schemes of apps and extensions are. */
function parseOrigin(text: string): Origin | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.+)$/i.exec(text)
  const host = parseHostHeader(match?.[2])
  if (host === undefined) return undefined
  const scheme = (match?.[1] ?? '').toLowerCase()
  const port = effectivePort(host.port, scheme)
  return { text: `${scheme}://${host.name}${port === undefined ? '' : `:${port}`}`, scheme, name: host.name, port }
}

function effectivePort(port: number | undefined, scheme: string): number | undefined {
  return port === DEFAULT_PORTS[scheme] ? undefined : port
}

/** As an origin, but a person may end it with a slash. */
function normaliseEntry(entry: string): string | undefined {
  return parseOrigin(entry.replace(/\/$/, ''))?.text
}

function isWebScheme(origin: Origin): boolean {
  return origin.scheme === 'http' || origin.scheme === 'https'
}

function isOwnOrigin(origin: Origin, input: OriginInput): boolean {
  if (!isWebScheme(origin) || (input.scheme !== undefined && input.scheme !== origin.scheme)) return false
  const host = parseHostHeader(input.host)
  return host !== undefined && host.name === origin.name && effectivePort(host.port, origin.scheme) === origin.port
}

/** A page served from this machine, on any port: a development server, a forwarded port. */
function isLoopbackPage(origin: Origin, host: string | undefined): boolean {
  const named = parseHostHeader(host)
  return isWebScheme(origin) && isLoopbackName(origin.name) && named !== undefined && isLoopbackName(named.name)
}

const REFUSALS: Readonly<Record<OriginRefusalReason, { readonly message: string; readonly nextStep: string }>> = {
  'origin missing or invalid': {
    message: 'The Control UI must be opened in a browser that sends a valid Origin header.',
    nextStep: 'Open the page from the gateway itself, or connect with a client that is not the Control UI.',
  },
  'origin not allowed': {
    message: 'Pages of this origin may not connect to the gateway.',
    nextStep: "Open the gateway's own page, or add the origin to gateway.controlUi.allowedOrigins.",
  },
  'host not allowed': {
    message: 'A browser reached the gateway on this machine under a host name it does not answer to.',
    nextStep: 'Open the page under localhost or 127.0.0.1, or add the host name to the hosts the gateway answers to.',
  },
}

function refuse(reason: OriginRefusalReason): OriginRefusal {
  return { ok: false, code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED', reason, ...REFUSALS[reason], retryable: false }
}
