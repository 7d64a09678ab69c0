import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { Connection } from '../../src/listener/connection.ts'
import type { StallClock } from '../../src/observe/stall-clock.ts'
import { FakeLoop } from '../fake-loop.ts'

const raw = (bytesRead = 0) => ({ bytesRead, remoteAddress: '192.0.2.1' }) as unknown as Socket & { bytesRead: number }
const TIER = { legMs: 3_000, totalMs: 10_000 }

describe('an accepted socket', () => {
  test('is under a deadline from the moment it was accepted', async (t) => {
    const loop = new FakeLoop(t)
    const connection = new Connection(raw(), loop.clock as unknown as StallClock, TIER, 'tls', false)
    const expired: [string, number][] = []
    connection.onExpired = (leg, legMs) => expired.push([leg, legMs])
    await loop.run(3_000, 100)
    assert.deepEqual(expired, [['tls', 3_000]])
    assert.equal(connection.acceptedAt, loop.now - 3_000)
  })

  test('tells whoever is responsible for it at the time, or nobody', async (t) => {
    const loop = new FakeLoop(t)
    const connection = new Connection(raw(), loop.clock as unknown as StallClock, TIER, 'upgrade', false)
    const told: string[] = []
    connection.onExpired = () => told.push('listener')
    connection.onExpired = () => told.push('admission')
    await loop.run(3_000, 100)
    connection.onExpired = undefined
    connection.deadline.enter('connect')
    await loop.run(3_000, 100)
    assert.deepEqual(told, ['admission'])
  })

  test('knows its address, what it has sent, and an id of its own', (t) => {
    const loop = new FakeLoop(t)
    const socket = raw(700)
    const [first, second] = [0, 1].map(
      () => new Connection(socket, loop.clock as unknown as StallClock, TIER, 'upgrade', false),
    )
    assert.deepEqual([first?.peerAddress, first?.receivedBytes, first?.raw], ['192.0.2.1', 700, socket])
    socket.bytesRead = 900
    assert.equal(first?.receivedBytes, 900)
    assert.notEqual(first?.connId, second?.connId)
    first?.deadline.finish()
    second?.deadline.finish()
  })
})
