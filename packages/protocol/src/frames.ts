// Frames of the wire: what a message may look like, decoded from untrusted text and encoded to text.
// Knows envelopes only: parameters are judged by the method's validator, payloads by nobody.

import type { WireErrorShape } from './errors.ts'
import { LIMITS } from './limits.ts'

export interface RequestFrame {
  readonly type: 'req'
  readonly id: string
  readonly method: string
  readonly params?: unknown
  readonly traceparent?: string
  readonly expectedProfileId?: string
}

export interface ResponseFrame {
  readonly type: 'res'
  readonly id: string
  readonly ok: boolean
  readonly payload?: unknown
  readonly error?: WireErrorShape
}

export interface EventFrame {
  readonly type: 'event'
  readonly event: string
  readonly payload?: unknown
  readonly seq?: number
  readonly stateVersion?: StateVersion
}

export interface StateVersion {
  readonly presence: number
  readonly health: number
}

/** A request, or why it is none. `not-json` is dropped silently after the handshake; `not-request` is answered. */
export type DecodedRequest =
  | { readonly ok: true; readonly frame: RequestFrame }
  | { readonly ok: false; readonly problem: 'not-json' }
  | { readonly ok: false; readonly problem: 'not-request'; readonly id: string; readonly reason: string }

const REQUEST_KEYS = new Set(['type', 'id', 'method', 'params', 'traceparent', 'expectedProfileId'])

/** Decodes one client message. Never throws; the caller has already bounded the text's size. */
export function decodeRequest(text: string): DecodedRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { ok: false, problem: 'not-json' }
  }
  const reason = requestProblem(value)
  if (reason === undefined) return { ok: true, frame: value as RequestFrame }
  return { ok: false, problem: 'not-request', id: readableId(value), reason }
}

/** What keeps a value from being a request frame, in the wire's words; undefined when it is one. */
function requestProblem(value: unknown): string | undefined {
  if (!isRecord(value)) return 'must be object'
  for (const key of ['type', 'id', 'method']) {
    if (value[key] === undefined) return `must have required property '${key}'`
  }
  if (value.type !== 'req') return 'at /type: must be equal to constant'
  const { traceparent, expectedProfileId } = value
  return (
    textProblem('id', value.id) ??
    textProblem('method', value.method) ??
    (traceparent === undefined ? undefined : traceparentProblem(traceparent)) ??
    (expectedProfileId === undefined || typeof expectedProfileId === 'string'
      ? undefined
      : 'at /expectedProfileId: must be string') ??
    unexpectedKey(value)
  )
}

function textProblem(name: string, value: unknown): string | undefined {
  if (typeof value !== 'string') return `at /${name}: must be string`
  return value.length === 0 ? `at /${name}: must not have fewer than 1 characters` : undefined
}

function traceparentProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'at /traceparent: must be string'
  const max = LIMITS.traceparentChars
  // Characters, not UTF-16 units, as schemas count.
  const isTooLong = value.length > 2 * max || (value.length > max && [...value].length > max)
  return isTooLong ? `at /traceparent: must not have more than ${max} characters` : undefined
}

function unexpectedKey(value: object): string | undefined {
  for (const key in value) if (!REQUEST_KEYS.has(key)) return `at root: unexpected property '${key.slice(0, 64)}'`
  return undefined
}

const readableId = (value: unknown): string =>
  isRecord(value) && typeof value.id === 'string' && value.id.length <= 256 ? value.id : 'invalid'

/** A message a client received. Unknown fields and unknown events are legal: the protocol grows by addition. */
export type DecodedServerMessage =
  | { readonly kind: 'response'; readonly frame: ResponseFrame }
  | { readonly kind: 'event'; readonly frame: EventFrame }
  | { readonly kind: 'invalid'; readonly reason: string }

export function decodeServerMessage(text: string): DecodedServerMessage {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'invalid', reason: 'not JSON' }
  }
  if (!isRecord(value)) return { kind: 'invalid', reason: 'not an object' }
  if (value.type === 'event' && typeof value.event === 'string') {
    return { kind: 'event', frame: value as unknown as EventFrame }
  }
  if (value.type === 'res' && typeof value.id === 'string' && typeof value.ok === 'boolean') {
    return { kind: 'response', frame: readResponse(value as unknown as ResponseFrame) }
  }
  return { kind: 'invalid', reason: 'neither a response nor an event' }
}

/** An error that is none is left out, and so are hints that are none: whoever reads them must not trip over them. */
function readResponse(frame: ResponseFrame): ResponseFrame {
  if (frame.error === undefined) return frame
  const { error, ...rest } = frame
  if (!isRecord(error) || typeof error.code !== 'string' || typeof error.message !== 'string') return rest
  const { retryable, retryAfterMs, ...facts } = error
  const hasRetryable = typeof retryable === 'boolean'
  const hasRetryAfter = typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) && retryAfterMs >= 0
  if (hasRetryable === 'retryable' in error && hasRetryAfter === 'retryAfterMs' in error) return frame
  return {
    ...rest,
    error: { ...facts, ...(hasRetryable ? { retryable } : {}), ...(hasRetryAfter ? { retryAfterMs } : {}) },
  }
}

export const encodeRequest = (id: string, method: string, params?: unknown): string =>
  JSON.stringify(params === undefined ? { type: 'req', id, method } : { type: 'req', id, method, params })

/** A success. The payload may be any JSON value, `null` included. */
export const encodeOk = (id: string, payload: unknown): string => encodeOkJson(id, JSON.stringify(payload))

/** A success whose payload is JSON text already; without one the frame carries none. */
export const encodeOkJson = (id: string, payloadJson: string | undefined): string =>
  `{"type":"res","id":${JSON.stringify(id)},"ok":true${payloadJson === undefined ? '' : `,"payload":${payloadJson}`}}`

export const encodeError = (id: string, error: WireErrorShape, payload?: unknown): string =>
  JSON.stringify(
    payload === undefined ? { type: 'res', id, ok: false, error } : { type: 'res', id, ok: false, payload, error },
  )

/**
 * An event encoded once for many receivers: everything but the sequence number, which each connection counts alone.
 * `frameFor(seq)` closes the object; without a number the frame is one of those that carry none.
 */
export class EncodedEvent {
  readonly #open: string
  readonly #payloadBytes: number

  constructor(event: string, payload: unknown, stateVersion?: StateVersion) {
    const version = stateVersion === undefined ? '' : `,"stateVersion":${JSON.stringify(stateVersion)}`
    const body = payload === undefined ? '' : `,"payload":${JSON.stringify(payload)}`
    this.#open = `{"type":"event","event":${JSON.stringify(event)}${body}${version}`
    this.#payloadBytes = this.#open.length
  }

  /** Length of the encoded event in UTF-16 units: a lower bound of its bytes, good enough to account buffers. */
  get length(): number {
    return this.#payloadBytes
  }

  frameFor(seq?: number): string {
    return seq === undefined ? `${this.#open}}` : `${this.#open},"seq":${seq}}`
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A close reason cut to what the wire allows, never in the middle of a character. */
export function cutCloseReason(reason: string): string {
  const encoder = new TextEncoder()
  if (encoder.encode(reason).length <= LIMITS.closeReasonBytes) return reason
  let bytes = 0
  let cut = ''
  for (const char of reason) {
    bytes += encoder.encode(char).length
    if (bytes > LIMITS.closeReasonBytes) break
    cut += char
  }
  return cut
}
