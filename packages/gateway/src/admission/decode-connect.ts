// Bytes to a typed connect request: the first frame must be `connect` and fit the published schema, nothing else.

import { type ConnectParams, decodeRequest, describeSchemaErrors, type SchemaValidator } from '@breakwater/protocol'
import { type Candidate, type Connecting, next, refuse, type Verdict } from './candidate.ts'

export const decodeConnect =
  (validateConnect: SchemaValidator) =>
  (candidate: Candidate, text: string): Verdict<Connecting> => {
    const decoded = decodeRequest(text)
    if (!decoded.ok) {
      const message =
        decoded.problem === 'not-json' ? 'invalid request frame: not JSON' : `invalid request frame: ${decoded.reason}`
      return refuse('INVALID_HANDSHAKE', { message }, { closeReason: 'invalid request frame', isAnswered: false })
    }
    const { frame } = decoded
    if (frame.method !== 'connect') {
      return refuse('INVALID_HANDSHAKE')
    }
    if (!validateConnect(frame.params)) {
      return refuse('INVALID_CONNECT_PARAMS', {
        message: `invalid connect params: ${describeSchemaErrors(validateConnect.errors)}`,
      })
    }
    return next({ ...candidate, requestId: frame.id, connect: frame.params as ConnectParams })
  }
