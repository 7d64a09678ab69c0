// The address under which the viewer of a page reaches the gateway, so that it can be copied into a client. Taken from
// the request, because only the viewer's side knows which name and port lead here. Pure.

import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { parseHostHeader } from '../listener/host-header.ts'
import type { Locality } from '../listener/locality.ts'

/** `ws://host[:port]` or `wss://…`; undefined when the request names no host, or came through the Unix socket. */
export function webSocketUrl({ headers, socket }: IncomingMessage, locality: Locality): string | undefined {
  if (locality.kind === 'local' && locality.via === 'unix-socket') return undefined
  // Only a proxy the owner trusts may say how it was reached; locality has refused all others.
  const isProxied = locality.kind === 'proxied'
  const host = parseHostHeader((isProxied ? lastValue(headers['x-forwarded-host']) : undefined) ?? headers.host)
  if (host === undefined) return undefined
  const isEncrypted = isProxied
    ? lastValue(headers['x-forwarded-proto']) === 'https'
    : (socket as TLSSocket).encrypted === true
  const name = host.name.includes(':') ? `[${host.name}]` : host.name
  return `${isEncrypted ? 'wss' : 'ws'}://${name}${host.port === undefined ? '' : `:${host.port}`}`
}

/** Proxies append; the last word is the nearest one's. */
function lastValue(header: string | readonly string[] | undefined): string | undefined {
  return header === undefined ? undefined : String(header).split(',').at(-1)?.trim().toLowerCase()
}
