import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

describe('the registry', () => {
  test('finds peers by connection and by device', () => {
    const registry = new PeerRegistry()
    const [alone, first, second] = [fakePeer(), fakePeer({ deviceId: 'd' }), fakePeer({ deviceId: 'd' })]
    for (const peer of [alone, first, second]) registry.add(peer)
    assert.equal(registry.size, 3)
    assert.equal(registry.get(alone.identity.connId), alone)
    assert.deepEqual([...registry.ofDevice('d')], [first, second])
    assert.deepEqual([...registry.ofDevice('nobody')], [])
    assert.ok(registry.isConnected('d') && !registry.isConnected('nobody'))
  })

  test('forgets a device with its last connection', () => {
    const registry = new PeerRegistry()
    const [first, second] = [fakePeer({ deviceId: 'd' }), fakePeer({ deviceId: 'd' })]
    registry.add(first)
    registry.add(second)
    assert.ok(registry.remove(first))
    assert.ok(registry.isConnected('d'))
    assert.ok(registry.remove(second))
    assert.ok(!registry.isConnected('d'))
    assert.equal(registry.size, 0)
  })

  test('removes a peer once, and never another one that took its place', () => {
    const registry = new PeerRegistry()
    const [old, successor] = [fakePeer({ connId: 'c' }), fakePeer({ connId: 'c' })]
    registry.add(old)
    registry.add(successor)
    assert.equal(registry.remove(old), false)
    assert.equal(registry.get('c'), successor)
    assert.ok(registry.remove(successor))
    assert.equal(registry.remove(successor), false)
  })

  test('may lose peers while it is walked through, as a slow consumer that is closed', () => {
    const registry = new PeerRegistry()
    for (let count = 0; count < 10; count += 1) registry.add(fakePeer())
    let seen = 0
    for (const peer of registry.all()) {
      seen += 1
      registry.remove(peer)
    }
    assert.deepEqual([seen, registry.size], [10, 0])
  })

  test('stops the reading of every connection of an owner', () => {
    const registry = new PeerRegistry()
    const links = [new RecordingLink(), new RecordingLink(), new RecordingLink()]
    const [first, second, other] = links
    registry.add(fakePeer({ deviceId: 'd' }, first))
    registry.add(fakePeer({ deviceId: 'd' }, second))
    const alone = fakePeer({}, other)
    registry.add(alone)
    registry.setReading('d', false)
    assert.deepEqual(
      links.map(({ readings }) => readings),
      [[false], [false], []],
    )
    registry.setReading(alone.ownerKey, false)
    assert.deepEqual(other?.readings, [false])
    registry.setReading('d', true)
    assert.deepEqual(
      links.map(({ readings }) => readings),
      [[false, true], [false, true], [false]],
    )
  })
})
