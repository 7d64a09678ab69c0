import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemoryPeer, MemoryTransport } from '../../src/transport/memory.ts'
import { parseEndpoint } from '../../src/url.ts'

const endpoint = parseEndpoint('ws://127.0.0.1:1')
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function connect(accept: (peer: MemoryPeer) => void) {
  const log: string[] = []
  const socket = new MemoryTransport(accept).open(endpoint, {
    onOpen: () => log.push('open'),
    onMessage: (text) => log.push(text),
    onClose: ({ code, reason }) => log.push(`close ${code} ${reason}`.trim()),
  })
  return { socket, log }
}

test('nothing is called from inside open; then open, messages in order, one close', async () => {
  const { log } = connect((peer) => {
    for (const text of ['a', 'b']) peer.send(text)
    peer.close(1013, 'later')
    peer.cut()
    peer.send('never')
  })
  assert.deepEqual(log, [])
  await settle()
  assert.deepEqual(log, ['a', 'b', 'close 1013 later'])
})

test('an accepted connection opens before its first message', async () => {
  const { log } = connect((peer) => peer.send('a'))
  await settle()
  assert.deepEqual(log, ['open', 'a'])
})

test('a connection refused while it is accepted never opens', async () => {
  const { log } = connect((peer) => peer.cut())
  await settle()
  assert.deepEqual(log, ['close 1006'])
})

test('both ends learn of a close; what is sent afterwards goes nowhere', async () => {
  const received: string[] = []
  const { socket, log } = connect((peer) => {
    peer.onMessage = (text) => received.push(text)
    peer.onClose = ({ code }) => received.push(`close ${code}`)
  })
  await settle()
  socket.send('hello')
  await settle()
  socket.close(1000, '')
  socket.close(1000, '')
  socket.send('never')
  await settle()
  assert.deepEqual(received, ['hello', 'close 1000'])
  assert.deepEqual(log, ['open', 'close 1000'])
})

test('a connection given up before it was accepted is not accepted', async () => {
  let accepted = 0
  const { socket, log } = connect(() => {
    accepted += 1
  })
  socket.terminate()
  await settle()
  assert.equal(accepted, 0)
  assert.deepEqual(log, ['close 1006'])
})
