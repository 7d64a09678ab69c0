// What a plain HTTP route is. New ones (metrics, the browser interface) are added to a list; who may see them is
// declared with them, so that no route forgets to ask.

import type { IncomingMessage } from 'node:http'
import type { Locality } from '../listener/locality.ts'

interface RoutePaths {
  /** Whole paths, each with a leading slash; one at the end makes no difference. All are read with GET and HEAD. */
  readonly paths: readonly string[]
}

/** Answers anybody who reaches the port: it must tell a stranger nothing. */
export interface OpenRoute extends RoutePaths {
  readonly access: 'open'
  answer(request: IncomingMessage): Response | Promise<Response>
}

/** Answers once it is known where the request comes from and that no foreign page sent it through a rebound name. */
export interface CheckedRoute extends RoutePaths {
  readonly access: 'checked'
  answer(request: IncomingMessage, locality: Locality): Response | Promise<Response>
}

export type HttpRoute = OpenRoute | CheckedRoute
