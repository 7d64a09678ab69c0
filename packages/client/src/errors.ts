// Errors that never cross the wire: what can go wrong between a caller and its gateway, as one table of codes.
// What the gateway itself said travels inside (`wire`, `upgrade`, `close`); nobody ever needs to read a message.

import { isRecord, type Recovery, type WireErrorShape } from '@breakwater/protocol'
import { nextCommandFor } from './next-command.ts'

export interface ClientErrorEntry {
  /** What helps, in the protocol's vocabulary. For refusals the gateway's own answer decides instead. */
  readonly recovery: Recovery
  /** One line for the reference page. */
  readonly meaning: string
}

const entry = (recovery: Recovery, meaning: string): ClientErrorEntry => ({ recovery, meaning })

export const CLIENT_ERRORS = {
  // Before any I/O
  INVALID_OPTIONS: entry('fix-request', 'An option is missing, out of range or contradicts another one.'),
  INVALID_URL: entry('fix-request', 'The gateway URL cannot be understood.'),
  INSECURE_URL: entry('fix-request', 'SECURITY: plain ws:// to a host that is neither this machine nor private.'),
  IDENTITY_UNAVAILABLE: entry('fix-request', 'The device key exists but cannot be read or used; it is never replaced.'),
  CREDENTIALS_UNAVAILABLE: entry(
    'fix-request',
    'The credential store cannot be used or makes no sense; it is never replaced.',
  ),
  CREDENTIALS_BUSY: entry(
    'retry',
    'The credential store is in use, or the system is out of something, for the moment.',
  ),
  // Connecting
  CONNECT_FAILED: entry('retry', 'No connection: refused, unreachable, or closed before hello-ok without an answer.'),
  CONNECT_TIMEOUT: entry('retry', 'The gateway went silent while connecting; `phase` says where.'),
  CONNECT_REFUSED: entry('none', 'The gateway answered `connect` with an error; `wire` holds it.'),
  UPGRADE_REJECTED: entry('retry', 'The WebSocket upgrade was answered with an HTTP status; `upgrade` holds it.'),
  TLS_UNTRUSTED: entry('re-authenticate', 'The certificate is not trusted: install its authority or pin it.'),
  TLS_PIN_MISMATCH: entry('re-authenticate', 'SECURITY: the certificate is not the pinned one. Nothing was sent.'),
  INVALID_CHALLENGE: entry('upgrade', 'The challenge carries no usable nonce or time.'),
  // Connected
  NOT_CONNECTED: entry('wait', 'The call was made while no connection was ready. It was not sent.'),
  CLOSED: entry('retry', 'The connection ended. A pending request may or may not have been carried out.'),
  REQUEST_REFUSED: entry('none', 'The gateway answered the request with an error; `wire` holds it.'),
  REQUEST_TIMEOUT: entry('retry', 'No response in time. The request may still be carried out.'),
  INVALID_RESPONSE: entry('upgrade', 'The gateway answered with something the protocol does not allow.'),
  PAYLOAD_TOO_LARGE: entry('fix-request', 'The request is larger than the gateway accepts. It was not sent.'),
  OVERLOADED: entry('wait', 'Too many requests or unsent bytes wait on this connection. It was not sent.'),
  SLOW_CONSUMER: entry('retry', 'An iterator over events was read too slowly and lost its place.'),
  ABORTED: entry('none', "The caller's signal was aborted."),
} as const satisfies Record<string, ClientErrorEntry>

export type ClientErrorCode = keyof typeof CLIENT_ERRORS

/** Where a connection attempt was when it failed. */
export type ConnectPhase = 'open' | 'challenge' | 'hello'

/** How a socket ended. `code` 1006: without a close frame. */
export interface CloseInfo {
  readonly code: number
  readonly reason: string
}

/** The HTTP answer to a WebSocket upgrade. Texts are the peer's, bounded and without control characters. */
export interface UpgradeRejection {
  readonly httpStatus: number
  /** `error.type` of the JSON body, the machine-readable cause. */
  readonly type?: string
  readonly message?: string
  readonly retryAfterMs?: number
  /** Of a redirect, which is never followed. Without credentials and query. */
  readonly location?: string
}

export interface ClientErrorFacts {
  readonly cause?: unknown
  /** The gateway's error: of CONNECT_REFUSED and REQUEST_REFUSED. */
  readonly wire?: WireErrorShape
  /** Of REQUEST_REFUSED: some methods give a payload along with the error. */
  readonly payload?: unknown
  readonly upgrade?: UpgradeRejection
  readonly close?: CloseInfo
  readonly phase?: ConnectPhase
  /** What a person runs next; of errors that only this side knows about. */
  readonly nextCommand?: string
}

const CLIENT_ERROR = Symbol.for('breakwater.ClientError')

/** Longest text taken over from the other side, in characters. */
const MAX_FOREIGN_TEXT = 512
const REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** The one error type of this package. Branded, so that duplicate copies recognise each other's. */
export class ClientError extends Error {
  readonly [CLIENT_ERROR] = true
  readonly code: ClientErrorCode
  readonly wire: WireErrorShape | undefined
  readonly payload: unknown
  readonly upgrade: UpgradeRejection | undefined
  readonly close: CloseInfo | undefined
  readonly phase: ConnectPhase | undefined
  readonly #nextCommand: string | undefined

  constructor(code: ClientErrorCode, message: string, facts: ClientErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'ClientError'
    this.code = code
    this.wire = facts.wire
    this.payload = facts.payload
    this.upgrade = facts.upgrade
    this.close = facts.close
    this.phase = facts.phase
    this.#nextCommand = facts.nextCommand
  }

  static is(value: unknown): value is ClientError {
    return typeof value === 'object' && value !== null && (value as { [CLIENT_ERROR]?: boolean })[CLIENT_ERROR] === true
  }

  /** The gateway's `details`, or an empty object. */
  get details(): Readonly<Record<string, unknown>> {
    return isRecord(this.wire?.details) ? this.wire.details : {}
  }

  /** `details.code` of the gateway's answer, e.g. `PAIRING_REQUIRED`. */
  get detailCode(): string | undefined {
    return typeof this.details.code === 'string' ? this.details.code : undefined
  }

  /** The gateway's hint when to come back, in milliseconds. */
  get retryAfterMs(): number | undefined {
    return this.wire?.retryAfterMs ?? this.upgrade?.retryAfterMs
  }

  /** Id of the pairing request a person has to approve; undefined when it is no well-formed id. */
  get requestId(): string | undefined {
    const id = this.details.requestId
    return typeof id === 'string' && REQUEST_ID.test(id) ? id : undefined
  }

  /** The exact command a person runs next, if one is known. One line, to be shown and never executed. */
  get nextCommand(): string | undefined {
    const given = this.#nextCommand ?? this.details.nextCommand
    if (typeof given === 'string' && given !== '') return foreignText(given)
    return nextCommandFor(this.detailCode ?? this.upgrade?.type, this.requestId)
  }

  toJSON(): Record<string, unknown> {
    const { code, message, wire, upgrade, close, phase, nextCommand } = this
    return { code, message, phase, close, upgrade, wire, nextCommand }
  }
}

/** A text of the other side made fit for a terminal: one line, no control characters, bounded. */
export function foreignText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the point
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim()
  return line.length <= MAX_FOREIGN_TEXT ? line : `${line.slice(0, MAX_FOREIGN_TEXT - 1)}…`
}
