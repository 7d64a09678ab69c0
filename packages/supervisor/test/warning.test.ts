import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionStatus } from '../src/status.ts'
import { toWarning } from '../src/warning.ts'

const status: ConnectionStatus = {
  name: 'telegram-2',
  kind: 'channel',
  state: 'backoff',
  generation: 3,
  attempts: 3,
  failures: 3,
  lastError: { reason: 'connection refused', code: 'ECONNREFUSED', at: 1_000 },
  nextAttemptAt: 5_200,
  nextAttemptInMs: 4_200,
  breaker: { state: 'closed', openMs: 0 },
  liveSince: null,
  pairingRequestId: null,
}

test('a warning says what, why and when next', () => {
  assert.equal(
    toWarning('failing', status).message,
    'channel telegram-2: 3 failed attempts in a row (ECONNREFUSED: connection refused); next attempt in 4.2 s',
  )
  const open = { ...status, state: 'breaker-open', failures: 8, nextAttemptInMs: 240_000 } as const
  assert.equal(
    toWarning('failing', open).message,
    'channel telegram-2: 8 failed attempts in a row (ECONNREFUSED: connection refused), ' +
      'paused by the circuit breaker; next attempt in 240.0 s',
  )
})

test('a pairing warning names the request, a parked one says what would help', () => {
  const lastError = { reason: 'approve this device', code: null, at: 1_000 }
  const pairing = { ...status, lastError, nextAttemptInMs: 300_000, pairingRequestId: 'req-1' }
  assert.equal(
    toWarning('pairing', pairing).message,
    'channel telegram-2: waiting for approval of request req-1 (approve this device); ' +
      'next attempt in 300.0 s, or at once when approved',
  )
  assert.match(toWarning('pairing', { ...pairing, pairingRequestId: null }).message, /waiting for approval \(/)
  assert.match(toWarning('parked', { ...status, nextAttemptInMs: null }).message, /until the credential, configuration/)
  assert.match(toWarning('slot-freed', { ...status, lastError: null }).message, /the next in line may start/)
})

test('a warning carries the status it was given about', () => {
  assert.equal(toWarning('failing', status).status, status)
})
