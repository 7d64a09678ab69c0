// Liveness and readiness for whatever watches the process. Liveness says only that the loop turns; readiness names what
// is missing, so it is not for foreign pages.

import type { LoopHealth } from '../observe/loop-monitor.ts'
import type { HttpRoute } from './route.ts'

export interface Readiness {
  readonly ready: boolean
  /** Names of parts that are not ready; empty when ready. */
  readonly failing: readonly string[]
  readonly uptimeMs: number
  /** How long the loop was held up in all since the start; deadlines excuse that much. */
  readonly stalledMs: number
  readonly eventLoop: LoopHealth
}

export function healthRoutes(readiness: () => Readiness): readonly HttpRoute[] {
  return [
    { access: 'open', paths: ['/healthz', '/health'], answer: () => Response.json({ ok: true, status: 'live' }) },
    { access: 'checked', paths: ['/readyz', '/ready'], answer: () => answerReadiness(readiness()) },
  ]
}

function answerReadiness(readiness: Readiness): Response {
  return Response.json(readiness, { status: readiness.ready ? 200 : 503 })
}
