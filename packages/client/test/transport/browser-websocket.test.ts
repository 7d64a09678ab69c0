// The browser transport on the platform's own WebSocket, which Node has as well, against a real `ws` server.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeOk } from '@breakwater/protocol'
import { BrowserWebSocketTransport, connectOnce, MemoryCredentialStore, StoreAuthenticator } from '../../src/index.ts'
import { CLIENT } from '../support/builders.ts'
import { StandInGateway } from '../support/stand-in-gateway.ts'

const components = () => ({
  transport: new BrowserWebSocketTransport(),
  authenticator: new StoreAuthenticator({ store: new MemoryCredentialStore() }, { token: 't' }),
})

test('it connects, calls, takes binary JSON and closes', async () => {
  await using gateway = await StandInGateway.start({
    onRequest: (frame, socket) => {
      if (frame.method !== 'binary') return { text: true }
      socket.send(Buffer.from(encodeOk(frame.id, { binary: true })), { binary: true })
      return undefined
    },
  })
  const connection = await connectOnce(components(), { url: gateway.url, client: CLIENT })
  assert.deepEqual(await connection.call('text'), { text: true })
  assert.deepEqual(await connection.call('binary'), { binary: true })
  await connection.close()
  assert.equal((await connection.closed).code, 'CLOSED')
})

test('codes a page may not send are sent as their private cousins', async () => {
  await using gateway = await StandInGateway.start({ sendsChallenge: false })
  const code = Promise.withResolvers<number>()
  const attempt = connectOnce(components(), { url: gateway.url, client: CLIENT, challengeTimeoutMs: 250 })
  gateway.onSocket = (socket) => socket.on('close', (closeCode) => code.resolve(closeCode))
  await assert.rejects(attempt, { code: 'CONNECT_TIMEOUT', phase: 'challenge' })
  assert.equal(await code.promise, 4008)
})

test('a refused connection and a Unix socket are errors of their own', async () => {
  const gateway = await StandInGateway.start()
  const { url } = gateway
  await gateway[Symbol.asyncDispose]()
  await assert.rejects(connectOnce(components(), { url, client: CLIENT }), { code: 'CONNECT_FAILED' })
  await assert.rejects(connectOnce(components(), { url: 'unix:/run/x.sock', client: CLIENT }), { code: 'INVALID_URL' })
})
