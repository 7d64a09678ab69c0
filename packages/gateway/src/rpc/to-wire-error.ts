// The only translator from what a handler threw to what the peer is told. A fault's text never crosses the wire.

import { randomUUID } from 'node:crypto'
import { WireError, type WireErrorShape, wireError } from '@breakwater/protocol'
import type { Logger } from '../observe/logger.ts'
import { StoreFault } from '../store/fault.ts'

export function toWireError(thrown: unknown, method: string, log: Logger): WireErrorShape {
  if (WireError.is(thrown)) return thrown.shape
  if (StoreFault.is(thrown) && thrown.retryable) return storeRefusal(thrown, method)
  const correlationId = randomUUID()
  log.error('handler failed', { method, correlationId, error: thrown instanceof Error ? thrown.stack : String(thrown) })
  return wireError('INTERNAL_FAULT', {
    message: `internal error (${correlationId})`,
    details: { correlationId, method },
    nextCommand: `breakwater logs --grep ${correlationId}`,
  })
}

/** How soon trying again makes sense: a queue drains in no time, a disk is freed by a person. */
const RETRY_AFTER_MS = 5_000

/** The disk took nothing, so nothing was changed: said as it is, since the caller may simply try again. */
function storeRefusal(fault: StoreFault, method: string): WireErrorShape {
  const reason = fault.code.toLowerCase().replaceAll('_', '-')
  const details = { reason, method, recovery: 'retry', nextCommand: 'breakwater doctor' }
  return { code: 'UNAVAILABLE', message: fault.message, details, retryable: true, retryAfterMs: RETRY_AFTER_MS }
}
