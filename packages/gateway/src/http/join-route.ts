// `GET /j/<path>`: the payload of a setup code, once (pairing notes section 6). Everything else under `/j/` looks the same
// to a stranger, and who keeps trying is told to wait.

import type { IncomingMessage } from 'node:http'
import { sourceKey } from '../listener/locality.ts'
import type { JoinDesk } from '../pairing/join-desk.ts'
import type { CheckedRoute } from './route.ts'

export const JOIN_LIMITS = {
  /** Paths one source may try in vain in a window. */
  missesPerSource: 10,
  windowMs: 60_000,
  /** Sources remembered at a time. */
  sources: 4_096,
} as const

export interface JoinRouteComponents {
  readonly joins: Pick<JoinDesk, 'claim'>
  /** Monotonic milliseconds. */
  readonly now: () => number
}

interface Misses {
  count: number
  readonly openedAt: number
}

export function joinRoute({ joins, now }: JoinRouteComponents): CheckedRoute {
  const misses = new Map<string, Misses>()
  return {
    access: 'checked',
    paths: ['/j/:code'],
    async answer(request, locality) {
      const source = locality.clientAddress === undefined ? 'unix' : sourceKey(locality.clientAddress)
      const waitMs = waitOf(misses.get(source), now())
      if (waitMs > 0) return rateLimited(waitMs)
      const payload = await claim(joins, request)
      if (payload !== undefined) return Response.json(payload, { headers: { 'cache-control': 'no-store' } })
      note(misses, source, now())
      return Response.json({ error: 'not_found' }, { status: 404 })
    },
  }
}

/** Only a plain GET without a query fetches: previews and probes must not use the code up. */
async function claim(
  joins: Pick<JoinDesk, 'claim'>,
  { method, url = '' }: IncomingMessage,
): Promise<object | undefined> {
  const path = /^\/j\/([^/?#]+)$/.exec(url)?.[1]
  if (method !== 'GET' || path === undefined) return undefined
  return await joins.claim(path)
}

const waitOf = (misses: Misses | undefined, now: number): number =>
  misses === undefined || misses.count < JOIN_LIMITS.missesPerSource ? 0 : misses.openedAt + JOIN_LIMITS.windowMs - now

function note(misses: Map<string, Misses>, source: string, now: number): void {
  const known = misses.get(source)
  if (known !== undefined && now - known.openedAt < JOIN_LIMITS.windowMs) {
    known.count += 1
    return
  }
  misses.delete(source)
  if (misses.size >= JOIN_LIMITS.sources) misses.delete(misses.keys().next().value ?? '')
  misses.set(source, { count: 1, openedAt: now })
}

const rateLimited = (waitMs: number): Response =>
  Response.json(
    { error: 'rate_limited' },
    { status: 429, headers: { 'retry-after': String(Math.ceil(waitMs / 1_000)) } },
  )
