import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '@breakwater/protocol'
import { afterRefusal, isJudged } from '../../src/credentials/after-refusal.ts'
import { type CredentialInput, resolveCredentials } from '../../src/credentials/resolve.ts'
import { ClientError } from '../../src/errors.ts'
import { refusal } from '../support/builders.ts'

const stored = { token: 's', scopes: [] }
const used = (input: CredentialInput, over = {}) => resolveCredentials(input, { stored, isFallback: false, ...over })
const proven = { isPeerProven: true, areBothSpent: false }
const stepAfter = (code: string, input: CredentialInput, facts = proven, over = {}) =>
  afterRefusal(refusal(code), used(input, over), facts).type

test('a refused shared token is sent once more with the stored one, to a proven peer, if no device token went along', () => {
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't' }), 'send-both')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't', password: 'p' }), 'send-both')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't' }, { ...proven, isPeerProven: false }), 'keep')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't' }, { ...proven, areBothSpent: true }), 'keep')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't', deviceToken: 'd' }), 'keep')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't' }, proven, { stored: undefined }), 'keep')
  assert.equal(stepAfter('AUTH_TOKEN_MISMATCH', { token: 't' }, proven, { isFallback: true }), 'keep')
  assert.equal(stepAfter('AUTH_PASSWORD_MISMATCH', { password: 'p' }), 'keep')
})

test('the advice of the gateway counts as much as the code', () => {
  for (const details of [{ canRetryWithDeviceToken: true }, { recommendedNextStep: 'retry_with_device_token' }]) {
    const error = refusal('AUTH_UNAUTHORIZED', { details })
    assert.equal(afterRefusal(error, used({ token: 't' }), proven).type, 'send-both')
    assert.equal(afterRefusal(error, used({}), proven).type, 'keep')
  }
})

test('a stored token is forgotten only when it was sent and is what was refused', () => {
  const forget = { type: 'forget-stored', token: 's' }
  const mismatch = refusal('AUTH_DEVICE_TOKEN_MISMATCH')
  assert.deepEqual(afterRefusal(mismatch, used({}), proven), forget)
  assert.deepEqual(afterRefusal(mismatch, used({ token: 't' }, { isFallback: true }), proven), forget)
  for (const input of [{ deviceToken: 'd' }, { token: 't' }, { password: 'p' }]) {
    assert.equal(afterRefusal(mismatch, used(input), proven).type, 'keep')
  }
})

test('a refused setup token loses its precedence', () => {
  const input = { bootstrapToken: 'b', preferBootstrapToken: true }
  assert.deepEqual(afterRefusal(refusal('AUTH_BOOTSTRAP_TOKEN_INVALID'), used(input), proven), {
    type: 'demote-bootstrap',
    token: 'b',
  })
})

test('nothing else that a gateway can answer touches what is kept, least of all a scope mismatch', () => {
  const telling = new Set(['AUTH_TOKEN_MISMATCH', 'AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_BOOTSTRAP_TOKEN_INVALID'])
  const others = Object.keys(ERRORS).filter((code) => !telling.has(code))
  assert.ok(others.includes('AUTH_SCOPE_MISMATCH'))
  for (const code of others) {
    for (const input of [{}, { token: 't' }, { bootstrapToken: 'b', preferBootstrapToken: true }]) {
      assert.equal(stepAfter(code, input), 'keep', code)
    }
  }
  const closed = new ClientError('CONNECT_FAILED', 'x', { close: { code: 1008, reason: 'device token mismatch' } })
  assert.equal(afterRefusal(closed, used({}), proven).type, 'keep')
})

test('a gateway that is busy or keeps a source waiting has not judged the credential', () => {
  assert.equal(isJudged(refusal(undefined, { code: 'UNAVAILABLE' })), false)
  assert.equal(isJudged(refusal('AUTH_RATE_LIMITED')), false)
  assert.equal(isJudged(refusal('AUTH_TOKEN_MISMATCH')), true)
})
