// What proxies say about a request: finds the forwarding headers and reads X-Forwarded-For and RFC 7239 Forwarded into
// lists of hops, nearest proxy last. Says nothing about trust: whom to believe is locality's decision.
import type { IncomingHttpHeaders } from 'node:http'
import { type Address, parseAddress } from './address.ts'

/** Hops read from one header. More is a refusal, not a truncation: the end that matters is the one that grew. */
export const MAX_FORWARDED_HOPS = 32

/** Length of one forwarding header after Node has joined its repetitions. */
export const MAX_FORWARDED_CHARS = 4_096

export interface ProxyEvidence {
  /** Any header that only a proxy has reason to send, even an empty one. */
  readonly isPresent: boolean
  readonly xForwardedFor: string | undefined
  readonly forwarded: string | undefined
  readonly xRealIp: string | undefined
}

/** The address a proxy wrote for a hop, or undefined where it wrote none that can be read (`unknown`, `_id`, garbage). */
export type Hop = Address | undefined

/** `Forwarded`, any `X-Forwarded*`, `X-Real-IP` or `Tailscale-*`. Names are matched in any case, to never miss one. */
export function readProxyEvidence(headers: IncomingHttpHeaders): ProxyEvidence {
  const found = new Map<string, string>()
  for (const [rawName, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const name = rawName.toLowerCase()
    if (!isProxyHeader(name)) continue
    const text = typeof value === 'string' ? value : value.join(', ')
    const earlier = found.get(name)
    found.set(name, earlier === undefined ? text : `${earlier}, ${text}`)
  }
  return {
    isPresent: found.size > 0,
    xForwardedFor: found.get('x-forwarded-for'),
    forwarded: found.get('forwarded'),
    xRealIp: found.get('x-real-ip'),
  }
}

function isProxyHeader(name: string): boolean {
  return name === 'forwarded' || name === 'x-real-ip' || name.startsWith('x-forwarded') || name.startsWith('tailscale-')
}

/** The hops of X-Forwarded-For, or undefined when the header is longer than the limits above. */
export function parseXForwardedFor(header: string): readonly Hop[] | undefined {
  if (header.length > MAX_FORWARDED_CHARS) return undefined
  const elements = header.split(',')
  return elements.length > MAX_FORWARDED_HOPS ? undefined : elements.map(parseHop)
}

// One parameter of a Forwarded element. Unquoted values may hold `:[]` too: RFC 7239 wants those quoted, many proxies
// do not bother, and neither character can move the boundary of an element.
const PARAMETER = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~:[\]-]+))[ \t]*)?([;,]|$)/y

/**
 * The `for` of each element of RFC 7239 Forwarded; an element without one is a hop that says nothing. Undefined when
 * the header is over the limits. A header that is not well formed ends in a nameless hop, because an open quote sent by
 * the client would otherwise swallow what the trusted proxy appended.
 */
export function parseForwarded(header: string): readonly Hop[] | undefined {
  if (header.length > MAX_FORWARDED_CHARS) return undefined
  const hops: Hop[] = []
  let element = new Map<string, string>()
  PARAMETER.lastIndex = 0
  for (;;) {
    const match = PARAMETER.exec(header)
    if (match === null) return [undefined]
    const [, rawName, quoted, token = '', separator] = match
    const name = rawName?.toLowerCase()
    if (name !== undefined) {
      if (element.has(name)) return [undefined]
      element.set(name, quoted?.replace(/\\(.)/g, '$1') ?? token)
    }
    if (separator === ';') continue
    hops.push(parseHop(element.get('for') ?? ''))
    if (hops.length > MAX_FORWARDED_HOPS) return undefined
    if (separator === '') return hops
    element = new Map()
  }
}

const BRACKETED = /^(\[[^[\]]+\])(?::(\d{1,5}|_[\w.-]+))?$/
const WITH_PORT = /^([\d.]+):(\d{1,5}|_[\w.-]+)$/

/** One hop as proxies write them: `1.2.3.4`, `1.2.3.4:555`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:555`. */
export function parseHop(text: string): Hop {
  // Only blanks are trimmed: other white space in a header is garbage, and garbage names nobody.
  const trimmed = text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')
  if (trimmed.startsWith('[')) return withPort(BRACKETED.exec(trimmed))
  return parseAddress(trimmed) ?? withPort(WITH_PORT.exec(trimmed))
}

function withPort(match: RegExpExecArray | null): Hop {
  const [, address = '', port = ''] = match ?? []
  return Number(port) > 65_535 ? undefined : parseAddress(address)
}
