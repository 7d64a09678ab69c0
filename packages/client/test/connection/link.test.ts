import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Link } from '../../src/connection/link.ts'
import { parseEndpoint } from '../../src/url.ts'
import { FakeClientClock } from '../support/fake-clock.ts'
import { RudeTransport } from '../support/rude-transport.ts'

const endpoint = parseEndpoint('ws://127.0.0.1:1')

function setup(closeGraceMs = 250) {
  const clock = new FakeClientClock()
  const transport = new RudeTransport()
  const closes: object[] = []
  const link = new Link(
    { transport, clock },
    { endpoint, closeGraceMs },
    { onOpen: () => {}, onMessage: () => {}, onClose: (close) => closes.push(close) },
  )
  let isGone = false
  void link.gone.then(() => {
    isGone = true
  })
  return { clock, transport, link, closes, isGone: () => isGone }
}

test('a socket that closes in time is left to do so', async () => {
  const { clock, transport, link, closes, isGone } = setup()
  link.close({ code: 1000, reason: 'bye' })
  link.close({ code: 1008, reason: 'again' })
  assert.deepEqual(transport.last.closed, [{ code: 1000, reason: 'bye' }])
  await clock.advance(249)
  assert.deepEqual([isGone(), transport.last.isTerminated], [false, false])
  transport.last.handlers.onClose({ code: 1000, reason: 'bye' })
  await clock.advance(1_000)
  assert.deepEqual([isGone(), transport.last.isTerminated, clock.pendingCount], [true, false, 0])
  assert.deepEqual(closes, [{ code: 1000, reason: 'bye' }])
})

test('one that lingers is cut after its grace, and counts as gone even if it never says so', async () => {
  const { clock, transport, link, isGone } = setup()
  link.close({ code: 1000, reason: '' })
  await clock.advance(250)
  assert.deepEqual([isGone(), transport.last.isTerminated, clock.pendingCount], [true, true, 0])
})

test('without a grace period it is cut at once', async () => {
  const { clock, transport, link, isGone } = setup(0)
  link.close({ code: 1000, reason: '' })
  await clock.advance(0)
  assert.deepEqual([isGone(), transport.last.isTerminated, transport.last.closed], [true, true, []])
})
