// The only translator from what a handler threw to what the peer is told. A fault's text never crosses the wire.

import { randomUUID } from 'node:crypto'
import { WireError, type WireErrorShape, wireError } from '@breakwater/protocol'
import type { Logger } from '../observe/logger.ts'

export function toWireError(thrown: unknown, method: string, log: Logger): WireErrorShape {
  if (WireError.is(thrown)) return thrown.shape
  const correlationId = randomUUID()
  log.error('handler failed', { method, correlationId, error: thrown instanceof Error ? thrown.stack : String(thrown) })
  return wireError('INTERNAL_FAULT', {
    message: `internal error (${correlationId})`,
    details: { correlationId, method },
    nextCommand: `breakwater logs --grep ${correlationId}`,
  })
}
