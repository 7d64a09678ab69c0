import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../src/clock.ts'

test('the system clock reads as epoch milliseconds and never runs backwards', () => {
  const first = systemClock.now()
  assert.ok(Math.abs(first - Date.now()) < 60_000)
  assert.ok(systemClock.now() >= first)
})

test('a timer fires once after its wait, a cleared one never', async () => {
  const armedAt = systemClock.now()
  const { promise, resolve } = Promise.withResolvers<number>()
  const cleared = systemClock.setTimer(() => assert.fail('a cleared timer fired'), 1)
  systemClock.clearTimer(cleared)
  systemClock.setTimer(() => resolve(systemClock.now()), 5)
  assert.ok((await promise) - armedAt >= 4)
})
