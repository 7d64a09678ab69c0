import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '@breakwater/protocol'
import { judgeError } from '../../src/connection/recovery.ts'
import { CLIENT_ERRORS, ClientError, type ClientErrorCode } from '../../src/errors.ts'
import { refusal } from '../support/builders.ts'

const verdictOf = (error: ClientError, context = {}) => judgeError(error, context).verdict

/** Client notes section 6: these pause the reconnect, whatever else a table says. */
const PAUSED = [
  'AUTH_TOKEN_MISSING',
  'AUTH_BOOTSTRAP_TOKEN_INVALID',
  'AUTH_PASSWORD_MISSING',
  'AUTH_PASSWORD_MISMATCH',
  'AUTH_DEVICE_TOKEN_MISMATCH',
  'AUTH_SCOPE_MISMATCH',
  'AUTH_IDENTITY_HEADER_REQUIRED',
  'AUTH_VERIFIED_USER_REQUIRED',
  'CONTROL_UI_BUILD_MISMATCH',
  'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
  'DEVICE_IDENTITY_REQUIRED',
  'PROTOCOL_MISMATCH',
  'CLIENT_VERSION_MISMATCH',
  'AUTH_TOKEN_MISMATCH',
]

test('refusals that only a person can resolve park the connection', () => {
  for (const code of PAUSED) assert.equal(verdictOf(refusal(code)), 'terminal', code)
})

test('device proof and origin errors keep retrying, so that clocks, nonces and deployments heal by themselves', () => {
  const healing = Object.keys(ERRORS).filter((code) => code.startsWith('DEVICE_AUTH_'))
  assert.equal(healing.length, 6)
  for (const code of [...healing, 'CONTROL_UI_ORIGIN_NOT_ALLOWED'])
    assert.equal(verdictOf(refusal(code)), 'retry', code)
})

test('pairing pauses and keeps the request id', () => {
  assert.deepEqual(judgeError(refusal('PAIRING_REQUIRED', { details: { requestId: 'r1' } })), {
    verdict: 'pairing',
    reason: 'refused',
    code: 'PAIRING_REQUIRED',
    requestId: 'r1',
  })
})

test('a request the gateway keeps live is asked for again: as hinted, else after half a second and the spread', () => {
  const judge = (details: object, more = {}) => {
    const verdict = judgeError(refusal('PAIRING_REQUIRED', { details: { requestId: 'r1', ...details }, ...more }))
    assert.ok(verdict.verdict === 'pairing')
    assert.equal(verdict.requestId, 'r1')
    return verdict.retryAfterMs
  }
  for (const live of [{ pauseReconnect: false }, { recommendedNextStep: 'wait_then_retry' }]) {
    assert.equal(judge(live), 500)
    assert.equal(judge(live, { retryAfterMs: 2_000 }), 2_000)
    assert.equal(judge(live, { retryAfterMs: 60_000 }), 60_000)
    assert.equal(judge(live, { retryAfterMs: 0 }), 100, 'a gateway that held the request may be asked again soon')
  }
  assert.equal(judge({}), undefined)
  assert.equal(judge({ pauseReconnect: true }), undefined)
})

test('a locked-out source comes back when told, or after a minute, but never guesses in between', () => {
  const hinted = judgeError(refusal('AUTH_RATE_LIMITED', { retryAfterMs: 42_000 }))
  assert.equal(hinted.verdict === 'retry' && hinted.retryAfterMs, 42_000)
  const unhinted = judgeError(refusal('AUTH_RATE_LIMITED'))
  assert.equal(unhinted.verdict === 'retry' && unhinted.retryAfterMs, 60_000)
})

test('a starting gateway is asked again after its hint without the backoff growing', () => {
  const starting = (over = {}) =>
    judgeError(refusal(undefined, { code: 'UNAVAILABLE', details: { reason: 'startup-sidecars' }, ...over }))
  const hinted = starting({ retryAfterMs: 1_200 })
  assert.ok(hinted.verdict === 'retry')
  assert.deepEqual([hinted.retryAfterMs, hinted.starting], [1_200, true])
  const unhinted = starting()
  assert.ok(unhinted.verdict === 'retry')
  assert.deepEqual([unhinted.retryAfterMs, unhinted.starting], [500, true])
})

test('the recovery a gateway names decides for codes this client does not know', () => {
  assert.equal(verdictOf(refusal('NEW_CODE', { details: { recovery: 're-authenticate' } })), 'terminal')
  assert.equal(verdictOf(refusal('NEW_CODE', { details: { recovery: 'wait' } })), 'retry')
  assert.equal(verdictOf(refusal('NEW_CODE', { details: { recovery: 'made-up' } })), 'retry')
  assert.equal(verdictOf(refusal(undefined, { retryable: false })), 'terminal')
  assert.equal(verdictOf(refusal(undefined)), 'retry')
})

test('after a refused credential the next one is tried after 250 ms, without the backoff growing', () => {
  for (const code of ['AUTH_TOKEN_MISMATCH', 'AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_BOOTSTRAP_TOKEN_INVALID']) {
    const verdict = judgeError(refusal(code), { hasFallback: true })
    assert.ok(verdict.verdict === 'retry')
    assert.deepEqual([verdict.retryAfterMs, verdict.starting], [250, true])
  }
})

test('every refusal that parks names the next command, also where the gateway does not', () => {
  for (const code of PAUSED) assert.match(refusal(code).nextCommand ?? '', /^breakwater [a-z-]/, code)
})

test('HTTP answers to the upgrade retry after their hint, except where a setting has to change', () => {
  const rejected = (httpStatus: number, more = {}) =>
    judgeError(new ClientError('UPGRADE_REJECTED', 'x', { upgrade: { httpStatus, ...more } }))
  const busy = rejected(503, { retryAfterMs: 2_000 })
  assert.equal(busy.verdict === 'retry' && busy.retryAfterMs, 2_000)
  assert.equal(rejected(404).verdict, 'retry')
  assert.equal(rejected(302, { location: 'https://x/' }).verdict, 'terminal')
  assert.equal(rejected(403, { type: 'proxy_attribution_required' }).verdict, 'terminal')
})

test('every other error of the client has one pinned fate', () => {
  const fates = Object.keys(CLIENT_ERRORS).map((code) => [
    code,
    verdictOf(new ClientError(code as ClientErrorCode, 'x')),
  ])
  assert.deepEqual(Object.fromEntries(fates), {
    INVALID_OPTIONS: 'terminal',
    INVALID_URL: 'terminal',
    INSECURE_URL: 'terminal',
    IDENTITY_UNAVAILABLE: 'terminal',
    CREDENTIALS_UNAVAILABLE: 'terminal',
    CREDENTIALS_BUSY: 'retry',
    CONNECT_FAILED: 'retry',
    CONNECT_TIMEOUT: 'retry',
    CONNECT_REFUSED: 'retry',
    UPGRADE_REJECTED: 'retry',
    TLS_UNTRUSTED: 'retry',
    TLS_PIN_MISMATCH: 'terminal',
    INVALID_CHALLENGE: 'terminal',
    NOT_CONNECTED: 'retry',
    CLOSED: 'retry',
    REQUEST_REFUSED: 'terminal',
    REQUEST_TIMEOUT: 'retry',
    INVALID_RESPONSE: 'retry',
    PAYLOAD_TOO_LARGE: 'terminal',
    OVERLOADED: 'retry',
    SLOW_CONSUMER: 'retry',
    ABORTED: 'terminal',
  })
})
