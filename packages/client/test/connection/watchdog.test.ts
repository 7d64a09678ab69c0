import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkIntervalMs, isSilent, tickIntervalOf } from '../../src/connection/watchdog.ts'

test('silence is more than two tick intervals without a valid frame', () => {
  assert.equal(isSilent(0, 60_000, 30_000, 'none'), false)
  assert.equal(isSilent(0, 60_001, 30_000, 'none'), true)
})

test('requests that all have deadlines own the timing; one without a deadline does not', () => {
  assert.equal(isSilent(0, 10_000_000, 30_000, 'bounded'), false)
  assert.equal(isSilent(0, 60_001, 30_000, 'unbounded'), true)
})

test('checks happen every tick interval, at most once a second', () => {
  assert.equal(checkIntervalMs(30_000), 30_000)
  assert.equal(checkIntervalMs(10), 1_000)
})

test('a tick interval that makes no sense falls back to the wire default, a huge one is capped', () => {
  for (const tickIntervalMs of [undefined, 0, -1, Number.NaN, Infinity, '5']) {
    assert.equal(tickIntervalOf({ tickIntervalMs }), 30_000)
  }
  assert.equal(tickIntervalOf({ tickIntervalMs: 15_000 }), 15_000)
  assert.equal(tickIntervalOf({ tickIntervalMs: 1e12 }), 86_400_000)
})
