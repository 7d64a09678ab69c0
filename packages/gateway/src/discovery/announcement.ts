// What a gateway says about itself on the local network (client notes section 14). Hints only: whoever reads them goes by
// the service's own address records and pins nothing because of them. Pure.

import { isIP } from 'node:net'
import { isLoopbackBind } from '../listener/bind-addresses.ts'

export const MDNS_SERVICE_TYPE = 'openclaw-gw'

export interface Announcement {
  /** Shown to people; another one of the same name gets a number. */
  readonly name: string
  readonly port: number
  readonly txt: Readonly<Record<string, string>>
  /** The only address it is announced on; undefined: every interface. */
  readonly address: string | undefined
}

export interface AnnouncementFacts {
  readonly bind: string
  readonly port: number
  readonly hostname: string
  /** Of the certificate; undefined without TLS. */
  readonly tlsFingerprint: string | undefined
}

/** A DNS label holds 63 bytes. */
const MAX_LABEL_BYTES = 63
const SUFFIX = ' (Breakwater)'

/** Undefined for a gateway nobody else can reach. */
export function announcementOf({ bind, port, hostname, tlsFingerprint }: AnnouncementFacts): Announcement | undefined {
  if (isLoopbackBind(bind)) return undefined
  const host = hostname.split('.')[0] || 'gateway'
  return {
    name: `${cutLabel(host, MAX_LABEL_BYTES - SUFFIX.length)}${SUFFIX}`,
    port,
    txt: {
      role: 'gateway',
      displayName: host,
      lanHost: `${host}.local`,
      gatewayPort: String(port),
      transport: 'gateway',
      gatewayDirectReachable: '1',
      ...(tlsFingerprint === undefined ? {} : { gatewayTls: '1', gatewayTlsSha256: tlsFingerprint }),
    },
    address: isIP(bind) === 0 || bind === '0.0.0.0' || bind === '::' ? undefined : bind,
  }
}

function cutLabel(text: string, maxBytes: number): string {
  let cut = text
  while (Buffer.byteLength(cut) > maxBytes) cut = cut.slice(0, -1)
  return cut
}
