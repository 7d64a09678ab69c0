// `GET /` for people: a page that says what answers here. Chooses what its viewer may know; the page itself only draws.

import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Locality } from '../listener/locality.ts'
import type { Readiness } from './health-routes.ts'
import type { HttpRoute } from './route.ts'
import { renderStatusPage, STYLE_SHEET } from './status-page.ts'
import { webSocketUrl } from './web-socket-url.ts'

export interface StatusPageComponents {
  readonly readiness: () => Readiness
  readonly version: string
  readonly clientCount: () => number
}

/** Nothing but the page's own style sheet and its drawn icon: no script, no form, no frame, no other origin. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE_SHEET).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function statusPageRoute({ readiness, version, clientCount }: StatusPageComponents): HttpRoute {
  const answer = (request: IncomingMessage, locality: Locality): Response => {
    const { ready, failing, uptimeMs } = readiness()
    const page = renderStatusPage({
      isReady: ready,
      version,
      uptimeMs,
      url: webSocketUrl(request, locality),
      // How many people use it, and what is broken, is nobody's business but the owner's.
      local: locality.kind === 'local' ? { failing, clientCount: clientCount() } : undefined,
    })
    return new Response(page, {
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': CONTENT_SECURITY_POLICY },
    })
  }
  return { access: 'checked', paths: ['/'], answer }
}
