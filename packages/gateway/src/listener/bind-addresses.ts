// Where the gateway listens for a `gateway.bind` setting. Pure.

import { isIP } from 'node:net'

export interface BindAddress {
  readonly host: string
  /** IPv6 only: the IPv4 wildcard has a socket of its own. */
  readonly ipv6Only: boolean
  /** False: the gateway starts without it, e.g. on machines without IPv6. */
  readonly isRequired: boolean
}

const address = (host: string, isRequired: boolean): BindAddress => ({ host, ipv6Only: isIP(host) === 6, isRequired })

/** `loopback` and `lan` mean both address families; anything else is one address or host name. */
export function bindAddresses(bind: string): readonly BindAddress[] {
  if (bind === 'loopback') return [address('127.0.0.1', true), address('::1', false)]
  if (bind === 'lan') return [address('0.0.0.0', true), address('::', false)]
  return [address(bind, true)]
}

/** True when nobody but this machine can reach the bound addresses. */
export const isLoopbackBind = (bind: string): boolean =>
  bind === 'loopback' || bind === 'localhost' || bind === '::1' || /^127(\.\d{1,3}){3}$/.test(bind)
