import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

describe('a peer', () => {
  test('has the scopes it was granted and what they imply', () => {
    const peer = fakePeer({ scopes: ['operator.write', 'made-up'] })
    for (const scope of ['operator.write', 'operator.read', 'operator.talk', 'made-up']) {
      assert.ok(peer.hasScope(scope), scope)
    }
    assert.ok(!peer.hasScope('operator.admin'))
  })

  test('counts its events from 1', () => {
    const peer = fakePeer()
    assert.deepEqual([peer.nextSeq(), peer.nextSeq(), peer.nextSeq()], [1, 2, 3])
  })

  test('is closed once, and remembers why we closed it', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    assert.equal(peer.closing, undefined)
    peer.close(1012, 'service restart')
    peer.close(1008, 'something else')
    assert.deepEqual(link.closes, [{ code: 1012, reason: 'service restart' }])
    assert.deepEqual(peer.closing, { code: 1012, reason: 'service restart' })
    assert.ok(peer.isClosed)
  })

  test('whose link went away by itself has no reason of ours, and is not closed again', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    peer.markClosed()
    peer.close(1012, 'service restart')
    assert.equal(peer.closing, undefined)
    assert.deepEqual(link.closes, [])
  })

  test('may be cut while its close is under way: the first reason stays', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    peer.close(4001, 'device removed')
    peer.terminate('missed ping')
    assert.equal(link.terminatedCount, 1)
    assert.deepEqual(peer.closing, { code: 4001, reason: 'device removed' })
  })

  test('is told to pause once, and counts its pauses', () => {
    const link = new RecordingLink()
    const peer = fakePeer({}, link)
    for (const reading of [true, false, false, true, true, false]) peer.setReading(reading)
    assert.deepEqual(link.readings, [false, true, false])
    assert.deepEqual([peer.isReading, peer.pauseCount], [false, 2])
  })
})

describe('who shares with whom', () => {
  test('turns: the connections of one device; without a device each connection stands alone', () => {
    assert.equal(fakePeer({ deviceId: 'd' }).ownerKey, 'd')
    assert.notEqual(fakePeer().ownerKey, fakePeer().ownerKey)
  })

  test('limits and idempotency keys: the device, else the address, also across connections', () => {
    const at = (clientAddress: string) => fakePeer({ locality: { kind: 'remote', clientAddress } })
    assert.equal(fakePeer({ deviceId: 'd' }).callerKey, 'd')
    assert.equal(at('192.0.2.1').callerKey, at('192.0.2.1').callerKey)
    assert.notEqual(at('192.0.2.1').callerKey, at('192.0.2.2').callerKey)
    assert.equal(fakePeer({ locality: { kind: 'local', via: 'unix-socket' } }).callerKey, 'unix-socket')
  })

  test('a part of this process is itself', () => {
    const cron = fakePeer({ connId: 'in-process:cron', locality: { kind: 'in-process' } })
    assert.equal(cron.callerKey, 'in-process:cron')
  })
})
