import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CLOSE,
  ERROR_CODES,
  ERRORS,
  ERRORS_WITHOUT_DETAIL_CODE,
  type ErrorEntry,
  type ErrorName,
  RECOVERIES,
  WireError,
  wireError,
} from '@breakwater/protocol'
import {
  isRetryableGatewayStartupUnavailableError,
  resolveGatewayStartupRetryAfterMs,
} from '@openclaw/gateway-protocol/startup-unavailable'
import { contractValidator } from './contract.ts'

const ENTRIES = Object.entries(ERRORS) as [ErrorName, ErrorEntry][]

/** `name: code close retryable recovery`. Clients act on these: a red line is a change of the wire. */
const PINS = `
AUTH_TOKEN_MISSING: INVALID_REQUEST 1008 false re-authenticate
AUTH_TOKEN_MISMATCH: INVALID_REQUEST 1008 false re-authenticate
AUTH_TOKEN_NOT_CONFIGURED: INVALID_REQUEST 1008 false none
AUTH_PASSWORD_MISSING: INVALID_REQUEST 1008 false re-authenticate
AUTH_PASSWORD_MISMATCH: INVALID_REQUEST 1008 false re-authenticate
AUTH_PASSWORD_NOT_CONFIGURED: INVALID_REQUEST 1008 false none
AUTH_IDENTITY_HEADER_REQUIRED: INVALID_REQUEST 1008 false re-authenticate
AUTH_UNAUTHORIZED: INVALID_REQUEST 1008 false re-authenticate
AUTH_RATE_LIMITED: INVALID_REQUEST 1008 true wait
AUTH_DEVICE_TOKEN_MISMATCH: INVALID_REQUEST 1008 false rotate-token
AUTH_SCOPE_MISMATCH: INVALID_REQUEST 1008 false pair
AUTH_BOOTSTRAP_TOKEN_INVALID: INVALID_REQUEST 1008 false re-authenticate
DEVICE_IDENTITY_REQUIRED: NOT_PAIRED 1008 false pair
CONTROL_UI_DEVICE_IDENTITY_REQUIRED: INVALID_REQUEST 1008 false pair
DEVICE_AUTH_DEVICE_ID_MISMATCH: INVALID_REQUEST 1008 false fix-request
DEVICE_AUTH_SIGNATURE_EXPIRED: INVALID_REQUEST 1008 false retry
DEVICE_AUTH_NONCE_REQUIRED: INVALID_REQUEST 1008 false fix-request
DEVICE_AUTH_NONCE_MISMATCH: INVALID_REQUEST 1008 false retry
DEVICE_AUTH_SIGNATURE_INVALID: INVALID_REQUEST 1008 false fix-request
DEVICE_AUTH_PUBLIC_KEY_INVALID: INVALID_REQUEST 1008 false fix-request
PAIRING_REQUIRED: NOT_PAIRED 1008 false pair
PROTOCOL_MISMATCH: INVALID_REQUEST 1002 false upgrade
INVALID_ROLE: INVALID_REQUEST 1008 false fix-request
INVALID_CONNECT_PARAMS: INVALID_REQUEST 1008 false fix-request
INVALID_HANDSHAKE: INVALID_REQUEST 1008 false fix-request
CONTROL_UI_ORIGIN_NOT_ALLOWED: INVALID_REQUEST 1008 false fix-request
GATEWAY_STARTING: UNAVAILABLE 1013 true wait
GATEWAY_STOPPING: UNAVAILABLE 1013 true wait
INVALID_FRAME: INVALID_REQUEST - false fix-request
INVALID_PARAMS: INVALID_REQUEST - false fix-request
UNKNOWN_METHOD: INVALID_REQUEST - false upgrade
UNAUTHORIZED_ROLE: INVALID_REQUEST - false fix-request
CONNECT_REPEATED: INVALID_REQUEST - false fix-request
MISSING_SCOPE: FORBIDDEN - false pair
NOT_IMPLEMENTED: UNAVAILABLE - false upgrade
IDEMPOTENCY_KEY_REQUIRED: INVALID_REQUEST - false fix-request
RATE_LIMITED: UNAVAILABLE - true wait
BUSY: UNAVAILABLE - true wait
REQUEST_TIMEOUT: UNAVAILABLE - true retry
UNKNOWN_NODE_ID: INVALID_REQUEST - false fix-request
UNKNOWN_AGENT_ID: INVALID_REQUEST - false fix-request
SESSION_NOT_FOUND: INVALID_REQUEST - false fix-request
CRON_JOB_NOT_FOUND: INVALID_REQUEST - false fix-request
USER_REQUIRED: FORBIDDEN - false none
TOO_MANY_SUBSCRIPTIONS: UNAVAILABLE - false fix-request
INTERNAL_FAULT: UNAVAILABLE 1011 false none
`
  .trim()
  .split('\n')

describe('the error table', () => {
  test('is pinned, entry by entry', () => {
    const actual = ENTRIES.map(
      ([name, { code, close, retryable, recovery }]) => `${name}: ${code} ${close ?? '-'} ${retryable} ${recovery}`,
    )
    assert.deepEqual(actual, PINS)
  })

  for (const [name, entry] of ENTRIES) {
    test(`${name} says what it means and how one recovers`, () => {
      assert.ok(ERROR_CODES.includes(entry.code))
      assert.ok(RECOVERIES.includes(entry.recovery))
      assert.match(entry.meaning, /^[A-Z`].{15,}[.]$/s)
      assert.ok(entry.message.length >= 4)
      if (entry.scope === 'connection') assert.ok(entry.close !== undefined, 'a connection error closes')
      if (entry.close !== undefined) assert.ok(Object.values(CLOSE).some(({ code }) => code === entry.close))
      assert.equal(entry.retryable, entry.recovery === 'wait' || name === 'REQUEST_TIMEOUT')
    })
  }

  test('names codes and recoveries that exist, all of them used', () => {
    assert.deepEqual(ERROR_CODES, ['INVALID_REQUEST', 'NOT_PAIRED', 'FORBIDDEN', 'UNAVAILABLE', 'APPROVAL_NOT_FOUND'])
    const used = new Set<string>(ENTRIES.map(([, { recovery }]) => recovery))
    assert.deepEqual(
      RECOVERIES.filter((recovery) => !used.has(recovery)),
      [],
    )
  })

  test('lists as names of its own only entries it has', () => {
    for (const name of ERRORS_WITHOUT_DETAIL_CODE) assert.ok(Object.hasOwn(ERRORS, name), name)
  })
})

describe('the wire form of an error', () => {
  const fits = contractValidator('ErrorShape')

  for (const [name, entry] of ENTRIES) {
    test(`of ${name} fits the contract and is complete`, () => {
      const shape = wireError(name, { retryAfterMs: 5, nextCommand: 'breakwater status', details: { extra: 1 } })
      assert.ok(fits(shape), JSON.stringify(fits.errors))
      const details = shape.details as Record<string, unknown>
      assert.equal(shape.code, entry.code)
      assert.equal(shape.message, entry.message)
      assert.equal(shape.retryable, entry.retryable)
      assert.equal(details.recovery, entry.recovery)
      assert.equal(details.nextCommand, 'breakwater status')
      assert.equal(details.extra, 1)
      assert.equal(details.code, ERRORS_WITHOUT_DETAIL_CODE.has(name) ? undefined : name)
      assert.equal(details.recommendedNextStep, entry.nextStep)
    })
  }

  test('lets details refine the next step, but never the recovery', () => {
    const { details } = wireError('AUTH_TOKEN_MISMATCH', {
      details: { recommendedNextStep: 'retry_with_device_token', recovery: 'none' },
    })
    assert.deepEqual(details, {
      code: 'AUTH_TOKEN_MISMATCH',
      recommendedNextStep: 'retry_with_device_token',
      recovery: 're-authenticate',
    })
  })

  test('of an overload is one that stock clients obey', () => {
    const shape = wireError('GATEWAY_STARTING', { retryAfterMs: 1_234, details: { reason: 'startup-sidecars' } })
    assert.ok(isRetryableGatewayStartupUnavailableError(shape))
    assert.equal(resolveGatewayStartupRetryAfterMs(shape), 1_234)
  })
})

describe('a thrown wire error', () => {
  test('is recognised across copies of the package, and nothing else is', () => {
    assert.ok(WireError.is(new WireError('BUSY')))
    assert.ok(WireError.is({ [Symbol.for('breakwater.WireError')]: true, shape: wireError('BUSY') }))
    for (const value of [new Error('BUSY'), undefined, null, 'BUSY', { shape: wireError('BUSY') }]) {
      assert.ok(!WireError.is(value))
    }
  })

  test('takes a table entry or a finished shape, and keeps its cause to itself', () => {
    const cause = new Error('disk')
    const error = new WireError('BUSY', { cause, retryAfterMs: 7 })
    assert.equal(error.cause, cause)
    assert.deepEqual(error.shape, wireError('BUSY', { retryAfterMs: 7 }))
    assert.equal(error.message, error.shape.message)
    assert.deepEqual(new WireError(error.shape).shape, error.shape)
  })
})
