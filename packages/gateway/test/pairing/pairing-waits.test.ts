import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '@breakwater/supervisor/testing'
import { PAIRING_WAIT_LIMITS, PairingWaits } from '../../src/pairing/pairing-waits.ts'

const ONE = { requestId: 'r1', deviceId: 'd1' }

const waitsWithTimers = () => {
  const timers = new FakeClock()
  return { timers, waits: new PairingWaits({ timers }) }
}

describe('waiting for an answer', () => {
  test('ends with the answer for everybody who waits, and for those who ask later', async () => {
    const { waits } = waitsWithTimers()
    const both = [waits.wait('r1'), waits.wait('r1')]
    waits.answer(ONE, 'approved')
    assert.deepEqual(await Promise.all(both), ['approved', 'approved'])
    assert.equal(await waits.wait('r1'), 'approved')
    assert.deepEqual([waits.waitingCount, waits.answerTo('r1')], [0, { deviceId: 'd1', answer: 'approved' }])
  })

  test('is not ended by the answer to another request', async () => {
    const { waits, timers } = waitsWithTimers()
    const wait = waits.wait('r2', { maxMs: 1_000 })
    waits.answer(ONE, 'approved')
    await timers.advance(1_000)
    assert.equal(await wait, undefined)
  })

  test('ends without one after its time, when the caller goes, and when everything stops', async () => {
    const { waits, timers } = waitsWithTimers()
    const caller = new AbortController()
    const waiting = [
      waits.wait('r1', { maxMs: 500 }),
      waits.wait('r1', { signal: caller.signal }),
      waits.wait('r1', { maxMs: 60_000 }),
    ]
    await timers.advance(500)
    caller.abort()
    assert.equal(waits.waitingCount, 1)
    waits.stop()
    assert.deepEqual(await Promise.all(waiting), [undefined, undefined, undefined])
    assert.deepEqual([waits.waitingCount, timers.pendingCount], [0, 0])
    assert.equal(await waits.wait('r1', { signal: AbortSignal.abort() }), undefined)
  })

  test('is for so many and no more', () => {
    const { waits } = waitsWithTimers()
    const { waitersPerRequest, waitersInAll } = PAIRING_WAIT_LIMITS
    for (let count = 0; count < waitersPerRequest; count += 1) assert.notEqual(waits.wait('r1'), 'full')
    assert.equal(waits.wait('r1'), 'full')
    for (let count = waitersPerRequest; count < waitersInAll; count += 1)
      assert.notEqual(waits.wait(`r${count}`), 'full')
    assert.equal(waits.wait('another'), 'full')
    assert.equal(waits.refusedCount, 2)
    waits.answer(ONE, 'rejected')
    assert.notEqual(waits.wait('another'), 'full')
  })

  test('remembers the newest answers only', () => {
    const { waits } = waitsWithTimers()
    for (let count = 0; count <= PAIRING_WAIT_LIMITS.rememberedAnswers; count += 1) {
      waits.answer({ requestId: `r${count}`, deviceId: 'd' }, 'expired')
    }
    assert.deepEqual([waits.answerTo('r0'), waits.answerTo('r1')?.answer], [undefined, 'expired'])
  })
})
