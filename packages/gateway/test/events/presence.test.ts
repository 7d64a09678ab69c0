import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import type { PresenceEntry } from '@breakwater/protocol'
import type { Peer } from '../../src/connection/peer.ts'
import { PeerRegistry } from '../../src/connection/registry.ts'
import { Broadcaster } from '../../src/events/broadcaster.ts'
import { Presence } from '../../src/events/presence.ts'
import { StateVersions } from '../../src/events/state-versions.ts'
import { FakeClock, fakeNode, fakePeer, RecordingLink } from '../fake-peer.ts'

const TTL_MS = 300_000
const SELF = {
  host: 'gw',
  ip: '192.0.2.2',
  version: '0.1.0',
  platform: 'linux 6.8.0',
  deviceFamily: 'Linux',
  instanceId: 'boot-1',
}

class Setting {
  readonly clock = new FakeClock()
  readonly link = new RecordingLink()
  readonly versions = new StateVersions()
  readonly presence: Presence

  constructor() {
    const peers = new PeerRegistry()
    peers.add(fakePeer({}, this.link))
    this.presence = new Presence({
      broadcaster: new Broadcaster(peers),
      clock: this.clock,
      versions: this.versions,
      self: SELF,
      monotonicMs: () => this.clock.nowMs(),
    })
  }

  /** Everybody but the gateway. */
  others(): readonly PresenceEntry[] {
    return this.presence.list().slice(1)
  }

  [Symbol.dispose](): void {
    this.presence.stop()
  }
}

const withMode = (mode: Peer['identity']['client']['mode']): Peer =>
  fakePeer({ client: { id: 'test', mode, version: '1', platform: 'linux' } })

describe('the presence list', () => {
  test('begins with the gateway itself, whose time is now', () => {
    using setting = new Setting()
    const first = setting.presence.list()[0]
    setting.clock.advance(7_000)
    assert.deepEqual(first, {
      ...SELF,
      mode: 'gateway',
      reason: 'self',
      text: 'Gateway: gw (192.0.2.2) · app 0.1.0 · mode gateway · reason self',
      ts: Date.UTC(2030, 0, 1),
    })
    assert.equal(setting.presence.list()[0]?.ts, Date.UTC(2030, 0, 1) + 7_000)
    assert.equal(setting.presence.version, 1)
  })

  test('names an operator by its connection', () => {
    using setting = new Setting()
    setting.presence.connected(fakePeer({ deviceId: 'd', scopes: ['operator.read'] }))
    setting.presence.connected(fakePeer({ deviceId: 'd', scopes: ['operator.read'] }))
    const [entry] = setting.others()
    assert.equal(setting.others().length, 2)
    assert.deepEqual(entry, {
      host: 'desk',
      version: '1.2.3',
      platform: 'macOS 15.3.1',
      mode: 'ui',
      reason: 'connect',
      text: 'Node: desk · mode ui',
      onlineSince: Date.UTC(2030, 0, 1),
      deviceId: 'd',
      roles: ['operator'],
      scopes: ['operator.read'],
      ts: Date.UTC(2030, 0, 1),
    })
  })

  test('has one entry for a node however often it reconnects', () => {
    using setting = new Setting()
    const before = fakeNode()
    setting.presence.connected(before)
    setting.presence.connected(fakeNode())
    setting.presence.disconnected(before)
    const [entry, ...rest] = setting.others()
    assert.deepEqual(rest, [])
    assert.equal(entry?.reason, 'connect')
    assert.equal(entry?.instanceId, 'device-1')
    assert.equal(entry?.scopes, undefined)
  })

  test('never lists command lines, services, probes and callers inside the process', () => {
    using setting = new Setting()
    for (const mode of ['cli', 'backend', 'probe'] as const) setting.presence.connected(withMode(mode))
    setting.presence.connected(fakePeer({ locality: { kind: 'in-process' } }))
    assert.deepEqual(setting.others(), [])
    assert.equal(setting.presence.version, 1)
    setting.presence.connected(withMode('test'))
    assert.equal(setting.others()[0]?.host, 'test')
  })

  test('shows the address of clients from elsewhere only', () => {
    using setting = new Setting()
    setting.presence.connected(fakePeer({ locality: { kind: 'remote', clientAddress: '198.51.100.7' } }))
    setting.presence.connected(fakePeer({ locality: { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' } }))
    const addresses = setting.others().map(({ ip, text }) => [ip, text])
    assert.deepEqual(addresses, [
      ['198.51.100.7', 'Node: desk (198.51.100.7) · mode ui'],
      [undefined, 'Node: desk · mode ui'],
    ])
  })

  test('keeps who left, as such', () => {
    using setting = new Setting()
    const peer = fakePeer()
    setting.presence.connected(peer)
    setting.clock.advance(1_000)
    setting.presence.disconnected(peer)
    setting.presence.disconnected(peer)
    const [entry, ...rest] = setting.others()
    assert.deepEqual(rest, [])
    assert.equal(entry?.reason, 'disconnect')
    assert.equal(entry?.ts, setting.clock.nowMs())
    assert.equal(setting.presence.version, 3)
  })

  test('drops an entry five minutes after its last sign of life', () => {
    using setting = new Setting()
    const alive = fakePeer()
    setting.presence.connected(alive)
    setting.presence.connected(fakePeer())
    setting.clock.advance(TTL_MS - 1)
    setting.presence.touch(alive)
    assert.equal(setting.others().length, 2)
    const before = setting.presence.version
    setting.clock.advance(1)
    assert.deepEqual(
      setting.others().map(({ ts }) => ts),
      [setting.clock.nowMs() - 1],
    )
    assert.equal(setting.presence.version, before + 1)
  })

  test('ignores a sign of life of a connection that is no longer the one listed', () => {
    using setting = new Setting()
    const before = fakeNode()
    setting.presence.connected(before)
    setting.presence.connected(fakeNode())
    setting.clock.advance(2_000)
    setting.presence.touch(before)
    assert.equal(setting.others()[0]?.ts, setting.clock.nowMs() - 2_000)
  })

  test('holds two hundred entries; who left makes room before who is here', () => {
    using setting = new Setting()
    const gone = fakePeer()
    setting.presence.connected(gone)
    setting.presence.disconnected(gone)
    const peers = Array.from({ length: 199 }, () => fakePeer())
    for (const peer of peers) setting.presence.connected(peer)
    assert.equal(setting.presence.list().length, 200)
    assert.ok(setting.others().every(({ reason }) => reason === 'connect'))
    setting.presence.connected(fakePeer())
    assert.equal(setting.presence.list().length, 200)
    assert.equal(setting.presence.evictedCount, 2)
  })

  test('lists a peer that had to make room again, as soon as there is room and it gives a sign of life', () => {
    using setting = new Setting()
    const first = fakePeer()
    setting.presence.connected(first)
    const later = Array.from({ length: 199 }, () => fakePeer())
    for (const peer of later) setting.presence.connected(peer)
    setting.clock.advance(TTL_MS - 1_000)
    setting.presence.touch(first)
    assert.equal(setting.presence.evictedCount, 1)
    setting.clock.advance(1_000)
    assert.deepEqual(setting.others(), [])
    setting.presence.touch(first)
    assert.equal(setting.others().length, 1)
  })

  test('is the same array until something changes or a second passes', () => {
    using setting = new Setting()
    const list = setting.presence.list()
    assert.equal(setting.presence.list(), list)
    setting.clock.advance(1_000)
    const later = setting.presence.list()
    assert.notEqual(later, list)
    setting.presence.connected(fakePeer())
    assert.notEqual(setting.presence.list(), later)
  })
})

describe('a presence report', () => {
  test('without an entry of its own makes one, keyed by its instance', () => {
    using setting = new Setting()
    setting.presence.report({ text: 'Node: facts', host: 'h', mode: 'ui', instanceId: 'i', lastInputSeconds: 4.7 })
    setting.presence.report({ text: 'Node: facts', host: 'h', mode: 'ui', instanceId: 'i', reason: 'periodic' })
    assert.deepEqual(setting.others(), [
      {
        text: 'Node: facts',
        host: 'h',
        mode: 'ui',
        instanceId: 'i',
        lastInputSeconds: 4,
        reason: 'periodic',
        ts: setting.clock.nowMs(),
      },
    ])
  })

  test('is merged into the entry of its connection, which stays connected', () => {
    using setting = new Setting()
    const peer = fakePeer({
      client: { id: 'openclaw-macos', mode: 'ui', version: '1', platform: 'macOS', instanceId: 'mac-1' },
    })
    setting.presence.connected(peer)
    setting.presence.report({ text: 'Node: mac', instanceId: 'mac-1', lastInputSeconds: 3, tags: ['', 'a'] })
    const [entry, ...rest] = setting.others()
    assert.deepEqual(rest, [])
    assert.equal(entry?.lastInputSeconds, 3)
    assert.deepEqual(entry?.tags, ['a'])
    setting.presence.disconnected(peer)
    assert.equal(setting.others()[0]?.reason, 'disconnect')
  })

  test('of a node is merged into the entry of its device', () => {
    using setting = new Setting()
    setting.presence.connected(fakeNode())
    setting.presence.report({ text: 'Node: shed', deviceId: 'device-1', host: 'garden shed' })
    assert.deepEqual(
      setting.others().map(({ host, mode }) => [host, mode]),
      [['garden shed', 'node']],
    )
  })
})

describe('the presence event', () => {
  test('carries the whole list and its version, and is paced', () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      using setting = new Setting()
      setting.presence.connected(fakePeer())
      setting.presence.connected(fakePeer())
      assert.equal(setting.link.frames.length, 1)
      setting.clock.advance(20)
      mock.timers.tick(20)
      const [first, second] = setting.link.frames
      assert.equal(first?.event, 'presence')
      assert.deepEqual(first?.stateVersion, { presence: 2, health: 1 })
      assert.deepEqual(second?.stateVersion, { presence: 3, health: 1 })
      assert.deepEqual(second?.payload, { presence: [...setting.presence.list()] })
    } finally {
      mock.timers.reset()
    }
  })

  test('is sent again for a system event that changes nobody', () => {
    using setting = new Setting()
    setting.presence.announce()
    assert.deepEqual(
      setting.link.frames.map(({ event }) => event),
      ['presence'],
    )
  })
})
