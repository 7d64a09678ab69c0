import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deadlines, MAX_EXTENSION_MS } from '../../src/connection/deadlines.ts'
import { FakeClientClock } from '../support/fake-clock.ts'

const setup = () => {
  const clock = new FakeClientClock()
  return { clock, deadlines: new Deadlines<'a' | 'b'>({ clock }), fired: [] as number[] }
}

test('a deadline fires once, after its time and not before', async () => {
  const { clock, deadlines, fired } = setup()
  deadlines.arm('a', 100, () => fired.push(clock.now()))
  await clock.advance(99)
  assert.deepEqual(fired, [])
  await clock.advance(1)
  await clock.advance(1_000)
  assert.deepEqual(fired, [100])
  assert.equal(clock.pendingCount, 0)
})

test('arming a name again replaces it, disarming forgets it, clearing forgets all', async () => {
  const { clock, deadlines, fired } = setup()
  deadlines.arm('a', 100, () => fired.push(1))
  deadlines.arm('a', 200, () => fired.push(2))
  deadlines.arm('b', 50, () => fired.push(3))
  deadlines.disarm('b')
  await clock.advance(150)
  assert.deepEqual(fired, [])
  await clock.advance(50)
  assert.deepEqual(fired, [2])
  deadlines.arm('a', 10, () => assert.fail('cleared'))
  deadlines.arm('b', 10, () => assert.fail('cleared'))
  deadlines.clear()
  assert.equal(clock.pendingCount, 0)
})

test('input that waited during a stall is read before the deadline judges the peer', async () => {
  const { clock, deadlines, fired } = setup()
  deadlines.arm('a', 100, () => fired.push(1))
  // The message was there all along; it is read right after the late timer.
  clock.stall(5_000)
  clock.setTimer(() => deadlines.disarm('a'), 0)
  await clock.advance(0)
  await clock.advance(10_000)
  assert.deepEqual(fired, [])
})

test('after a stall of our own the peer gets that time back', async () => {
  const { clock, deadlines, fired } = setup()
  deadlines.arm('a', 100, () => fired.push(clock.now()))
  clock.stall(400)
  await clock.advance(0)
  await clock.advance(299)
  assert.deepEqual(fired, [])
  await clock.advance(1)
  assert.deepEqual(fired, [700])
})

test('extensions are bounded however often we stall', async () => {
  const { clock, deadlines, fired } = setup()
  deadlines.arm('a', 100, () => fired.push(clock.now()))
  for (let round = 0; round < 20; round += 1) {
    clock.stall(MAX_EXTENSION_MS)
    await clock.advance(0)
  }
  assert.equal(fired.length, 1)
})
