import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StabilityLog } from '../../src/observe/stability-log.ts'
import { FakeClock } from '../fake-peer.ts'

const filled = (count: number): StabilityLog => {
  const log = new StabilityLog({ clock: new FakeClock() })
  for (let index = 1; index <= count; index += 1) log.record(index % 2 === 0 ? 'even' : 'odd', { index })
  return log
}

describe('the stability log', () => {
  test('is empty at first', () => {
    const { generatedAt, ...report } = filled(0).report(10)
    assert.equal(generatedAt, '2030-01-01T00:00:00.000Z')
    assert.deepEqual(report, {
      capacity: 1_000,
      count: 0,
      dropped: 0,
      firstSeq: null,
      lastSeq: null,
      events: [],
      summary: { byType: {} },
    })
  })

  test('shows the newest events, oldest first, and counts all it holds', () => {
    const { events, count, firstSeq, lastSeq, summary } = filled(7).report(2)
    assert.deepEqual(
      events.map(({ seq, type, index }) => [seq, type, index]),
      [
        [6, 'even', 6],
        [7, 'odd', 7],
      ],
    )
    assert.deepEqual([count, firstSeq, lastSeq], [7, 1, 7])
    assert.deepEqual(summary, { byType: { odd: 4, even: 3 } })
  })

  for (const extra of [0, 1, 999, 1_000, 1_234]) {
    test(`holds a thousand events in order after ${1_000 + extra}`, () => {
      const { events, dropped, firstSeq, lastSeq } = filled(1_000 + extra).report(1_000)
      assert.deepEqual([dropped, firstSeq, lastSeq], [extra, extra + 1, 1_000 + extra])
      assert.ok(events.every(({ seq }, index) => seq === extra + 1 + index))
    })
  }

  test('never lets a field replace the number, the time or the type', () => {
    const log = new StabilityLog({ clock: new FakeClock(9) })
    log.record('real', { seq: 99, ts: 1, type: 'fake', note: 'kept' })
    assert.deepEqual(log.report(1).events, [{ seq: 1, ts: 9, type: 'real', note: 'kept' }])
  })
})
