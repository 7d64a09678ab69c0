import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import { PacedPublisher } from '../../src/events/paced-publisher.ts'

/** Time that passes on its own only when a publish costs some. */
class Pace {
  nowMs = 0
  costMs = 0
  readonly publishedAt: number[] = []
  readonly publisher = new PacedPublisher({
    publish: () => {
      this.publishedAt.push(this.nowMs)
      this.nowMs += this.costMs
    },
    monotonicMs: () => this.nowMs,
  })

  advance(ms: number): void {
    for (let step = 0; step < ms; step += 1) {
      this.nowMs += 1
      mock.timers.tick(1)
    }
  }
}

describe('a paced publisher', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  test('publishes the first request at once', () => {
    const pace = new Pace()
    pace.publisher.request()
    assert.deepEqual(pace.publishedAt, [0])
  })

  test('merges requests that come too early into one', () => {
    const pace = new Pace()
    for (let count = 0; count < 50; count += 1) pace.publisher.request()
    assert.deepEqual(pace.publishedAt, [0])
    pace.advance(100)
    assert.deepEqual(pace.publishedAt, [0, 20])
    assert.equal(pace.publisher.mergedCount, 48)
  })

  test('waits ten times as long as the last publish took', () => {
    const pace = new Pace()
    pace.costMs = 30
    pace.publisher.request()
    pace.publisher.request()
    pace.advance(1_000)
    assert.deepEqual(pace.publishedAt, [0, 330])
  })

  test('never holds the loop for more than a tenth of the time, whatever publishing costs', () => {
    for (const costMs of [1, 3, 50, 150]) {
      const pace = new Pace()
      pace.costMs = costMs
      while (pace.nowMs < 20_000) {
        pace.publisher.request()
        pace.advance(1)
      }
      pace.publisher.stop()
      const share = (pace.publishedAt.length * costMs) / pace.nowMs
      assert.ok(share <= 0.1, `cost ${costMs}: share ${share}`)
      assert.ok(pace.publishedAt.length > 5, `cost ${costMs}: published ${pace.publishedAt.length} times`)
    }
  })

  test('never waits longer than two seconds', () => {
    const pace = new Pace()
    pace.costMs = 900
    pace.publisher.request()
    pace.publisher.request()
    pace.advance(1_999)
    assert.equal(pace.publishedAt.length, 1)
    pace.advance(2)
    assert.equal(pace.publishedAt.length, 2)
  })

  test('is quiet once stopped, also about what was still waiting', () => {
    const pace = new Pace()
    pace.publisher.request()
    pace.publisher.request()
    pace.publisher.stop()
    pace.publisher.request()
    pace.advance(5_000)
    assert.deepEqual(pace.publishedAt, [0])
  })

  test('keeps its pace after a publish that throws', () => {
    let count = 0
    const publisher = new PacedPublisher({
      publish: () => {
        count += 1
        if (count === 1) throw new Error('nobody home')
      },
      monotonicMs: () => 0,
    })
    assert.throws(() => publisher.request(), /nobody home/)
    publisher.request()
    assert.equal(count, 1)
    mock.timers.tick(20)
    assert.equal(count, 2)
  })
})
