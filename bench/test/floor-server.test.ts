import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { dial, hangUp } from '../dial.ts'
import { tokenLogin } from '../login.ts'
import { readLoopDelayMs } from '../loop-delay.ts'
import { startServer } from '../running-server.ts'
import { spawnedTarget } from '../targets.ts'

const FRAMES = { rpcBytes: 512, eventBytes: 1_024 }

async function startFloor() {
  const server = await startServer(spawnedTarget('floor'), FRAMES)
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() })
}

function nodeLogin() {
  const frame = JSON.parse(tokenLogin('any')(Buffer.alloc(0)))
  const login = JSON.stringify({ ...frame, params: { ...frame.params, role: 'node', scopes: [] } })
  return () => login
}

async function nextFrame(socket: WebSocket) {
  const [data] = await once(socket, 'message')
  return { bytes: data.length, ...JSON.parse(data) }
}

const request = (id: string, method: string, params: object) => JSON.stringify({ type: 'req', id, method, params })

test('the floor answers and broadcasts frames of the sizes it was given', async () => {
  await using floor = await startFloor()
  const socket = await dial(floor.endpoint.url, tokenLogin('any'))
  socket.send(request('12345', 'system-presence', {}))
  assert.equal((await nextFrame(socket)).bytes, FRAMES.rpcBytes)
  socket.send(request('2', 'system-event', {}))
  const event = await nextFrame(socket)
  assert.deepEqual([event.event, event.bytes], ['presence', FRAMES.eventBytes])
  await hangUp(socket)
})

test('the floor carries a request to the node and its result back to the asker', async () => {
  await using floor = await startFloor()
  const node = await dial(floor.endpoint.url, nodeLogin())
  const asker = await dial(floor.endpoint.url, tokenLogin('any'))
  asker.send(request('ask', 'node.invoke', { command: 'echo' }))
  const { payload } = await nextFrame(node)
  assert.equal(payload.command, 'echo')
  node.send(request('1', 'node.invoke.result', { id: payload.id, ok: true, payload: 'heard' }))
  const answer = await nextFrame(asker)
  assert.deepEqual([answer.id, answer.payload], ['ask', { ok: true, payload: 'heard' }])
  await Promise.all([hangUp(node), hangUp(asker)])
})

test('the floor publishes its loop delay', async () => {
  await using floor = await startFloor()
  const delayMs = await readLoopDelayMs(floor)
  assert.ok(delayMs !== undefined && delayMs >= 0 && delayMs < 5_000, `${delayMs} ms`)
})
