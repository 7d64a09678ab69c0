import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../src/clock.ts'
import { FakeClock } from '../src/testing/index.ts'
import { WakeTimer } from '../src/wake-timer.ts'

test('it wakes once at the wanted time, moves with it, and holds at most one timer', async () => {
  const clock = new FakeClock()
  const wokenAt: number[] = []
  const timer = new WakeTimer({ clock, wake: () => wokenAt.push(clock.now()) })
  timer.wakeAt(100)
  timer.wakeAt(250)
  timer.wakeAt(250)
  assert.equal(clock.pendingCount, 1)
  await clock.advance(1_000)
  assert.deepEqual(wokenAt, [250])
  assert.equal(clock.pendingCount, 0)
})

test('null clears it', async () => {
  const clock = new FakeClock()
  const timer = new WakeTimer({ clock, wake: () => assert.fail('woken without being wanted') })
  timer.wakeAt(100)
  timer.wakeAt(null)
  assert.equal(clock.pendingCount, 0)
  await clock.advance(1_000)
})

test('a time in the past wakes as soon as possible, not at once', async () => {
  const clock = new FakeClock(5_000)
  let wakeCount = 0
  const timer = new WakeTimer({
    clock,
    wake: () => {
      wakeCount += 1
    },
  })
  timer.wakeAt(100)
  assert.equal(wakeCount, 0)
  await clock.advance(0)
  assert.equal(wakeCount, 1)
})

test('a platform timer that fires early is armed again for the rest', async () => {
  const clock = new FakeClock()
  const hasty: Clock = {
    now: () => clock.now(),
    setTimer: (run, afterMs) => clock.setTimer(run, Math.ceil(afterMs / 2)),
    clearTimer: (timer) => clock.clearTimer(timer),
  }
  const wokenAt: number[] = []
  new WakeTimer({ clock: hasty, wake: () => wokenAt.push(clock.now()) }).wakeAt(100)
  await clock.advance(99)
  assert.deepEqual(wokenAt, [])
  await clock.advance(1)
  assert.deepEqual(wokenAt, [100])
})
