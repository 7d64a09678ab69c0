import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InProcessLink } from '../../src/connection/in-process-link.ts'
import { inProcessPeer } from '../../src/connection/in-process-peer.ts'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { Broadcaster } from '../../src/events/broadcaster.ts'

describe('a caller inside the process', () => {
  test('has exactly the role and scopes it was given', () => {
    const cron = inProcessPeer({ name: 'cron', role: 'operator', scopes: ['operator.read'] })
    assert.deepEqual([cron.identity.role, cron.identity.scopes], ['operator', ['operator.read']])
    assert.ok(!cron.hasScope('operator.write'))
    assert.equal(cron.identity.locality.kind, 'in-process')
    assert.equal(cron.identity.client.displayName, 'cron')
  })

  test('hears events once it is registered, like everybody else', () => {
    const heard: { event: string; seq: number }[] = []
    const peers = new PeerRegistry()
    peers.add(
      inProcessPeer({ name: 'watcher', role: 'operator', scopes: ['operator.read'] }, (frame) => {
        heard.push(JSON.parse(frame))
      }),
    )
    const broadcaster = new Broadcaster(peers)
    broadcaster.publish('tick', { ts: 1 })
    broadcaster.publish('presence', { presence: [] })
    broadcaster.publish('exec.approval.requested', {})
    assert.deepEqual(
      heard.map(({ event, seq }) => [event, seq]),
      [
        ['tick', 1],
        ['presence', 2],
      ],
    )
  })
})

describe('its link', () => {
  test('never buffers, and tells of its end whoever brought it about', () => {
    const ends: [number, string][] = []
    const link = new InProcessLink(
      () => {},
      (code, reason) => ends.push([code, reason]),
    )
    link.setReading()
    link.ping()
    assert.equal(link.bufferedBytes(), 0)
    link.close(1012, 'service restart')
    link.terminate()
    assert.deepEqual(ends, [
      [1012, 'service restart'],
      [1006, ''],
    ])
  })
})
