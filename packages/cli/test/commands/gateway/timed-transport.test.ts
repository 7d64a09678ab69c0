import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GatewayEndpoint, Transport, TransportHandlers } from '@breakwater/client'
import { TimedTransport } from '../../../src/commands/gateway/timed-transport.ts'

function setup() {
  const state = { now: 0 }
  let inner: TransportHandlers | undefined
  const sent: string[] = []
  const transport: Transport = {
    isPinned: true,
    open: (_, handlers) => {
      inner = handlers
      return { send: (text) => sent.push(text), close: () => {}, terminate: () => {}, bufferedBytes: 5 }
    },
  }
  const heard: string[] = []
  const timed = new TimedTransport(transport, () => state.now)
  const open = () =>
    timed.open({} as GatewayEndpoint, {
      onOpen: () => heard.push('open'),
      onMessage: (text) => heard.push(text),
      onClose: ({ code }) => heard.push(`closed ${code}`),
    })
  const peer = (): TransportHandlers => inner ?? assert.fail('not opened')
  return { state, timed, open, peer, sent, heard }
}

test('each leg is timed from the end of the one before, the hello from our request', () => {
  const { state, timed, open, peer } = setup()
  const socket = open()
  state.now = 30
  peer().onOpen()
  state.now = 35
  peer().onMessage('challenge')
  state.now = 40
  socket.send('connect')
  state.now = 48
  peer().onMessage('hello')
  state.now = 99
  peer().onMessage('later')
  assert.deepEqual(timed.legs, { openMs: 30, challengeMs: 5, helloMs: 8 })
})

test('everything passes through unchanged', () => {
  const { open, peer, sent, heard, timed } = setup()
  const socket = open()
  peer().onOpen()
  peer().onMessage('one')
  socket.send('two')
  peer().onClose({ code: 1008, reason: '' })
  assert.deepEqual(heard, ['open', 'one', 'closed 1008'])
  assert.deepEqual(sent, ['two'])
  assert.equal(socket.bufferedBytes, 5)
  assert.equal(timed.isPinned, true)
})

test('a new attempt starts with no leg finished', () => {
  const { state, timed, open, peer } = setup()
  open()
  state.now = 30
  peer().onOpen()
  open()
  assert.deepEqual(timed.legs, {})
})
