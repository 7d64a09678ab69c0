// Where the gateway listens for a `gateway.bind` setting. Pure.

import { isIP } from 'node:net'

export interface BindAddress {
  readonly host: string
  /** Whether an IPv6 socket leaves IPv4 callers to a socket of their own. Else they arrive as IPv4-mapped addresses. */
  readonly ipv6Only: boolean
  /** False: the gateway starts without it, e.g. on machines without IPv6. */
  readonly isRequired: boolean
}

const address = (host: string, isRequired: boolean): BindAddress => ({ host, ipv6Only: isIP(host) === 6, isRequired })

/** The IPv6 wildcard alone takes both families, as people expect of it. */
const wildcard: BindAddress = { host: '::', ipv6Only: false, isRequired: true }

/** `loopback` and `lan` mean both address families; anything else is one address or host name. */
export function bindAddresses(bind: string): readonly BindAddress[] {
  if (bind === 'loopback') return [address('127.0.0.1', true), address('::1', false)]
  if (bind === 'lan') return [address('0.0.0.0', true), address('::', false)]
  return [bind === '::' ? wildcard : address(bind, true)]
}

/** Where this machine reaches a gateway that is bound so, fit for a URL. */
export function hostOfBind(bind: string): string {
  if (['loopback', 'localhost', 'lan', '0.0.0.0', '::'].includes(bind)) return '127.0.0.1'
  return isIP(bind) === 6 ? `[${bind}]` : bind
}

/** True when nobody but this machine can reach the bound addresses. */
export const isLoopbackBind = (bind: string): boolean =>
  bind === 'loopback' || bind === 'localhost' || bind === '::1' || /^127(\.\d{1,3}){3}$/.test(bind)
