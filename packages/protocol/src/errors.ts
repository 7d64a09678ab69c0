// Every error that crosses the wire, as data: what it is called, which connection fate it has and how one recovers.
// The gateway's refusals, the client's retry policy, the command line's hints and the reference page read this table.

/** Top-level `error.code` values of the wire. */
export const ERROR_CODES = ['INVALID_REQUEST', 'NOT_PAIRED', 'FORBIDDEN', 'UNAVAILABLE', 'APPROVAL_NOT_FOUND'] as const
export type ErrorCode = (typeof ERROR_CODES)[number]

/** What a client does about an error. The only thing a client needs to decide; messages are for people. */
export const RECOVERIES = [
  'retry',
  'wait',
  'pair',
  're-authenticate',
  'rotate-token',
  'upgrade',
  'fix-request',
  'none',
] as const
export type Recovery = (typeof RECOVERIES)[number]

/** The `error` member of a response frame. */
export interface WireErrorShape {
  readonly code: ErrorCode
  readonly message: string
  readonly details?: unknown
  readonly retryable?: boolean
  readonly retryAfterMs?: number
}

export interface ErrorEntry {
  readonly code: ErrorCode
  /** `connection`: the response is followed by a close. `request`: the connection lives on. */
  readonly scope: 'connection' | 'request'
  /** Close code that follows a connection error, or a request error that ends a handshake. */
  readonly close?: 1002 | 1008 | 1009 | 1011 | 1013
  readonly retryable: boolean
  readonly recovery: Recovery
  /** `details.recommendedNextStep` where the wire has one. */
  readonly nextStep?: NextStep
  /** Message for people; `details` refine it. */
  readonly message: string
  /** One line for the reference page. */
  readonly meaning: string
}

/** Values of `details.recommendedNextStep` that official clients know. */
export type NextStep =
  | 'retry_with_device_token'
  | 'update_auth_configuration'
  | 'update_auth_credentials'
  | 'wait_then_retry'
  | 'review_auth_configuration'

const connection = (
  code: ErrorCode,
  recovery: Recovery,
  message: string,
  meaning: string,
  more: Partial<Pick<ErrorEntry, 'close' | 'retryable' | 'nextStep'>> = {},
): ErrorEntry => ({ code, scope: 'connection', close: 1008, retryable: false, recovery, message, meaning, ...more })

const request = (
  code: ErrorCode,
  recovery: Recovery,
  message: string,
  meaning: string,
  retryable = false,
): ErrorEntry => ({ code, scope: 'request', retryable, recovery, message, meaning })

/**
 * Detail codes (`error.details.code`) and, for errors the wire gives none, names of our own that stay local.
 * Source: protocol notes section 6.
 */
export const ERRORS = {
  // Shared secrets
  AUTH_TOKEN_MISSING: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: gateway token missing',
    'The gateway wants its token and the connect frame carried none.',
    { nextStep: 'update_auth_configuration' },
  ),
  AUTH_TOKEN_MISMATCH: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: gateway token mismatch',
    'The token in the connect frame is not the gateway token.',
    { nextStep: 'update_auth_credentials' },
  ),
  AUTH_TOKEN_NOT_CONFIGURED: connection(
    'INVALID_REQUEST',
    'none',
    'unauthorized: gateway token not configured',
    'Token authentication is on but the gateway has no token.',
    { nextStep: 'update_auth_configuration' },
  ),
  AUTH_PASSWORD_MISSING: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: gateway password missing',
    'The gateway wants its password and the connect frame carried none.',
    { nextStep: 'update_auth_configuration' },
  ),
  AUTH_PASSWORD_MISMATCH: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: gateway password mismatch',
    'The password in the connect frame is not the gateway password.',
    { nextStep: 'update_auth_credentials' },
  ),
  AUTH_PASSWORD_NOT_CONFIGURED: connection(
    'INVALID_REQUEST',
    'none',
    'unauthorized: gateway password not configured',
    'Password authentication is on but the gateway has no password.',
    { nextStep: 'update_auth_configuration' },
  ),
  AUTH_IDENTITY_HEADER_REQUIRED: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: proxy identity header required',
    'Trusted-proxy authentication: the request did not come through the proxy, or without its identity header.',
    { nextStep: 'review_auth_configuration' },
  ),
  AUTH_UNAUTHORIZED: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized',
    'The identity a proxy named is not allowed.',
    { nextStep: 'review_auth_configuration' },
  ),
  AUTH_RATE_LIMITED: connection(
    'INVALID_REQUEST',
    'wait',
    'unauthorized: too many failed authentication attempts (retry later)',
    'This source guessed wrong too often; it may try again after `retryAfterMs`.',
    { nextStep: 'wait_then_retry', retryable: true },
  ),
  // Device credentials
  AUTH_DEVICE_TOKEN_MISMATCH: connection(
    'INVALID_REQUEST',
    'rotate-token',
    'unauthorized: device token mismatch (rotate/reissue device token)',
    'The device token was revoked, rotated or never issued to this device and role.',
    { nextStep: 'update_auth_credentials' },
  ),
  AUTH_SCOPE_MISMATCH: connection(
    'INVALID_REQUEST',
    'pair',
    'unauthorized: device token scope mismatch (re-pair or approve scope upgrade)',
    'The device token is good, but the request asks for scopes beyond it.',
    { nextStep: 'review_auth_configuration' },
  ),
  AUTH_BOOTSTRAP_TOKEN_INVALID: connection(
    'INVALID_REQUEST',
    're-authenticate',
    'unauthorized: setup code invalid, expired, revoked, or already used',
    'The setup code cannot be redeemed (again).',
    { nextStep: 'review_auth_configuration' },
  ),
  DEVICE_IDENTITY_REQUIRED: connection(
    'NOT_PAIRED',
    'pair',
    'device identity required',
    'This role, or a connection without a shared secret, needs a signed device identity.',
  ),
  CONTROL_UI_DEVICE_IDENTITY_REQUIRED: connection(
    'INVALID_REQUEST',
    'pair',
    'control ui requires device identity (use HTTPS or localhost secure context)',
    'Pages need a device identity, which browsers only offer in a secure context.',
  ),
  DEVICE_AUTH_DEVICE_ID_MISMATCH: connection(
    'INVALID_REQUEST',
    'fix-request',
    'device identity mismatch',
    '`device.id` is not the SHA-256 of the public key.',
  ),
  DEVICE_AUTH_SIGNATURE_EXPIRED: connection(
    'INVALID_REQUEST',
    'retry',
    'device signature expired',
    '`signedAt` is more than two minutes off the gateway clock; copy the time of the challenge.',
  ),
  DEVICE_AUTH_NONCE_REQUIRED: connection(
    'INVALID_REQUEST',
    'fix-request',
    'device nonce required',
    'The device proof carries no nonce.',
  ),
  DEVICE_AUTH_NONCE_MISMATCH: connection(
    'INVALID_REQUEST',
    'retry',
    'device nonce mismatch',
    "The nonce is not the one of this connection's challenge.",
  ),
  DEVICE_AUTH_SIGNATURE_INVALID: connection(
    'INVALID_REQUEST',
    'fix-request',
    'device signature invalid',
    'Neither the v3 nor the v2 payload verifies with the public key.',
  ),
  DEVICE_AUTH_PUBLIC_KEY_INVALID: connection(
    'INVALID_REQUEST',
    'fix-request',
    'device public key invalid',
    'The public key is not a raw Ed25519 key in base64url (nor its SPKI form).',
  ),
  PAIRING_REQUIRED: connection(
    'NOT_PAIRED',
    'pair',
    'pairing required',
    'The owner has to approve this device, role or set of scopes first; `details.requestId` names the request.',
  ),
  // Handshake
  PROTOCOL_MISMATCH: connection(
    'INVALID_REQUEST',
    'upgrade',
    'protocol mismatch',
    "The offered protocol range does not contain the gateway's version.",
    { close: 1002 },
  ),
  INVALID_ROLE: connection(
    'INVALID_REQUEST',
    'fix-request',
    'invalid role',
    'The role is neither `operator` nor `node`.',
  ),
  INVALID_CONNECT_PARAMS: connection(
    'INVALID_REQUEST',
    'fix-request',
    'invalid connect params',
    'The connect frame does not fit its schema; the message names the place.',
  ),
  INVALID_HANDSHAKE: connection(
    'INVALID_REQUEST',
    'fix-request',
    'invalid handshake: first request must be connect',
    'Another method was called before `connect`.',
  ),
  CONTROL_UI_ORIGIN_NOT_ALLOWED: connection(
    'INVALID_REQUEST',
    'fix-request',
    'origin not allowed',
    'A page of another origin tried to connect.',
  ),
  GATEWAY_STARTING: connection(
    'UNAVAILABLE',
    'wait',
    'gateway starting; retry shortly',
    'Start-up or overload: `details.cause` says which, `retryAfterMs` when to return.',
    { close: 1013, retryable: true },
  ),
  GATEWAY_STOPPING: connection(
    'UNAVAILABLE',
    'wait',
    'connect unavailable during gateway restart',
    'The gateway is going down and will be back.',
    { close: 1013, retryable: true },
  ),
  // Requests
  INVALID_FRAME: request(
    'INVALID_REQUEST',
    'fix-request',
    'invalid request frame',
    'A JSON message that is no request frame.',
  ),
  INVALID_PARAMS: request(
    'INVALID_REQUEST',
    'fix-request',
    'invalid params',
    "The parameters do not fit the method's schema; the message names the place.",
  ),
  UNKNOWN_METHOD: request(
    'INVALID_REQUEST',
    'upgrade',
    'unknown method',
    'No method of this name exists in the protocol.',
  ),
  UNAUTHORIZED_ROLE: request(
    'INVALID_REQUEST',
    'fix-request',
    'unauthorized role',
    'Node methods are for nodes, all others for operators.',
  ),
  CONNECT_REPEATED: request(
    'INVALID_REQUEST',
    'fix-request',
    'connect is only valid as the first request',
    'The connection is already established.',
  ),
  MISSING_SCOPE: request(
    'FORBIDDEN',
    'pair',
    'missing scope',
    'The connection lacks the scope the method needs; `details.missingScope` names it.',
  ),
  NOT_IMPLEMENTED: request(
    'UNAVAILABLE',
    'upgrade',
    'not implemented by this gateway yet',
    'A method of the published contract that this gateway does not serve yet (`details.reason: "not-implemented"`).',
  ),
  IDEMPOTENCY_KEY_REQUIRED: request(
    'INVALID_REQUEST',
    'fix-request',
    'idempotencyKey required',
    'The method has effects and must be called with an idempotency key.',
  ),
  RATE_LIMITED: request(
    'UNAVAILABLE',
    'wait',
    'rate limit exceeded',
    'Too many calls of this method from this device or address; see `retryAfterMs`.',
    true,
  ),
  BUSY: request(
    'UNAVAILABLE',
    'wait',
    'The server is busy. Please try again in a moment.',
    'Too much waiting work from operators.',
    true,
  ),
  REQUEST_TIMEOUT: request(
    'UNAVAILABLE',
    'retry',
    'request deadline exceeded',
    'The handler did not finish in time.',
    true,
  ),
  // What a request names does not exist
  UNKNOWN_NODE_ID: request(
    'INVALID_REQUEST',
    'fix-request',
    'unknown nodeId',
    'No node of this id is paired with the gateway.',
  ),
  UNKNOWN_AGENT_ID: request(
    'INVALID_REQUEST',
    'fix-request',
    'unknown agent id',
    'No agent of this id is configured; `details.agentId` repeats it.',
  ),
  SESSION_NOT_FOUND: request(
    'INVALID_REQUEST',
    'fix-request',
    'No session found',
    'No session fits the key, id or label that was asked for.',
  ),
  CRON_JOB_NOT_FOUND: request(
    'INVALID_REQUEST',
    'fix-request',
    'cron job not found',
    'No cron job of this id exists; `details.jobId` repeats it.',
  ),
  USER_REQUIRED: request(
    'FORBIDDEN',
    'none',
    'an authenticated user is required',
    'The method is about the person who calls, and nothing names one: a shared secret stands for nobody in particular.',
  ),
  TOO_MANY_SUBSCRIPTIONS: request(
    'UNAVAILABLE',
    'fix-request',
    'too many subscriptions',
    'The connection follows as many sessions as it may (`details.limit`); it has to leave one first.',
  ),
  INTERNAL_FAULT: {
    ...request(
      'UNAVAILABLE',
      'none',
      'internal error',
      'A fault of the gateway; `details.correlationId` finds it in the log. During a handshake the connection is closed.',
    ),
    close: 1011,
  },
} as const satisfies Record<string, ErrorEntry>

export type ErrorName = keyof typeof ERRORS

/** Names that exist in this table only: the wire gives such errors no `details.code`. */
export const ERRORS_WITHOUT_DETAIL_CODE: ReadonlySet<ErrorName> = new Set([
  'INVALID_ROLE',
  'INVALID_CONNECT_PARAMS',
  'INVALID_HANDSHAKE',
  'GATEWAY_STARTING',
  'GATEWAY_STOPPING',
  'INVALID_FRAME',
  'INVALID_PARAMS',
  'UNKNOWN_METHOD',
  'UNAUTHORIZED_ROLE',
  'CONNECT_REPEATED',
  'NOT_IMPLEMENTED',
  'IDEMPOTENCY_KEY_REQUIRED',
  'RATE_LIMITED',
  'BUSY',
  'REQUEST_TIMEOUT',
  'UNKNOWN_NODE_ID',
  'SESSION_NOT_FOUND',
  'USER_REQUIRED',
  'TOO_MANY_SUBSCRIPTIONS',
  'INTERNAL_FAULT',
])

export interface ErrorOptions {
  /** Replaces the table's message; for people only. */
  readonly message?: string
  /** Added to (and overriding) the details the table gives. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly retryAfterMs?: number
  /** Command that a person runs next; becomes `details.nextCommand`. */
  readonly nextCommand?: string
}

/** Builds the wire form of a table entry: the one place that decides which fields a refusal carries. */
export function wireError(name: ErrorName, options: ErrorOptions = {}): WireErrorShape {
  const entry: ErrorEntry = ERRORS[name]
  const details: Record<string, unknown> = {
    ...(ERRORS_WITHOUT_DETAIL_CODE.has(name) ? {} : { code: name }),
    ...(entry.nextStep === undefined ? {} : { recommendedNextStep: entry.nextStep }),
    ...options.details,
    ...(options.nextCommand === undefined ? {} : { nextCommand: options.nextCommand }),
    recovery: entry.recovery,
  }
  return {
    code: entry.code,
    message: options.message ?? entry.message,
    details,
    retryable: entry.retryable,
    ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
  }
}

const WIRE_ERROR = Symbol.for('breakwater.WireError')

/** An error meant for the peer. Branded, so that duplicate copies of this package recognise each other's. */
export class WireError extends Error {
  readonly [WIRE_ERROR] = true
  readonly shape: WireErrorShape

  constructor(error: ErrorName | WireErrorShape, options: ErrorOptions & { cause?: unknown } = {}) {
    const shape = typeof error === 'string' ? wireError(error, options) : error
    super(shape.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'WireError'
    this.shape = shape
  }

  static is(value: unknown): value is WireError {
    return typeof value === 'object' && value !== null && (value as { [WIRE_ERROR]?: boolean })[WIRE_ERROR] === true
  }
}
