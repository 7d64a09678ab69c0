import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { Heartbeat } from '../../src/connection/heartbeat.ts'
import type { Peer } from '../../src/connection/peer.ts'
import { FakeLoop } from '../fake-loop.ts'
import { fakePeer, RecordingLink } from '../fake-peer.ts'

const INTERVAL_MS = LIMITS.pingIntervalMs

class Setting {
  readonly loop: FakeLoop
  readonly heartbeat: Heartbeat
  /** As a socket does, it ends the watch when it is cut. */
  readonly link = new (class extends RecordingLink {
    onTerminate = (): void => {}

    override terminate(): void {
      super.terminate()
      this.onTerminate()
    }
  })()
  readonly peer: Peer

  constructor(t: TestContext) {
    this.loop = new FakeLoop(t)
    this.heartbeat = new Heartbeat(this.loop.clock)
    this.heartbeat.start()
    t.after(() => this.heartbeat.stop())
    this.peer = fakePeer({}, this.link)
    this.heartbeat.watch(this.peer)
    this.link.onTerminate = () => this.heartbeat.unwatch(this.peer)
  }

  /** To the first ping. */
  async runToPing(): Promise<void> {
    while (this.link.pingCount === 0) await this.loop.run(1_000, 1_000)
  }

  /** A peer that answers every ping. */
  async runAnswering(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await this.loop.run(1_000, 1_000)
      this.heartbeat.pong(this.peer)
    }
  }
}

describe('the heartbeat', () => {
  test('pings once per interval and leaves a peer that answers alone', async (t) => {
    const setting = new Setting(t)
    await setting.runAnswering(4 * INTERVAL_MS)
    assert.equal(setting.link.pingCount, 4)
    assert.equal(setting.link.terminatedCount, 0)
  })

  test('terminates a peer that misses a whole interval, without a close frame', async (t) => {
    const setting = new Setting(t)
    const { loop, link, peer } = setting
    await setting.runToPing()
    await loop.run(INTERVAL_MS - 1_000, 1_000)
    assert.equal(link.terminatedCount, 0)
    await loop.run(1_000, 1_000)
    assert.deepEqual([link.terminatedCount, link.closes.length], [1, 0])
    assert.deepEqual(peer.closing, { code: 1006, reason: 'missed ping' })
  })

  test('spreads many peers over the interval', async (t) => {
    const { loop, heartbeat } = new Setting(t)
    const links = Array.from({ length: 100 }, () => new RecordingLink())
    for (const link of links) heartbeat.watch(fakePeer({}, link))
    let mostPerTurn = 0
    for (let turn = 0; turn < 25; turn += 1) {
      const before = links.reduce((sum, { pingCount }) => sum + pingCount, 0)
      await loop.run(1_000, 1_000)
      mostPerTurn = Math.max(mostPerTurn, links.reduce((sum, { pingCount }) => sum + pingCount, 0) - before)
    }
    assert.ok(links.every(({ pingCount }) => pingCount === 1))
    assert.ok(mostPerTurn <= 5, `${mostPerTurn} pings in one turn`)
  })

  test('forgets a peer that has gone', async (t) => {
    const { loop, heartbeat, peer, link } = new Setting(t)
    await loop.run(INTERVAL_MS, 1_000)
    heartbeat.unwatch(peer)
    heartbeat.unwatch(peer)
    heartbeat.pong(peer)
    await loop.run(3 * INTERVAL_MS, 1_000)
    assert.deepEqual([link.pingCount, link.terminatedCount], [1, 0])
  })
})

describe('a stall of the gateway', () => {
  test('does not cost a peer its connection whose pong lies in the socket', async (t) => {
    const setting = new Setting(t)
    const { loop, heartbeat, peer, link } = setting
    await setting.runToPing()
    await loop.run(INTERVAL_MS - 1_000, 1_000)
    await loop.stall(10 * INTERVAL_MS, () => heartbeat.pong(peer))
    assert.equal(link.terminatedCount, 0)
  })

  test('is not held against a peer that had no time to answer', async (t) => {
    const setting = new Setting(t)
    const { loop, heartbeat, peer, link } = setting
    await setting.runToPing()
    await loop.stall(INTERVAL_MS)
    assert.equal(link.terminatedCount, 0, 'all of the interval was ours')
    await loop.run(500, 100)
    heartbeat.pong(peer)
    await loop.run(INTERVAL_MS, 1_000)
    assert.equal(link.terminatedCount, 0)
  })

  test('of a moment in each interval does not keep a dead peer for ever', async (t) => {
    const { loop, link } = new Setting(t)
    for (let interval = 0; interval < 4; interval += 1) {
      await loop.run(INTERVAL_MS - 1_000, 1_000)
      await loop.stall(60)
      await loop.run(1_000, 1_000)
    }
    assert.equal(link.terminatedCount, 1)
  })

  test('of half of each interval does not keep a dead peer for ever either', async (t) => {
    const { loop, link } = new Setting(t)
    for (let interval = 0; interval < 8; interval += 1) {
      await loop.run(12_000, 1_000)
      await loop.stall(13_000)
    }
    assert.equal(link.terminatedCount, 1)
  })
})

describe('a peer we do not read from', () => {
  test('is not judged: its pong waits in the socket', async (t) => {
    const { loop, peer, link } = new Setting(t)
    peer.setReading(false)
    await loop.run(5 * INTERVAL_MS, 1_000)
    assert.equal(link.terminatedCount, 0)
  })

  test('gets a whole interval after reading resumed', async (t) => {
    const setting = new Setting(t)
    const { loop, peer, link } = setting
    await setting.runToPing()
    peer.setReading(false)
    await loop.run(INTERVAL_MS - 1_000, 1_000)
    peer.setReading(true)
    await loop.run(1_000, 1_000)
    assert.equal(link.terminatedCount, 0)
    await loop.run(INTERVAL_MS, 1_000)
    assert.equal(link.terminatedCount, 1, 'and is judged again then')
  })
})
