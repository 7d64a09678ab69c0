// Which address a setup code names, and how much a code may grant over it (pairing notes section 6). Pure: the gateway's
// settings and interfaces in, addresses or the reason for refusing out.

import { normaliseGatewayUrl, SETUP_CODE_LIMITS } from '@breakwater/protocol'
import { isLoopback, isLoopbackAddress, parseAddress } from '../listener/address.ts'
import type { PairingRefusal } from './refusals.ts'

export interface GatewayAddress {
  /** `loopback`, `lan`, or one address. */
  readonly bind: string
  readonly port: number
  readonly isTls: boolean
  /** Of the certificate, when the gateway speaks TLS. */
  readonly tlsFingerprint: string | undefined
  /** Addresses of this machine that others reach, best first. */
  readonly lanAddresses: readonly string[]
  /** `gateway.remote.url`. */
  readonly remoteUrl: string | undefined
}

export interface SetupAddress {
  readonly url: string
  /** All of them, `url` first; one or more. */
  readonly urls: readonly string[]
  /** Where the address was taken from. */
  readonly source: string
  /** Only when the address is this process's own, whose certificate we know. */
  readonly tlsFingerprint: string | undefined
  /** Whether everything may be granted over it: encrypted, or never leaving this machine. */
  readonly isPrivate: boolean
}

export interface AddressWish {
  readonly publicUrl?: string
  readonly preferRemoteUrl?: boolean
}

type AddressVerdict =
  | { readonly ok: true; readonly address: SetupAddress }
  | { readonly ok: false; readonly refusal: PairingRefusal }

export function chooseSetupAddress(gateway: GatewayAddress, wish: AddressWish): AddressVerdict {
  if (wish.publicUrl !== undefined) return named(wish.publicUrl, 'publicUrl')
  if (wish.preferRemoteUrl === true && gateway.remoteUrl !== undefined)
    return named(gateway.remoteUrl, 'gateway.remote.url')
  const hosts = gateway.bind === 'lan' ? gateway.lanAddresses : [gateway.bind]
  const reachable = hosts.filter((host) => host !== 'loopback' && !isLoopbackAddress(host))
  if (reachable.length === 0) return { ok: false, refusal: { reason: 'loopback-only' } }
  const urls = reachable.slice(0, SETUP_CODE_LIMITS.maxUrls).map((host) => urlOf(host, gateway))
  const [url = ''] = urls
  if (!mayCarryCode(url)) return { ok: false, refusal: { reason: 'insecure-url', url } }
  const { tlsFingerprint } = gateway
  return {
    ok: true,
    address: {
      url,
      urls: urls.filter(mayCarryCode),
      source: `gateway.bind=${gateway.bind}`,
      tlsFingerprint,
      isPrivate: isPrivateUrl(url),
    },
  }
}

function named(text: string, source: string): AddressVerdict {
  const url = normaliseGatewayUrl(text)
  if (url === undefined) return { ok: false, refusal: { reason: 'bad-url', url: text } }
  if (!mayCarryCode(url)) return { ok: false, refusal: { reason: 'insecure-url', url } }
  return { ok: true, address: { url, urls: [url], source, tlsFingerprint: undefined, isPrivate: isPrivateUrl(url) } }
}

function urlOf(host: string, { isTls, port }: GatewayAddress): string {
  const isV6 = parseAddress(host)?.kind() === 'ipv6'
  const url = `${isTls ? 'wss' : 'ws'}://${isV6 ? `[${host}]` : host}:${port}`
  return normaliseGatewayUrl(url) ?? url
}

/** Host of Android emulators' own machine. */
const EMULATOR_HOST = '10.0.2.2'
const PLAIN_RANGES = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal'])

/** Plain ws:// only where nobody but the user's own network can listen. */
export function mayCarryCode(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'wss:') return true
  if (hostname === 'localhost' || hostname === EMULATOR_HOST) return true
  if (/.\.local\.?$/i.test(hostname)) return true
  const address = parseAddress(hostname)
  return address !== undefined && PLAIN_RANGES.has(address.range())
}

function isPrivateUrl(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'wss:' || hostname === 'localhost') return true
  const address = parseAddress(hostname)
  return address !== undefined && isLoopback(address)
}
