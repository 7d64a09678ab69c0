import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Breaker, breakerAfterFailure, breakerAfterWait, CLOSED_BREAKER } from '../src/circuit-breaker.ts'
import { DEFAULTS } from '../src/options.ts'

test('the breaker stays closed for four failures and opens for 60 s at the fifth', () => {
  for (const failures of [1, 2, 3, 4]) {
    assert.equal(breakerAfterFailure(CLOSED_BREAKER, failures, DEFAULTS), CLOSED_BREAKER)
  }
  assert.deepEqual(breakerAfterFailure(CLOSED_BREAKER, 5, DEFAULTS), { state: 'open', openMs: 60_000 })
})

test('every failed probe doubles the open time up to 300 s', () => {
  let breaker: Breaker = breakerAfterFailure(CLOSED_BREAKER, 5, DEFAULTS)
  const openSeconds = [breaker.openMs / 1_000]
  for (let failures = 6; failures < 10; failures += 1) {
    breaker = breakerAfterWait(breaker)
    assert.equal(breaker.state, 'half-open')
    breaker = breakerAfterFailure(breaker, failures, DEFAULTS)
    assert.equal(breaker.state, 'open')
    openSeconds.push(breaker.openMs / 1_000)
  }
  assert.deepEqual(openSeconds, [60, 120, 240, 300, 300])
})

test('only an open breaker becomes half-open, and only a closed or half-open one reacts to a failure', () => {
  assert.equal(breakerAfterWait(CLOSED_BREAKER), CLOSED_BREAKER)
  const open: Breaker = { state: 'open', openMs: 60_000 }
  assert.equal(breakerAfterFailure(open, 9, DEFAULTS), open)
})
