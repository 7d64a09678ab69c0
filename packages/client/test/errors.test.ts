import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RECOVERIES } from '@breakwater/protocol'
import { CLIENT_ERRORS, ClientError, foreignText } from '../src/errors.ts'
import { refusal } from './support/builders.ts'

test('the codes are a deliberate, pinned list', () => {
  assert.deepEqual(Object.keys(CLIENT_ERRORS).sort(), [
    'ABORTED',
    'CLOSED',
    'CONNECT_FAILED',
    'CONNECT_REFUSED',
    'CONNECT_TIMEOUT',
    'CREDENTIALS_BUSY',
    'CREDENTIALS_UNAVAILABLE',
    'IDENTITY_UNAVAILABLE',
    'INSECURE_URL',
    'INVALID_CHALLENGE',
    'INVALID_OPTIONS',
    'INVALID_RESPONSE',
    'INVALID_URL',
    'NOT_CONNECTED',
    'OVERLOADED',
    'PAYLOAD_TOO_LARGE',
    'REQUEST_REFUSED',
    'REQUEST_TIMEOUT',
    'SLOW_CONSUMER',
    'TLS_PIN_MISMATCH',
    'TLS_UNTRUSTED',
    'UPGRADE_REJECTED',
  ])
  for (const { recovery, meaning } of Object.values(CLIENT_ERRORS)) {
    assert.ok(RECOVERIES.includes(recovery))
    assert.match(meaning, /\.$/)
  }
})

test('an error of another copy of the package is recognised', () => {
  const foreign = Object.assign(new Error('x'), { [Symbol.for('breakwater.ClientError')]: true })
  assert.equal(ClientError.is(foreign), true)
  assert.equal(ClientError.is(new Error('x')), false)
  assert.equal(ClientError.is(undefined), false)
})

test('the next command is the one the gateway gives, made fit for a terminal', () => {
  const error = refusal('AUTH_TOKEN_MISSING', {
    details: { nextCommand: 'breakwater token show\u001b[31m\n; rm -rf /' },
  })
  assert.equal(error.nextCommand, 'breakwater token show [31m ; rm -rf /')
})

test('a pairing refusal without a command gets one that names its request, unless the id could carry something else', () => {
  const withId = (requestId: unknown) => refusal('PAIRING_REQUIRED', { details: { requestId } })
  assert.equal(withId('39f97b47-1').nextCommand, 'breakwater devices approve 39f97b47-1')
  for (const bad of ['a b', '$(reboot)', 'a;b', '', '-rf', 7, 'x'.repeat(129)]) {
    assert.equal(withId(bad).nextCommand, 'breakwater devices list')
    assert.equal(withId(bad).requestId, undefined)
  }
})

test('texts of the other side lose control characters and direction overrides, and are cut', () => {
  assert.equal(foreignText(' a\r\nb\u0000\u202ec\u2028 '), 'a b c')
  assert.equal(foreignText('x'.repeat(600)).length, 512)
})

test('serialised for --json it carries the whole refusal', () => {
  const error = refusal('PAIRING_REQUIRED', { code: 'NOT_PAIRED', retryAfterMs: 7, details: { requestId: 'r1' } })
  const json = JSON.parse(JSON.stringify(error))
  assert.equal(json.code, 'CONNECT_REFUSED')
  assert.equal(json.wire.details.requestId, 'r1')
  assert.equal(json.nextCommand, 'breakwater devices approve r1')
  assert.equal(error.retryAfterMs, 7)
})

test('details that are no object read as empty', () => {
  const error = new ClientError('CONNECT_REFUSED', 'x', { wire: { code: 'UNAVAILABLE', message: 'x', details: ['a'] } })
  assert.deepEqual(error.details, {})
  assert.equal(error.detailCode, undefined)
})
