// Which gateway a credential belongs to, from its address: two ways to write the same address are one gateway.
// Nothing is resolved: a name and the address behind it stay two gateways.

import type { GatewayEndpoint } from '../url.ts'

/** Names one gateway in a credential store. Without user name and password; a query is part of it. */
export type GatewayKey = string & { readonly __brand: 'GatewayKey' }

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'ws:': '80', 'wss:': '443' }
/** The names this machine's own gateway is commonly given; the rest of 127.0.0.0/8 may be other gateways. */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '[::ffff:7f00:1]'])

export function gatewayKeyOf(endpoint: GatewayEndpoint): GatewayKey {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path ?? ''}` as GatewayKey
  const { protocol, hostname, port, pathname, search } = new URL(endpoint.url)
  const name = hostname.toLowerCase().replace(/\.$/, '')
  const host = LOOPBACK_HOSTS.has(name) ? 'localhost' : name
  const path = pathname.replace(/\/+$/, '')
  return `${protocol}//${host}:${port || (DEFAULT_PORTS[protocol] ?? '')}${path}${search}` as GatewayKey
}

/** Fit for messages: a query may hold a secret. */
export const gatewayLabel = (gateway: GatewayKey): string => gateway.replace(/\?.*$/s, '')
