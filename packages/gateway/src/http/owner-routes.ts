// What only the owner reads over HTTP: metrics, while they are on, and the connections that ended.

import type { IncomingMessage } from 'node:http'
import { type HttpRefusal, refusalBody, refusalHeaders } from '../listener/http-refusal.ts'
import type { Locality } from '../listener/locality.ts'
import { CLOSED_CAPACITY, type ClosedConnections } from '../observe/closed-connections.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { OwnerGuard } from './owner-guard.ts'
import type { HttpRoute } from './route.ts'

export interface OwnerRouteComponents {
  readonly guard: OwnerGuard
  readonly metrics: Pick<Metrics, 'scrape'>
  readonly closed: ClosedConnections
}

export function ownerRoutes({ guard, metrics, closed }: OwnerRouteComponents): readonly HttpRoute[] {
  return [
    {
      access: 'checked',
      paths: ['/metrics'],
      // Figures hold no names of people and no addresses: programs on this machine may read them.
      answer: (request, locality) => refusal(guard, request, locality, 'enough') ?? metrics.scrape().then(answerScrape),
    },
    {
      access: 'checked',
      paths: ['/diagnostics/connections'],
      answer: (request, locality) =>
        refusal(guard, request, locality, 'not-enough') ?? Response.json(closed.report(CLOSED_CAPACITY)),
    },
  ]
}

type Scraped = Awaited<ReturnType<Metrics['scrape']>>

const answerScrape = (scrape: Scraped): Response =>
  scrape === undefined
    ? toResponse(METRICS_OFF)
    : new Response(scrape.body, { headers: { 'content-type': scrape.contentType } })

const METRICS_OFF: HttpRefusal = {
  status: 404,
  type: 'metrics_disabled',
  message: 'This gateway collects no metrics.',
  nextStep: 'breakwater config set metrics.enabled true',
}

function refusal(
  guard: OwnerGuard,
  request: IncomingMessage,
  locality: Locality,
  local: 'enough' | 'not-enough',
): Response | undefined {
  const refused = guard.judge(request, locality, local)
  return refused === undefined ? undefined : toResponse(refused)
}

function toResponse(refused: HttpRefusal): Response {
  const response = new Response(refusalBody(refused), { status: refused.status, headers: refusalHeaders(refused) })
  if (refused.status === 401) response.headers.set('WWW-Authenticate', 'Bearer realm="breakwater"')
  return response
}
