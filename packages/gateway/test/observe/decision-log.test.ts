import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AdmissionAttempt, DECISION_LIMITS, DecisionLog } from '../../src/observe/decision-log.ts'
import { FakeClock } from '../fake-peer.ts'

const attempt = (deviceId: string, more: Partial<AdmissionAttempt> = {}): AdmissionAttempt => ({
  deviceId,
  isProven: true,
  cause: 'PAIRING_REQUIRED',
  message: 'pairing required',
  requestId: 'r1',
  role: 'operator',
  scopes: ['operator.read'],
  client: 'cli/cli',
  clockAheadMs: 5,
  ...more,
})

test('a device that asks over and over is one entry with a count', () => {
  const clock = new FakeClock()
  const log = new DecisionLog({ clock })
  const startedAtMs = clock.nowMs()
  for (let index = 0; index < 10_000; index += 1) log.note(attempt('aaaa'), true)
  log.note(attempt('aaaa', { cause: 'admitted', requestId: 'r2' }), true)
  const decisions = log.about('aaaa')
  assert.deepEqual(
    decisions.map(({ cause, count }) => [cause, count]),
    [
      ['PAIRING_REQUIRED', 10_000],
      ['admitted', 1],
    ],
  )
  assert.equal(decisions[0]?.firstAtMs, startedAtMs)
})

test('the last twenty decisions of a device are kept', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  for (let index = 0; index < 50; index += 1) log.note(attempt('aaaa', { requestId: `r${index}` }), true)
  const decisions = log.about('aaaa')
  assert.equal(decisions.length, DECISION_LIMITS.perDevice)
  assert.equal(decisions.at(-1)?.requestId, 'r49')
})

test('what is only claimed never pushes out what was proven', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  log.note(attempt('aaaa'), true)
  for (let index = 0; index < 100; index += 1) {
    log.note(attempt('aaaa', { isProven: false, cause: 'DEVICE_AUTH_SIGNATURE_INVALID', requestId: `x${index}` }), true)
  }
  const decisions = log.about('aaaa')
  assert.equal(decisions.filter(({ isProven }) => isProven).length, 1)
  assert.equal(decisions.length, 1 + DECISION_LIMITS.claimedPerDevice)
})

test('strangers make room for each other, never at the cost of a known device', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  log.note(attempt('aaaa'), true)
  for (let index = 0; index < 2_000; index += 1) log.note(attempt(`b${index}`), false)
  assert.equal(log.about('aaaa').length, 1)
  assert.equal(log.about('b').length, DECISION_LIMITS.strangers)
})

test('a stranger that becomes known takes its decisions along', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  log.note(attempt('aaaa', { cause: 'AUTH_TOKEN_MISMATCH' }), false)
  log.note(attempt('aaaa'), true)
  for (let index = 0; index < 300; index += 1) log.note(attempt(`b${index}`), false)
  assert.deepEqual(
    log.about('aaaa').map(({ cause }) => cause),
    ['AUTH_TOKEN_MISMATCH', 'PAIRING_REQUIRED'],
  )
})

test('a device is found by how its id begins, by its name, and by its address', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  log.note(attempt('abcd1234', { name: 'Phone', remoteIp: '192.0.2.7' }), true)
  for (const text of ['abcd', 'ABCD1234', 'phone', '192.0.2.7']) assert.equal(log.about(text).length, 1, text)
  assert.equal(log.about('zzzz').length, 0)
})

test('long texts of strangers are cut', () => {
  const log = new DecisionLog({ clock: new FakeClock() })
  log.note(
    attempt('aaaa', { name: 'n'.repeat(5_000), client: 'c'.repeat(5_000), scopes: Array(500).fill('s'.repeat(500)) }),
    false,
  )
  assert.ok(JSON.stringify(log.about('aaaa')).length < 20_000)
})
