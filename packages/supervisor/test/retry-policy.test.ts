import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KIND_POLICIES, retryCeilingMs, retryDelayMs, START_JITTER_MS } from '../src/retry-policy.ts'

test('the ceilings double from base to cap for every kind', () => {
  const ceilings = (kind: keyof typeof KIND_POLICIES): number[] =>
    [0, 1, 2, 3, 4, 5, 6, 7].map((retry) => retryCeilingMs(KIND_POLICIES[kind], retry) / 1_000)
  assert.deepEqual(ceilings('client'), [1, 2, 4, 8, 16, 30, 30, 30])
  assert.deepEqual(ceilings('approval-handler'), [1, 2, 4, 8, 16, 32, 60, 60])
  assert.deepEqual(ceilings('channel'), [5, 10, 20, 40, 80, 160, 300, 300])
})

test('only kinds of which many start together are jittered on the first start', () => {
  assert.equal(START_JITTER_MS, 2_000)
  assert.equal(KIND_POLICIES.client.startJitterMs, 0)
  assert.equal(KIND_POLICIES['approval-handler'].startJitterMs, 2_000)
  assert.equal(KIND_POLICIES.channel.startJitterMs, 2_000)
})

test('a delay is uniform below the ceiling: both ends of the draw reach both ends of the range', () => {
  assert.equal(retryDelayMs(KIND_POLICIES.client, 3, 0), 0)
  assert.equal(retryDelayMs(KIND_POLICIES.client, 3, 0.5), 4_000)
  assert.equal(retryDelayMs(KIND_POLICIES.client, 3, 1 - 2 ** -53), 7_999)
})

test('a delay never reaches min(cap, base * 2^n), however many retries there were', () => {
  const base = fc.integer({ min: 1, max: 10_000 })
  const retry = fc.integer({ min: 0, max: 5_000 })
  const fraction = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(base, fc.integer({ min: 1, max: 1_000 }), retry, fraction, (baseMs, factor, n, draw) => {
      const policy = { baseMs, capMs: baseMs * factor }
      const delay = retryDelayMs(policy, n, draw)
      assert.ok(delay >= 0 && delay < Math.min(policy.capMs, baseMs * 2 ** n))
    }),
  )
})
