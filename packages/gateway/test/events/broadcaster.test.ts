import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import type { Peer } from '../../src/connection/peer.ts'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { Broadcaster, sendDirect } from '../../src/events/broadcaster.ts'
import { fakeNode, fakePeer, RecordingLink } from '../fake-peer.ts'

class Setting {
  readonly peers = new PeerRegistry()
  readonly published: [event: string, receivers: number][] = []
  readonly broadcaster = new Broadcaster(this.peers, (event, _, receivers) => this.published.push([event, receivers]))

  add(changes: Parameters<typeof fakePeer>[0] = {}): { peer: Peer; link: RecordingLink } {
    const link = new RecordingLink()
    const peer = fakePeer(changes, link)
    this.peers.add(peer)
    return { peer, link }
  }
}

const events = ({ frames }: RecordingLink) => frames.map(({ event, seq }) => [event, seq])

describe('an event', () => {
  test('reaches those with its scope, numbered for each of them', () => {
    const setting = new Setting()
    const [reader, approver] = [setting.add(), setting.add({ scopes: ['operator.approvals'] })]
    setting.broadcaster.publish('tick', {})
    setting.broadcaster.publish('presence', {})
    setting.broadcaster.publish('exec.approval.requested', {})
    assert.deepEqual(events(reader.link), [
      ['tick', 1],
      ['presence', 2],
    ])
    assert.deepEqual(events(approver.link), [
      ['tick', 1],
      ['exec.approval.requested', 2],
    ])
    assert.deepEqual(setting.published, [
      ['tick', 2],
      ['presence', 1],
      ['exec.approval.requested', 1],
    ])
  })

  test('that needs a scope never reaches a node, whatever scopes it claims', () => {
    const setting = new Setting()
    const link = new RecordingLink()
    setting.peers.add(fakeNode({ scopes: ['operator.admin'] }))
    const node = fakePeer({ role: 'node', scopes: ['operator.admin'] }, link)
    setting.peers.add(node)
    setting.broadcaster.publish('presence', {})
    setting.broadcaster.publish('shutdown', {})
    assert.deepEqual(events(link), [['shutdown', 1]])
  })

  test('of no known family reaches nobody, and is counted', () => {
    const setting = new Setting()
    const { link } = setting.add({ scopes: ['operator.admin'] })
    assert.equal(setting.broadcaster.publish('made.up', {}), 0)
    assert.equal(setting.broadcaster.unknownEventCount, 1)
    assert.deepEqual(link.frames, [])
  })

  test('may be narrowed to an audience', () => {
    const setting = new Setting()
    const [first, second] = [setting.add(), setting.add()]
    const receivers = setting.broadcaster.publish('session.message', {}, { audience: (peer) => peer === second.peer })
    assert.equal(receivers, 1)
    assert.deepEqual([first.link.frames.length, second.link.frames.length], [0, 1])
    assert.equal(first.peer.nextSeq(), 1, 'no number was used up for those outside')
  })

  test('carries the state version it belongs to', () => {
    const setting = new Setting()
    const { link } = setting.add()
    setting.broadcaster.publish('presence', {}, { stateVersion: { presence: 3, health: 4 } })
    assert.deepEqual(link.frames[0]?.stateVersion, { presence: 3, health: 4 })
  })

  test('keeps the numbers of each receiver apart when they differ', () => {
    const setting = new Setting()
    const [old, late] = [setting.add(), setting.add()]
    sendDirect(late.peer, 'chat', {})
    old.peer.nextSeq()
    const later = setting.add()
    setting.broadcaster.publish('tick', { ts: 1 })
    assert.deepEqual(
      [events(old.link), events(late.link), events(later.link)],
      [
        [['tick', 2]],
        [
          ['chat', undefined],
          ['tick', 1],
        ],
        [['tick', 1]],
      ],
    )
  })
})

describe('a receiver that is closing', () => {
  test('is passed over and uses up no number', () => {
    const setting = new Setting()
    const { peer, link } = setting.add()
    peer.close(4001, 'device removed')
    assert.equal(setting.broadcaster.publish('tick', {}), 0)
    assert.deepEqual(link.frames, [])
    assert.equal(peer.nextSeq(), 1)
  })

  test('because it was too slow for this very event does not keep it from the others', () => {
    const setting = new Setting()
    const [slow, quick] = [setting.add(), setting.add()]
    slow.link.waitingBytes = LIMITS.maxBufferedBytes + 1
    assert.equal(setting.broadcaster.publish('chat', {}), 2)
    assert.deepEqual(slow.link.closes, [{ code: 1008, reason: 'slow consumer' }])
    assert.deepEqual(events(quick.link), [['chat', 1]])
  })
})

describe('a slow receiver', () => {
  test('loses lossy events, and sees the gap in their numbers', () => {
    const setting = new Setting()
    const { peer, link } = setting.add()
    setting.broadcaster.publish('tick', {})
    link.waitingBytes = LIMITS.maxBufferedBytes + 1
    setting.broadcaster.publish('tick', {})
    link.waitingBytes = 0
    setting.broadcaster.publish('tick', {})
    assert.deepEqual(events(link), [
      ['tick', 1],
      ['tick', 3],
    ])
    assert.equal(peer.outbound.droppedCount, 1)
  })
})

describe('the count of events', () => {
  test('is kept by name, with the connections they were addressed to', () => {
    const setting = new Setting()
    setting.add()
    const { link } = setting.add()
    setting.broadcaster.publish('tick', {})
    link.waitingBytes = LIMITS.maxBufferedBytes + 1
    setting.broadcaster.publish('tick', {})
    setting.broadcaster.publish('chat', {})
    setting.broadcaster.publish('made.up', {})
    const counts = [...setting.broadcaster.counts].map(([event, { published, addressed }]) => [
      event,
      published,
      addressed,
    ])
    assert.deepEqual(counts, [
      ['tick', 2, 4],
      ['chat', 1, 2],
    ])
    assert.deepEqual([setting.broadcaster.droppedCount, setting.broadcaster.slowConsumerCount], [1, 1])
  })

  test('of an open family is bounded', () => {
    const setting = new Setting()
    for (let at = 0; at < 1_000; at += 1) setting.broadcaster.publish(`plugin.made-up-${at}`, {})
    assert.equal(setting.broadcaster.counts.size, 257)
    assert.equal(setting.broadcaster.counts.get('other')?.published, 744)
  })

  test('goes with a label for stalls', () => {
    const labels: string[] = []
    const spans = { run: (label: string, work: () => unknown) => [labels.push(label), work()][1] }
    const broadcaster = new Broadcaster(new PeerRegistry(), undefined, spans as never)
    broadcaster.publish('tick', {})
    assert.deepEqual(labels, ['event tick'])
  })
})
