import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SystemEvents } from '../../src/events/system-events.ts'
import { FakeClock } from '../fake-peer.ts'

const texts = (events: SystemEvents): string[] => events.pending().map(({ text }) => text)

describe('queued system events', () => {
  test('are taken by their session, oldest first, once', () => {
    const events = new SystemEvents({ clock: new FakeClock(5) })
    events.enqueue('a', 'one')
    events.enqueue('b', 'two')
    events.enqueue('a', 'three')
    assert.deepEqual(events.drain('a'), [
      { sessionKey: 'a', text: 'one', atMs: 5 },
      { sessionKey: 'a', text: 'three', atMs: 5 },
    ])
    assert.deepEqual(events.drain('a'), [])
    assert.deepEqual(texts(events), ['two'])
  })

  test('that repeat the newest one are queued once', () => {
    const events = new SystemEvents({ clock: new FakeClock() })
    for (const text of ['x', 'x', 'y', 'x']) events.enqueue('a', text)
    assert.deepEqual(texts(events), ['x', 'y', 'x'])
  })

  test('keep the newest twenty of a session and count the rest', () => {
    const events = new SystemEvents({ clock: new FakeClock() })
    for (let index = 0; index < 25; index += 1) events.enqueue('a', `note ${index}`)
    assert.deepEqual(
      texts(events),
      Array.from({ length: 20 }, (_, index) => `note ${index + 5}`),
    )
    assert.equal(events.droppedCount, 5)
  })

  test('keep the 256 sessions that were written to last', () => {
    const events = new SystemEvents({ clock: new FakeClock() })
    for (let index = 0; index < 256; index += 1) events.enqueue(`s${index}`, 'hello')
    events.enqueue('s0', 'again')
    events.enqueue('s256', 'hello')
    assert.equal(events.drain('s1').length, 0)
    assert.equal(events.drain('s0').length, 2)
    assert.equal(events.droppedCount, 1)
  })
})
