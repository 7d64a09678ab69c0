import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ClientInfo } from '@breakwater/protocol'
import type { HandshakeFailure } from '../../src/admission/failure-record.ts'
import { CLOSED_CAPACITY, ClosedConnections } from '../../src/observe/closed-connections.ts'
import { FakeClock, fakeNode, fakePeer } from '../fake-peer.ts'

const AT = 1_893_456_000_000

const FAILURE: HandshakeFailure = {
  connId: 'x1',
  cause: 'handshake-timeout',
  phase: 'connect',
  handshakeMs: 3_000,
  durationMs: 3_001,
  remote: '203.0.113.7',
  host: undefined,
  fwd: undefined,
  origin: undefined,
  ua: undefined,
  code: 1008,
  reason: 'handshake timeout (connect, 3000 ms)',
}

describe('the record of closed connections', () => {
  test('tells whose connection ended, when, why and after how long', () => {
    const closed = new ClosedConnections({ clock: new FakeClock(AT) })
    closed.record(
      fakeNode({ connId: 'c1', locality: { kind: 'remote', clientAddress: '198.51.100.1' } }),
      4001,
      'device removed',
      1_234.5,
    )
    closed.failed(FAILURE)
    assert.deepEqual(closed.report(10), {
      capacity: 10_000,
      count: 2,
      dropped: 0,
      byCode: { '4001': 1 },
      connections: [
        {
          connId: 'c1',
          ts: AT,
          durationMs: 1_235,
          handshake: 'ok',
          code: 4001,
          reason: 'device removed',
          remote: '198.51.100.1',
          role: 'node',
          client: 'node-host/node',
          deviceId: 'device-1',
        },
        {
          connId: 'x1',
          ts: AT,
          durationMs: 3_001,
          handshake: 'failed',
          code: 1008,
          reason: 'handshake timeout (connect, 3000 ms)',
          cause: 'handshake-timeout',
          remote: '203.0.113.7',
        },
      ],
    })
  })

  test('holds the last ten thousand, oldest first, and counts all', () => {
    const closed = new ClosedConnections({ clock: new FakeClock() })
    const extra = 1_234
    for (let at = 1; at <= CLOSED_CAPACITY + extra; at += 1) closed.record(fakePeer({ connId: `c${at}` }), 1000, '', 1)
    const { count, dropped, byCode, connections } = closed.report(CLOSED_CAPACITY)
    assert.deepEqual([count, dropped, byCode], [CLOSED_CAPACITY, extra, { '1000': CLOSED_CAPACITY + extra }])
    assert.ok(connections.every(({ connId }, index) => connId === `c${extra + 1 + index}`))
    assert.deepEqual(
      closed.report(2).connections.map(({ connId }) => connId),
      [`c${CLOSED_CAPACITY + extra - 1}`, `c${CLOSED_CAPACITY + extra}`],
    )
  })

  test('is bounded whatever peers say: in its texts, in its codes, in its memory', () => {
    const closed = new ClosedConnections({ clock: new FakeClock() })
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    // Longer than the contract lets them be.
    const client = { id: 'i'.repeat(500), mode: 'ui', version: '1', platform: 'p' } as unknown as ClientInfo
    for (let at = 0; at < 3 * CLOSED_CAPACITY; at += 1) {
      closed.record(fakePeer({ client }), 3_000 + (at % 2_000), `${at} ${'r'.repeat(500)}`, 1)
    }
    globalThis.gc?.()
    const heldBytes = process.memoryUsage().heapUsed - before
    const { byCode, connections } = closed.report(1)
    assert.equal(Object.keys(byCode).length, 65)
    assert.equal(
      Object.values(byCode).reduce((sum, count) => sum + count),
      3 * CLOSED_CAPACITY,
    )
    assert.equal(connections[0]?.reason.length, 123)
    assert.equal(connections[0]?.client?.length, 123)
    if (globalThis.gc !== undefined) assert.ok(heldBytes < 12_000_000, `${heldBytes} bytes`)
  })
})
