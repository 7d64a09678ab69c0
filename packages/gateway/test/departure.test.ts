import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Peer } from '../src/connection/peer.ts'
import { PeerRegistry } from '../src/connection/registry.ts'
import { DEPARTURE_LIMITS, Departure, judgeDeparture, planDepartures } from '../src/departure.ts'
import { Broadcaster } from '../src/events/broadcaster.ts'
import { silentLogger } from '../src/observe/logger.ts'
import { fakePeer, RecordingLink } from './fake-peer.ts'

/** A fleet whose clock moves only while the departure sleeps. */
class Fleet {
  readonly peers = new PeerRegistry()
  readonly links = new Map<Peer, RecordingLink>()
  readonly closedAtMs: number[] = []
  readonly drained = new Set<Peer>()
  /** Until when, in milliseconds, a connection has work that runs. */
  readonly busyUntilMs = new Map<Peer, number>()
  /** Other ends that never answer a close. */
  readonly dead = new Set<Peer>()
  onTick = (): void => {}
  nowMs = 0
  readonly departure = new Departure({
    peers: this.peers,
    broadcaster: new Broadcaster(this.peers),
    router: {
      drain: (peer) => void this.drained.add(peer),
      isIdle: (peer) => (this.busyUntilMs.get(peer) ?? 0) <= this.nowMs,
    },
    log: silentLogger,
    now: () => this.nowMs,
    sleep: async (ms) => {
      this.nowMs += ms
      this.onTick()
    },
  })

  add(count = 1): Peer[] {
    return Array.from({ length: count }, () => {
      const link = new RecordingLink()
      const peer = fakePeer({}, link)
      link.close = (code, reason) => {
        link.closes.push({ code, reason })
        this.closedAtMs.push(this.nowMs)
        if (!this.dead.has(peer)) this.peers.remove(peer)
      }
      this.peers.add(peer)
      this.links.set(peer, link)
      return peer
    })
  }

  closesOf(peer: Peer | undefined) {
    return peer === undefined ? undefined : this.links.get(peer)?.closes
  }
}

describe('the plan of departures', () => {
  test('spreads them evenly, within its bounds, first come first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (count) => {
        const due = [
          ...planDepartures(
            Array.from({ length: count }, (_, index) => index),
            DEPARTURE_LIMITS,
          ).values(),
        ]
        const distanceMs = (due[1] ?? 0) - (due[0] ?? 0)
        assert.ok(distanceMs <= DEPARTURE_LIMITS.spacingMs)
        assert.ok((due.at(-1) ?? 0) <= DEPARTURE_LIMITS.maxSpreadMs)
        assert.ok(due.every((at, index) => Math.abs(at - index * distanceMs) < 0.001))
      }),
      { numRuns: 50 },
    )
  })

  test('leaves less than 10 s in all, and never cuts before everybody was due', () => {
    const { drainMs, closingMs, maxSpreadMs } = DEPARTURE_LIMITS
    assert.ok(drainMs + closingMs <= 7_500)
    assert.ok(maxSpreadMs <= drainMs)
  })

  test('closes what is idle and due, waits for what runs, and cuts it in the end', () => {
    const judge = (elapsedMs: number, isIdle: boolean) =>
      judgeDeparture({ dueAtMs: 100, elapsedMs, isIdle: () => isIdle }, DEPARTURE_LIMITS)
    assert.deepEqual([judge(99, true), judge(99, false)], ['stay', 'stay'])
    assert.deepEqual([judge(100, true), judge(100, false)], ['close', 'drain'])
    assert.deepEqual([judge(6_000, true), judge(6_000, false)], ['close', 'cut'])
  })
})

describe('a departure', () => {
  test('tells everybody first, then closes them one by one with 1012', async () => {
    const fleet = new Fleet()
    const peers = fleet.add(500)
    await fleet.departure.run({ reason: 'gateway stopping (SIGTERM)', restartMs: 400 })
    for (const peer of peers) {
      const link = fleet.links.get(peer)
      assert.deepEqual(
        link?.frames.map(({ event, payload }) => [event, payload]),
        [['shutdown', { reason: 'gateway stopping (SIGTERM)', restartExpectedMs: 2_895 }]],
      )
      assert.deepEqual(link?.closes, [{ code: 1012, reason: 'service restart' }])
    }
    const perSecond = [0, 1, 2].map(
      (second) => fleet.closedAtMs.filter((at) => Math.floor(at / 1_000) === second).length,
    )
    assert.ok(
      perSecond.every((count) => count <= 210),
      `closes per second: ${perSecond}`,
    )
    assert.ok(fleet.nowMs < 2_600, `took ${fleet.nowMs} ms`)
  })

  test('of nobody, or of a few, takes no time', async () => {
    const nobody = new Fleet()
    await nobody.departure.run({ reason: 'x' })
    assert.equal(nobody.nowMs, 0)
    const few = new Fleet()
    const [peer] = few.add(3)
    await few.departure.run({ reason: 'x' })
    assert.ok(few.nowMs <= 40)
    assert.deepEqual(peer && few.links.get(peer)?.frames[0]?.payload, { reason: 'x' })
  })

  test('finishes what runs, refusing what is new, and closes as soon as it is done', async () => {
    const fleet = new Fleet()
    const [busy, idle] = fleet.add(2)
    assert.ok(busy && idle)
    fleet.busyUntilMs.set(busy, 3_000)
    await fleet.departure.run({ reason: 'x' })
    assert.deepEqual([...fleet.drained], [busy])
    assert.ok(fleet.nowMs >= 3_000 && fleet.nowMs < 3_100, `took ${fleet.nowMs} ms`)
  })

  test('cuts what never ends', async () => {
    const fleet = new Fleet()
    const [busy] = fleet.add(1)
    assert.ok(busy)
    fleet.busyUntilMs.set(busy, Number.POSITIVE_INFINITY)
    await fleet.departure.run({ reason: 'x' })
    assert.equal(fleet.closesOf(busy)?.length, 1)
    assert.ok(fleet.nowMs >= DEPARTURE_LIMITS.drainMs && fleet.nowMs < DEPARTURE_LIMITS.drainMs + 100)
  })

  test('does not wait for ever for ends that never answer a close', async () => {
    const fleet = new Fleet()
    const [peer] = fleet.add(1)
    assert.ok(peer)
    fleet.dead.add(peer)
    await fleet.departure.run({ reason: 'x' })
    assert.equal(fleet.closesOf(peer)?.length, 1, 'closed once')
    const { drainMs, closingMs } = DEPARTURE_LIMITS
    assert.ok(fleet.nowMs <= drainMs + closingMs + 20)
  })

  test('closes whoever was admitted at the last moment', async () => {
    const fleet = new Fleet()
    fleet.add(100)
    let late: Peer | undefined
    fleet.onTick = () => {
      late ??= fleet.add(1)[0]
    }
    await fleet.departure.run({ reason: 'x' })
    assert.deepEqual(fleet.closesOf(late), [{ code: 1012, reason: 'service restart' }])
    assert.equal(fleet.peers.size, 0)
  })
})
