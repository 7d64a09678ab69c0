import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock, seededRandom } from '../../src/testing/index.ts'

test('timers run in the order they are due, ties in the order they were set, each at its own time', async () => {
  const clock = new FakeClock(100)
  const log: string[] = []
  const note = (name: string) => () => log.push(`${name}@${clock.now()}`)
  clock.setTimer(note('late'), 30)
  clock.setTimer(note('early'), 10)
  clock.setTimer(note('tie'), 10)
  await clock.advance(20)
  assert.deepEqual(log, ['early@110', 'tie@110'])
  assert.equal(clock.now(), 120)
  assert.equal(clock.pendingCount, 1)
  assert.equal(clock.nextTimerAt, 130)
})

test('promise reactions run between timers, and timers they set are run when due in the same advance', async () => {
  const clock = new FakeClock()
  const log: string[] = []
  const sleep = (ms: number) => new Promise<void>((resolve) => clock.setTimer(resolve, ms))
  const walk = async () => {
    for (const step of ['a', 'b', 'c']) {
      await sleep(10)
      for (let turn = 0; turn < 50; turn += 1) await null
      log.push(`${step}@${clock.now()}`)
    }
  }
  const walked = walk()
  await clock.advance(25)
  assert.deepEqual(log, ['a@10', 'b@20'])
  await clock.advance(5)
  await walked
  assert.deepEqual(log, ['a@10', 'b@20', 'c@30'])
})

test('a cleared timer never runs; a timer may clear another', async () => {
  const clock = new FakeClock()
  const other = clock.setTimer(() => assert.fail('cleared'), 20)
  clock.setTimer(() => clock.clearTimer(other), 10)
  await clock.advance(100)
  assert.equal(clock.pendingCount, 0)
})

test('advancing by 0 runs what is due now; a stall makes timers late', async () => {
  const clock = new FakeClock()
  const ranAt: number[] = []
  clock.setTimer(() => ranAt.push(clock.now()), 0)
  clock.setTimer(() => ranAt.push(clock.now()), 10)
  await clock.advance(0)
  clock.stall(500)
  assert.deepEqual(ranAt, [0])
  await clock.advance(0)
  assert.deepEqual(ranAt, [0, 500])
})

test('a throwing timer rejects the advance', async () => {
  const clock = new FakeClock()
  clock.setTimer(() => {
    throw new Error('from a timer')
  }, 5)
  await assert.rejects(clock.advance(10), /from a timer/)
})

test('a seeded generator repeats itself, differs between seeds and stays in [0, 1)', () => {
  const draw = (seed: number) => Array.from({ length: 1_000 }, seededRandom(seed))
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.ok(draw(7).every((value) => value >= 0 && value < 1))
  const mean = draw(7).reduce((sum, value) => sum + value, 0) / 1_000
  assert.ok(Math.abs(mean - 0.5) < 0.05, `mean ${mean}`)
})
