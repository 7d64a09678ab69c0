import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock, seededRandom } from '@breakwater/supervisor/testing'
import { SnapshotSchedule } from '../../../src/store/sqlite/snapshot-schedule.ts'

const OPTIONS = { snapshotMaxAgeMs: 60_000, snapshotSettleMs: 5_000 }

function scheduleOn(clock: FakeClock, take = async () => {}) {
  const takenAt: number[] = []
  const failures: unknown[] = []
  const schedule = new SnapshotSchedule(
    {
      clock,
      take: async () => {
        await take()
        takenAt.push(clock.now())
        return { takenAtMs: clock.now() }
      },
      onFailure: (error) => failures.push(error),
    },
    OPTIONS,
  )
  return { schedule, takenAt, failures }
}

describe('snapshot schedule', () => {
  it('takes none while nothing changes', async () => {
    const clock = new FakeClock()
    const { schedule, takenAt } = scheduleOn(clock)
    await clock.advance(600_000)
    await schedule.close()
    assert.deepEqual(takenAt, [])
    assert.equal(clock.pendingCount, 0)
  })

  it('takes one soon after a lone change', async () => {
    const clock = new FakeClock()
    const { schedule, takenAt } = scheduleOn(clock)
    schedule.changed()
    assert.equal(schedule.status().dirtySinceMs, 0)
    await clock.advance(600_000)
    assert.deepEqual(takenAt, [5_000])
    assert.equal(schedule.status().dirtySinceMs, undefined)
    assert.equal(schedule.status().lastAtMs, 5_000)
  })

  it('takes one per interval under steady change, and no change waits longer than the age limit', async () => {
    const clock = new FakeClock()
    const random = seededRandom(7)
    const { schedule, takenAt } = scheduleOn(clock)
    let oldestWaitMs = 0
    for (let step = 0; step < 2_000; step += 1) {
      await clock.advance(Math.floor(random() * 900))
      const { dirtySinceMs } = schedule.status()
      if (dirtySinceMs !== undefined) oldestWaitMs = Math.max(oldestWaitMs, clock.now() - dirtySinceMs)
      schedule.changed()
    }
    assert.ok(oldestWaitMs <= OPTIONS.snapshotMaxAgeMs, `${oldestWaitMs} ms`)
    assert.ok(takenAt.length <= Math.ceil(clock.now() / 55_000) + 1, `${takenAt.length} snapshots`)
    await schedule.close()
  })

  it('counts a change made while a snapshot runs as not copied', async () => {
    const clock = new FakeClock()
    const { promise, resolve } = Promise.withResolvers<void>()
    const { schedule, takenAt } = scheduleOn(clock, () => promise)
    schedule.changed()
    await clock.advance(5_000)
    schedule.changed()
    resolve()
    await clock.advance(0)
    assert.equal(schedule.status().dirtySinceMs, 5_000)
    await clock.advance(60_000)
    assert.equal(takenAt.length, 2)
  })

  it('stays dirty when one fails, reports it, and tries again', async () => {
    const clock = new FakeClock()
    let isBroken = true
    const { schedule, takenAt, failures } = scheduleOn(clock, async () => {
      if (isBroken) throw new Error('no room')
    })
    schedule.changed()
    await clock.advance(5_000)
    assert.equal(failures.length, 1)
    assert.deepEqual(schedule.status(), { takenCount: 0, failedCount: 1, dirtySinceMs: 0 })
    isBroken = false
    await clock.advance(60_000)
    assert.equal(takenAt.length, 1)
  })

  it('takes a last one when it is closed with changes, and waits for one that runs', async () => {
    const clock = new FakeClock()
    const { schedule, takenAt } = scheduleOn(clock)
    schedule.changed()
    await schedule.close()
    assert.deepEqual(takenAt, [0])
    schedule.changed()
    await clock.advance(600_000)
    assert.equal(takenAt.length, 1)
    assert.equal(clock.pendingCount, 0)
  })
})
