// Decides once, at the upgrade, where a connection comes from: this machine, a trusted proxy's client, or elsewhere.
// Pure; reads only the peer address, the Host header and the forwarding headers. Grants nothing: authentication and
// pairing judge the value, they never judge the socket again.
import type { IncomingHttpHeaders } from 'node:http'
import { type Address, canBeSource, isLoopback, isLoopbackAddress, parseAddress, UNKNOWN_ADDRESS } from './address.ts'
import {
  type Hop,
  type ProxyEvidence,
  parseForwarded,
  parseHop,
  parseXForwardedFor,
  readProxyEvidence,
} from './forwarded.ts'
import { isLoopbackHost } from './host-header.ts'
import { isTrusted, type TrustPolicy } from './trust-policy.ts'

export { canonicalAddress, isLoopbackAddress, sourceKey } from './address.ts'
export { isLoopbackHost } from './host-header.ts'
export { compileTrustPolicy, isTrustedProxy, type TrustPolicy } from './trust-policy.ts'

/** Addresses are canonical. `unknown` stands for a TCP peer whose socket was gone before it could be asked. */
export type Locality =
  | { readonly kind: 'local'; readonly via: 'loopback' | 'unix-socket'; readonly clientAddress?: string }
  | { readonly kind: 'proxied'; readonly clientAddress: string; readonly proxyAddress: string }
  | { readonly kind: 'remote'; readonly clientAddress: string }

export type LocalityRefusalCause =
  | 'untrusted-peer'
  | 'proxied-unix-socket'
  | 'client-address-missing'
  | 'client-address-unusable'
  | 'client-addresses-disagree'
  | 'forwarded-chain-too-long'

/** Answered with HTTP 403 before the upgrade; the same request will be refused again until somebody changes a setting. */
export interface LocalityRefusal {
  readonly kind: 'refused'
  /** The wire's `error.type`. */
  readonly reason: 'proxy_attribution_required'
  readonly cause: LocalityRefusalCause
  /** Canonical, `unix` on the Unix socket, or `unknown`. */
  readonly peerAddress: string
  /** Safe to send to the peer: holds nothing it sent and no address of ours. */
  readonly message: string
  /** What the operator does about it; names the peer address, so it belongs in the log rather than in the answer. */
  readonly nextStep: string
  readonly retryable: false
}

export interface LocalityInput {
  /** `socket.remoteAddress`; undefined on the Unix socket, and on TCP once the socket is gone. */
  readonly peerAddress: string | undefined
  readonly isUnixSocket: boolean
  /** The Host header; undefined when the request has none. */
  readonly host: string | undefined
  readonly headers: IncomingHttpHeaders
}

/**
 * Never throws, whatever the bytes. The rules, first match wins:
 * 1. Forwarding headers on the Unix socket: refused. That peer has no address, so it cannot be listed as trusted.
 * 2. Forwarding headers from a peer outside trustedProxies: refused. Ignoring them would make a proxy's clients local.
 * 3. Forwarding headers from a trusted proxy: `proxied`, or refused when they name no single client.
 * 4. None, on the Unix socket: `local`; the file's permissions are the authority, so Host is not looked at.
 * 5. None, from loopback: `local` with a loopback Host, else `remote` (a plain proxy, or a page rebound to us).
 *    Being listed in trustedProxies changes neither.
 * 6. None, from any other trusted proxy: refused. Counting its clients as the proxy would merge them all into one.
 * 7. Anything else: `remote`.
 */
export function decideLocality(input: LocalityInput, policy: TrustPolicy): Locality | LocalityRefusal {
  const evidence = readProxyEvidence(input.headers)
  if (isUnixPeer(input)) {
    return evidence.isPresent ? refuse('proxied-unix-socket', 'unix') : { kind: 'local', via: 'unix-socket' }
  }
  const peer = parseAddress(input.peerAddress ?? '')
  const clientAddress = peer?.toString() ?? UNKNOWN_ADDRESS
  const isFromTrustedProxy = peer !== undefined && isTrusted(peer, policy)
  if (evidence.isPresent) {
    return isFromTrustedProxy ? attribute(clientAddress, evidence, policy) : refuse('untrusted-peer', clientAddress)
  }
  if (peer !== undefined && isLoopback(peer)) {
    return isLoopbackHost(input.host)
      ? { kind: 'local', via: 'loopback', clientAddress }
      : { kind: 'remote', clientAddress }
  }
  return isFromTrustedProxy ? refuse('client-address-missing', clientAddress) : { kind: 'remote', clientAddress }
}

/**
 * What the peer address alone allows, before any byte was read: the deadline tier at accept. `local-candidate` is the
 * longer one; the upgrade may only take it back.
 */
export function tierOfPeer(peerAddress: string | undefined, isUnixSocket: boolean): 'local-candidate' | 'remote' {
  if (isUnixPeer({ peerAddress, isUnixSocket })) return 'local-candidate'
  return peerAddress !== undefined && isLoopbackAddress(peerAddress) ? 'local-candidate' : 'remote'
}

/** A peer that has an address did not come through the Unix socket, whatever the caller believes. */
function isUnixPeer(input: Pick<LocalityInput, 'peerAddress' | 'isUnixSocket'>): boolean {
  return input.isUnixSocket && input.peerAddress === undefined
}

function attribute(proxyAddress: string, evidence: ProxyEvidence, policy: TrustPolicy): Locality | LocalityRefusal {
  const client = findClient(evidence, policy)
  return typeof client === 'string'
    ? refuse(client, proxyAddress)
    : { kind: 'proxied', clientAddress: client.toString(), proxyAddress }
}

/**
 * A proxy usually sets one header and hands through the other as the client wrote it, and we cannot know which. So
 * every chain that is present must be readable and name the same client.
 */
function findClient(evidence: ProxyEvidence, policy: TrustPolicy): Address | LocalityRefusalCause {
  const { xForwardedFor, forwarded, xRealIp } = evidence
  const first = xForwardedFor === undefined ? undefined : walk(parseXForwardedFor(xForwardedFor), policy)
  const second = forwarded === undefined ? undefined : walk(parseForwarded(forwarded), policy)
  if (typeof first === 'string') return first
  if (typeof second === 'string') return second
  if (first !== undefined && second !== undefined && first.toString() !== second.toString()) {
    return 'client-addresses-disagree'
  }
  const client = first ?? second
  if (client !== undefined) return client
  if (xRealIp === undefined || !policy.allowRealIpFallback) return 'client-address-missing'
  return walk([parseHop(xRealIp)], policy)
}

/**
 * Nearest proxy first: loopback hops and trusted proxies are skipped, the next hop is the client. A hop that cannot be
 * read ends the walk, because everything to its left may be the client's own invention.
 */
function walk(hops: readonly Hop[] | undefined, policy: TrustPolicy): Address | LocalityRefusalCause {
  if (hops === undefined) return 'forwarded-chain-too-long'
  for (const hop of hops.toReversed()) {
    if (hop === undefined || !canBeSource(hop)) return 'client-address-unusable'
    if (!isLoopback(hop) && !isTrusted(hop, policy)) return hop
  }
  return 'client-address-missing'
}

const MESSAGES: Readonly<Record<LocalityRefusalCause, string>> = {
  'untrusted-peer': 'The request carries proxy headers, but it does not come from a proxy this gateway trusts.',
  'proxied-unix-socket': 'The Unix socket takes direct callers only, and this request carries proxy headers.',
  'client-address-missing': 'The request comes from a trusted proxy that did not say which client it is for.',
  'client-address-unusable': 'The proxy headers name the client in a form that is not an IP address.',
  'client-addresses-disagree': 'X-Forwarded-For and Forwarded name different clients.',
  'forwarded-chain-too-long': 'The proxy headers list more hops than this gateway reads.',
}

function nextStep(cause: LocalityRefusalCause, peerAddress: string): string {
  switch (cause) {
    case 'untrusted-peer':
      return `If ${peerAddress} is your reverse proxy, add it to gateway.trustedProxies; otherwise connect without proxy headers.`
    case 'proxied-unix-socket':
      return 'Point the reverse proxy at the TCP port and add its address to gateway.trustedProxies.'
    case 'client-address-missing':
      return `Make the proxy at ${peerAddress} append the client to X-Forwarded-For, or take ${peerAddress} out of gateway.trustedProxies if clients connect from there directly.`
    case 'client-address-unusable':
      return `Make the proxy at ${peerAddress} append the client's IP address to X-Forwarded-For.`
    case 'client-addresses-disagree':
      return `Make the proxy at ${peerAddress} set one of X-Forwarded-For and Forwarded and remove the other.`
    case 'forwarded-chain-too-long':
      return `Make the proxy at ${peerAddress} replace the X-Forwarded-For and Forwarded that clients send instead of extending them.`
  }
}

function refuse(cause: LocalityRefusalCause, peerAddress: string): LocalityRefusal {
  return {
    kind: 'refused',
    reason: 'proxy_attribution_required',
    cause,
    peerAddress,
    message: MESSAGES[cause],
    nextStep: nextStep(cause, peerAddress),
    retryable: false,
  }
}
