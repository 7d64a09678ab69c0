// The plain HTTP side of the gateway: which path is answered by whom, and everything that is refused. Imported with the
// first request that is not an upgrade. Knows no socket and reads no body.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import { type HttpRefusal, refusalBody, refusalHeaders } from '../listener/http-refusal.ts'
import type { Logger } from '../observe/logger.ts'
import { healthRoutes, type Readiness } from './health-routes.ts'
import { type HttpCaller, judgeRequest, type RequestPolicy } from './judge-request.ts'
import type { HttpRoute } from './route.ts'
import { statusPageRoute } from './status-page-route.ts'

export interface HttpAppComponents extends RequestPolicy {
  readonly log: Logger
  readonly readiness: () => Readiness
  /** Version of the product, shown to whoever opens the page. */
  readonly version: string
  /** Authenticated clients; shown to viewers on this machine only. */
  readonly clientCount: () => number
  /** Routes of further parts. Paths that are taken keep their first owner. */
  readonly routes?: readonly HttpRoute[]
}

/** Answers one request. HEAD is answered like GET: leaving out the body is for the sender. */
export type HttpApp = (request: IncomingMessage, caller: HttpCaller) => Promise<Response>

interface Env {
  Bindings: { readonly request: IncomingMessage; readonly caller: HttpCaller }
}

const READING = 'GET, HEAD'

export function createApp(components: HttpAppComponents): HttpApp {
  const app = new Hono<Env>()
  const routes = [...healthRoutes(components.readiness), statusPageRoute(components), ...(components.routes ?? [])]
  for (const route of routes) {
    for (const path of route.paths) {
      app.get(path, (context) => answer(route, context, components))
      app.all(path, () => refuseMethod())
    }
  }
  app.notFound(() => refuse(NOT_FOUND))
  app.onError((error, { req }) => refuseFailed(error, req.path, components.log))
  return async (request, caller) => {
    const url = toUrl(request.url)
    if (url === undefined) return refuse(INVALID_TARGET)
    return app.fetch(new Request(url, { method: toFetchMethod(request.method) }), { request, caller })
  }
}

function answer(route: HttpRoute, { env }: Context<Env>, policy: RequestPolicy): Response | Promise<Response> {
  if (route.access === 'open') return route.answer(env.request)
  const judged = judgeRequest(env.request.headers, env.caller, policy)
  return 'status' in judged ? refuse(judged) : route.answer(env.request, judged)
}

/** From `/path`, or the absolute form proxies use. Of that only the path counts; nothing is dialled. */
function toUrl(target = '/'): string | undefined {
  const url = URL.parse(target.startsWith('/') ? `http://gateway${target}` : target)
  return url?.pathname.startsWith('/') === true ? `http://gateway${url.pathname}` : undefined
}

/** `fetch` knows no TRACE; it stands with the methods no route has. */
function toFetchMethod(method = 'GET'): string {
  if (method === 'HEAD') return 'GET'
  return method === 'TRACE' ? 'OPTIONS' : method
}

const NOT_FOUND: HttpRefusal = {
  status: 404,
  type: 'not_found',
  message: 'The gateway has nothing at this path.',
  nextStep: 'Open / for what it is and where clients connect.',
}

const INVALID_TARGET: HttpRefusal = {
  status: 400,
  type: 'invalid_request_target',
  message: 'The request names no path the gateway can read.',
}

function refuse(refusal: HttpRefusal): Response {
  return new Response(refusalBody(refusal), { status: refusal.status, headers: refusalHeaders(refusal) })
}

function refuseMethod(): Response {
  const response = refuse({ status: 405, type: 'method_not_allowed', message: `This path is read with ${READING}.` })
  response.headers.set('Allow', READING)
  return response
}

function refuseFailed(error: Error, path: string, log: Logger): Response {
  const correlationId = randomUUID()
  log.error('http request failed', { correlationId, path, error: error.stack ?? String(error) })
  return refuse({
    status: 500,
    type: 'internal_error',
    message: 'The gateway failed to answer.',
    nextStep: `Its log holds the reason under ${correlationId}.`,
  })
}
