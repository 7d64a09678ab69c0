import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { logFileName } from '../../src/observe/log-index.ts'
import { partBytes, planRetention } from '../../src/observe/log-retention.ts'

const DAY_MS = 86_400_000
const TODAY = new Date(Date.UTC(2030, 0, 31, 12))
const daysAgo = (days: number, bytes = 1_000) => ({
  name: logFileName(new Date(TODAY.getTime() - days * DAY_MS)),
  bytes,
})

describe('the retention of log files', () => {
  test('removes files older than the days they are kept', () => {
    const closed = [daysAgo(9), daysAgo(8), daysAgo(7), daysAgo(1)]
    const plan = (retentionDays: number) => planRetention({ closed, today: TODAY }, { retentionDays, maxBytes: 0 })
    assert.deepEqual(plan(7), [daysAgo(9).name, daysAgo(8).name])
    assert.deepEqual(plan(30), [])
    assert.deepEqual(plan(0), [])
  })

  test('does not judge age unless told the day', () => {
    const plan = planRetention({ closed: [daysAgo(900)], today: undefined }, { retentionDays: 1, maxBytes: 0 })
    assert.deepEqual(plan, [])
  })

  test('removes the oldest beyond the size', () => {
    const closed = [daysAgo(3, 400_000), daysAgo(2, 300_000), daysAgo(1, 300_000)]
    const plan = (maxBytes: number) => planRetention({ closed, today: TODAY }, { retentionDays: 0, maxBytes })
    assert.deepEqual(plan(2_000_000), [])
    assert.deepEqual(plan(800_000), [daysAgo(3).name])
    assert.deepEqual(plan(1), [daysAgo(3).name, daysAgo(2).name, daysAgo(1).name])
  })

  test('keeps a gapless rest when the clock once went back', () => {
    const closed = [daysAgo(-300), daysAgo(20), daysAgo(1)]
    assert.deepEqual(planRetention({ closed, today: TODAY }, { retentionDays: 7, maxBytes: 0 }), [])
  })

  test('always leaves room for the file that is written, and never removes more than it must', () => {
    const sizes = fc.array(fc.nat(2_000_000), { maxLength: 12 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 600_000, max: 20_000_000 }), (bytes, maxBytes) => {
        const closed = bytes.map((size, index) => daysAgo(20 - index, size))
        const gone = planRetention({ closed, today: undefined }, { retentionDays: 0, maxBytes })
        const kept = closed.slice(gone.length)
        const sum = (files: readonly { bytes: number }[]) => files.reduce((total, file) => total + file.bytes, 0)
        const room = maxBytes - partBytes({ maxBytes })
        assert.ok(sum(kept) <= room)
        if (gone.length > 0) assert.ok(sum(closed.slice(gone.length - 1)) > room)
      }),
    )
  })

  test('closes files early enough that whole ones can be removed', () => {
    assert.deepEqual(
      [0, 1, 1_000_000, 268_435_456, 2 ** 40].map((maxBytes) => partBytes({ maxBytes })),
      [67_108_864, 65_536, 125_000, 33_554_432, 67_108_864],
    )
  })
})
