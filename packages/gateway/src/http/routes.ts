// From a Node request to the HTTP application and back. The application is loaded by the first plain request, because
// most gateways start, serve WebSockets and are asked nothing else for a while; requests wait for it meanwhile.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { refusalBody, refusalHeaders } from '../listener/http-refusal.ts'
import type { HttpApp, HttpAppComponents } from './app.ts'
import type { HttpCaller } from './judge-request.ts'

export type { HttpAppComponents } from './app.ts'
export type { Readiness } from './health-routes.ts'
export type { HttpCaller } from './judge-request.ts'
export type { CheckedRoute, HttpRoute, OpenRoute } from './route.ts'

/** Answers and ends every response it is given, also when something fails. */
export type HttpRequestHandler = (request: IncomingMessage, response: ServerResponse, caller: HttpCaller) => void

/** On every answer; a route may say something else about itself. */
const BASE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export function createHttpRoutes(components: HttpAppComponents): HttpRequestHandler {
  let loading: Promise<HttpApp> | undefined
  const load = async (): Promise<HttpApp> => {
    try {
      return (await import('./app.ts')).createApp(components)
    } catch (error) {
      // The next request tries again: files may be in the middle of an upgrade.
      loading = undefined
      throw error
    }
  }
  const handle = async (request: IncomingMessage, response: ServerResponse, caller: HttpCaller): Promise<void> => {
    try {
      loading ??= load()
      const app = await loading
      await send(response, await app(request, caller))
    } catch (error) {
      components.log.error('http request failed', { error: String(error) })
      sendFailure(response)
    }
  }
  return (request, response, caller) => {
    // No route reads a body; what has arrived of one is thrown away, or closing the socket would reset it.
    request.resume()
    void handle(request, response, caller)
  }
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer())
  const headers = { ...BASE_HEADERS, ...Object.fromEntries(answer.headers), 'content-length': body.length }
  response.writeHead(answer.status, headers).end(body)
}

function sendFailure(response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const refusal = {
    status: 500,
    type: 'internal_error',
    message: 'The gateway failed to answer; its log holds the reason.',
  }
  const headers = { ...BASE_HEADERS, ...Object.fromEntries(new Headers(refusalHeaders(refusal))) }
  response.writeHead(refusal.status, headers).end(refusalBody(refusal))
}
