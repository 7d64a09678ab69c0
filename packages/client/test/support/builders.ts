// Small builders shared by tests: client info, errors as a gateway words them.

import type { ClientInfo, WireErrorShape } from '@breakwater/protocol'
import { ClientError } from '../../src/errors.ts'

export const CLIENT: ClientInfo = { id: 'test', mode: 'test', version: '0.0.0', platform: 'linux' }

export const wireRefusal = (
  detailCode: string | undefined,
  over: { details?: Record<string, unknown> } & Partial<Omit<WireErrorShape, 'details'>> = {},
): WireErrorShape => ({
  code: 'INVALID_REQUEST',
  message: 'refused',
  ...over,
  details: { ...(detailCode === undefined ? {} : { code: detailCode }), ...over.details },
})

export const refusal = (...args: Parameters<typeof wireRefusal>): ClientError =>
  new ClientError('CONNECT_REFUSED', 'refused', { wire: wireRefusal(...args) })
