// The names a generated certificate carries. They are what the machine is called on the day it is made: clients pin the
// certificate, so later changes of name or address do not matter to them. Pure apart from the two look-ups at the end.

import { hostname, networkInterfaces } from 'node:os'
import { domainToASCII } from 'node:url'
import { parseAddress } from './address.ts'
import { TlsFault } from './tls-fault.ts'

/** Names and addresses in one certificate; a machine with hundreds of virtual interfaces lists the first ones. */
export const MAX_CERTIFICATE_NAMES = 64

export interface CertificateName {
  readonly type: 'dns' | 'ip'
  readonly value: string
}

/** What this machine is called; tests hand in a machine of their own. */
export interface MachineNames {
  readonly hostname: string
  /** Addresses of interfaces that are up and not loopback, as the system prints them. */
  readonly addresses: readonly string[]
}

export const systemNames = (): MachineNames => ({
  hostname: hostname(),
  addresses: Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address),
})

/**
 * Loopback first, then `hostNames`, the machine's own name (and its mDNS name) and its addresses, without repetitions.
 * Throws TLS_HOST_NAME_INVALID for an entry of `hostNames` that is neither a name nor an address; a machine whose own
 * name cannot be written into a certificate is known by its addresses.
 */
export function certificateNames(machine: MachineNames, hostNames: readonly string[]): readonly CertificateName[] {
  const own = toName(machine.hostname)
  const names = [
    ...['localhost', '127.0.0.1', '::1'].map(toName),
    ...hostNames.map(requireName),
    own,
    own?.type === 'dns' && !own.value.includes('.') ? toName(`${own.value}.local`) : undefined,
    ...machine.addresses.filter(isReachable).map(toName),
  ].filter((name) => name !== undefined)
  const unique = new Map(names.map((name) => [name.value, name]))
  return [...unique.values()].slice(0, MAX_CERTIFICATE_NAMES)
}

/** Link-local addresses mean something on one interface only and cannot be written into a certificate with it. */
function isReachable(address: string): boolean {
  const range = parseAddress(address)?.range()
  return range !== undefined && range !== 'linkLocal'
}

function toName(text: string): CertificateName | undefined {
  const address = parseAddress(text)
  if (address !== undefined) return { type: 'ip', value: address.toString() }
  const name = domainToASCII(text).replace(/\.$/, '')
  // `domainToASCII` turns a bare number into an address, as browsers do.
  const isName = /^[a-z0-9_*-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name) && name.length <= 253
  return isName && parseAddress(name) === undefined ? { type: 'dns', value: name } : undefined
}

function requireName(text: string): CertificateName {
  const name = toName(text)
  if (name !== undefined) return name
  throw new TlsFault(
    'TLS_HOST_NAME_INVALID',
    `${JSON.stringify(text)} is neither a host name nor an IP address`,
    'Name the gateway as clients dial it, for example gw.example.com or 192.168.1.10.',
  )
}
