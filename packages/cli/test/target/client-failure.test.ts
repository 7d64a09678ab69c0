import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_ERRORS, ClientError, type ClientErrorCode, type ClientErrorFacts } from '@breakwater/client'
import { wireError } from '@breakwater/protocol'
import { EXIT } from '../../src/exit-codes.ts'
import { toClientFailure } from '../../src/target/client-failure.ts'
import type { Target } from '../../src/target/resolve-target.ts'

const HERE: Target = { kind: 'tcp', url: 'ws://127.0.0.1:1', credentialFrom: 'none', isOurMachine: true }
const ELSEWHERE: Target = { ...HERE, url: 'wss://far:1', isOurMachine: false }

const failureOf = (code: ClientErrorCode, facts: ClientErrorFacts = {}, target = HERE) =>
  toClientFailure(new ClientError(code, 'what happened', facts), target)

test('every client error has an exit code that says whose turn it is', () => {
  const expected: Record<ClientErrorCode, number> = {
    INVALID_OPTIONS: EXIT.usage,
    INVALID_URL: EXIT.usage,
    INSECURE_URL: EXIT.usage,
    IDENTITY_UNAVAILABLE: EXIT.failed,
    CREDENTIALS_UNAVAILABLE: EXIT.failed,
    CREDENTIALS_BUSY: EXIT.failed,
    CONNECT_FAILED: EXIT.unreachable,
    CONNECT_TIMEOUT: EXIT.unreachable,
    CONNECT_REFUSED: EXIT.refused,
    UPGRADE_REJECTED: EXIT.failed,
    TLS_UNTRUSTED: EXIT.unreachable,
    TLS_PIN_MISMATCH: EXIT.unreachable,
    INVALID_CHALLENGE: EXIT.unreachable,
    NOT_CONNECTED: EXIT.failed,
    CLOSED: EXIT.unreachable,
    REQUEST_REFUSED: EXIT.failed,
    REQUEST_TIMEOUT: EXIT.failed,
    INVALID_RESPONSE: EXIT.failed,
    PAYLOAD_TOO_LARGE: EXIT.usage,
    OVERLOADED: EXIT.failed,
    SLOW_CONSUMER: EXIT.failed,
    ABORTED: EXIT.failed,
  }
  const codes = Object.keys(CLIENT_ERRORS) as ClientErrorCode[]
  assert.deepEqual(Object.fromEntries(codes.map((code) => [code, failureOf(code).exitCode])), expected)
})

test('a refusal carries the code, the retry hint and the command of the gateway', () => {
  const wire = wireError('PAIRING_REQUIRED', { retryAfterMs: 700, nextCommand: 'breakwater devices approve r1' })
  const failure = failureOf('CONNECT_REFUSED', { wire })
  assert.equal(failure.code, 'PAIRING_REQUIRED')
  assert.equal(failure.exitCode, EXIT.refused)
  assert.equal(failure.nextCommand, 'breakwater devices approve r1')
  assert.equal(failure.nextStep, undefined)
  assert.equal(failure.retryAfterMs, 700)
})

test('a gateway that starts or stops is not ready; a missing scope is a refusal; a fault is neither', () => {
  const starting = wireError('GATEWAY_STARTING', { retryAfterMs: 500 })
  assert.equal(failureOf('CONNECT_REFUSED', { wire: starting }).exitCode, EXIT.notReady)
  assert.equal(failureOf('CONNECT_REFUSED', { wire: starting }).retryable, true)
  assert.equal(failureOf('REQUEST_REFUSED', { wire: wireError('MISSING_SCOPE') }).exitCode, EXIT.refused)
  assert.equal(failureOf('REQUEST_REFUSED', { wire: wireError('BUSY') }).exitCode, EXIT.notReady)
  assert.equal(failureOf('REQUEST_REFUSED', { wire: wireError('INTERNAL_FAULT') }).exitCode, EXIT.failed)
  assert.equal(failureOf('REQUEST_REFUSED', { wire: wireError('UNKNOWN_METHOD') }).exitCode, EXIT.failed)
})

test('an HTTP answer in the place of a WebSocket is a refusal, unless it says unavailable', () => {
  const rejected = failureOf('UPGRADE_REJECTED', { upgrade: { httpStatus: 403, type: 'proxy_attribution_required' } })
  assert.equal(rejected.exitCode, EXIT.refused)
  assert.equal(rejected.code, 'proxy_attribution_required')
  const busy = failureOf('UPGRADE_REJECTED', { upgrade: { httpStatus: 503, retryAfterMs: 2_000 } })
  assert.equal(busy.exitCode, EXIT.notReady)
  assert.equal(busy.retryAfterMs, 2_000)
})

test('where nobody answers, the next step depends on whose machine it is', () => {
  assert.match(failureOf('CONNECT_FAILED').nextStep ?? '', /^breakwater gateway/)
  assert.match(failureOf('CONNECT_FAILED', {}, ELSEWHERE).nextStep ?? '', /breakwater probe --url/)
})
