import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '../../src/observe/logger.ts'
import { Call } from '../../src/rpc/call.ts'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

const call = (link = new RecordingLink()): Call => new Call(fakePeer({}, link), 'r1', silentLogger)

describe('the signal of a call', () => {
  test('aborts with the reason nobody waits any more', () => {
    const running = call()
    const { signal } = running
    assert.ok(!signal.aborted)
    running.abort(new Error('connection closed'))
    assert.ok(signal.aborted)
    assert.equal((signal.reason as Error).message, 'connection closed')
    assert.ok(running.isAborted)
  })

  test('is aborted already for a handler that asks for it late', () => {
    const running = call()
    running.abort(new Error('first'))
    running.abort(new Error('second'))
    assert.ok(running.signal.aborted)
    assert.equal((running.signal.reason as Error).message, 'first')
    assert.equal(running.signal, running.signal)
  })
})

describe('a further answer to the same request', () => {
  test('carries its id, as a success or as a failure with a payload beside it', () => {
    const link = new RecordingLink()
    const running = call(link)
    running.respondAgain({ status: 'done' })
    running.failAgain({ name: 'REQUEST_TIMEOUT', payload: { runId: 'x' }, message: 'took too long' })
    const [done, failed] = link.frames
    assert.deepEqual(done, { type: 'res', id: 'r1', ok: true, payload: { status: 'done' } })
    assert.deepEqual([failed?.id, failed?.ok, failed?.payload], ['r1', false, { runId: 'x' }])
    assert.match(JSON.stringify(failed?.error), /"message":"took too long"/)
  })
})
