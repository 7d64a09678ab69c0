import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

describe('a receiver that keeps up', () => {
  test('gets every frame, up to the very limit of its buffer', () => {
    const link = new RecordingLink()
    const { outbound } = fakePeer({}, link)
    link.waitingBytes = LIMITS.maxBufferedBytes
    assert.equal(outbound.send('{"event":"a"}'), 'sent')
    assert.equal(outbound.sendLossy(Buffer.from('{"event":"b"}')), 'sent')
    assert.deepEqual(
      link.frames.map(({ event }) => event),
      ['a', 'b'],
    )
  })
})

describe('a receiver that does not', () => {
  test('misses what may be lost, and that is counted', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    link.waitingBytes = LIMITS.maxBufferedBytes + 1
    assert.equal(peer.outbound.sendLossy('{}'), 'dropped')
    assert.equal(peer.outbound.sendLossy('{}'), 'dropped')
    assert.deepEqual([link.frames.length, peer.outbound.droppedCount, peer.isClosed], [0, 2, false])
  })

  test('is closed as a slow consumer by what may not be lost', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    link.waitingBytes = LIMITS.maxBufferedBytes + 1
    assert.equal(peer.outbound.send('{}'), 'closed')
    assert.deepEqual(link.closes, [{ code: 1008, reason: 'slow consumer' }])
    assert.equal(link.frames.length, 0)
    assert.ok(peer.isClosed)
  })
})
