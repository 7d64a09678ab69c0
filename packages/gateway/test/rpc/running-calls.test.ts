import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { silentLogger } from '../../src/observe/logger.ts'
import { Call } from '../../src/rpc/call.ts'
import { RunningCalls } from '../../src/rpc/running-calls.ts'
import { fakePeer } from '../fake-peer.ts'

const setting = () => {
  const peer = fakePeer()
  const call = new Call(peer, 'r1', silentLogger)
  const result = Promise.withResolvers<unknown>()
  const running = new RunningCalls()
  return { peer, call, result, running }
}

describe('a running call', () => {
  test('comes to its result, and is forgotten then', async () => {
    const { peer, call, result, running } = setting()
    const outcome = running.untilDeadline(call, { method: 'health', deadlineMs: 1_000 }, result.promise)
    assert.equal(running.isIdle(peer), false)
    result.resolve(7)
    assert.equal(await outcome, 7)
    assert.equal(running.isIdle(peer), true)
    running.abort(peer)
    assert.equal(call.isAborted, false)
  })

  test('is aborted at its deadline', async (t: TestContext) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { peer, call, result, running } = setting()
    const outcome = running.untilDeadline(call, { method: 'health', deadlineMs: 1_000 }, result.promise)
    t.mock.timers.tick(999)
    assert.equal(call.isAborted, false)
    t.mock.timers.tick(1)
    await assert.rejects(outcome, /request deadline exceeded/)
    assert.deepEqual([call.isAborted, running.isIdle(peer)], [true, true])
  })

  test('without a deadline keeps nobody waiting, and still ends with its connection', () => {
    const { peer, call, result, running } = setting()
    void running.untilDeadline(call, { method: 'wait', deadlineMs: 0 }, result.promise)
    assert.equal(running.isIdle(peer), true)
    running.abort(peer)
    assert.match(String(call.signal.reason), /connection closed/)
  })
})
