// One-shot connections against a real `ws` server.

import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeOk } from '@breakwater/protocol'
import type { Authenticator } from '../src/credentials/authenticator.ts'
import { MemoryCredentialStore } from '../src/credentials/memory-credential-store.ts'
import { ClientError } from '../src/errors.ts'
import { connectOnce, createNodeClient, nodeClientInfo } from '../src/node.ts'
import { CLIENT, wireRefusal } from './support/builders.ts'
import { helloOk } from './support/hello.ts'
import { keep } from './support/kept-tokens.ts'
import { refuse, StandInGateway } from './support/stand-in-gateway.ts'

const cli = nodeClientInfo('cli', 'cli', '0.0.0')
const identity = { deviceId: 'd1', publicKey: 'p1', sign: async () => 'signature' }

test('it connects, calls and closes, and every later call says so', async () => {
  await using gateway = await StandInGateway.start()
  const connection = await connectOnce({ url: gateway.url, client: cli, credentials: { token: 't' } })
  assert.equal(connection.hello.protocol, 4)
  assert.deepEqual(await connection.methods.health(), { echo: null })
  await connection.close()
  assert.equal((await connection.closed).code, 'CLOSED')
  await assert.rejects(connection.call('health'), { code: 'NOT_CONNECTED' })
  assert.deepEqual(gateway.connects[0]?.auth, { token: 't' })
})

test('a refusal is complete and final: one attempt, the wire error, the next command', async () => {
  const details = { requestId: 'r-1', nextCommand: 'breakwater devices approve r-1' }
  await using gateway = await StandInGateway.start({
    onConnect: (_, socket, frame) =>
      refuse(socket, frame, wireRefusal('PAIRING_REQUIRED', { code: 'NOT_PAIRED', details })),
  })
  await assert.rejects(connectOnce({ url: gateway.url, client: cli }), (error) => {
    assert.ok(ClientError.is(error))
    assert.deepEqual([error.code, error.detailCode, error.requestId], ['CONNECT_REFUSED', 'PAIRING_REQUIRED', 'r-1'])
    assert.equal(error.nextCommand, 'breakwater devices approve r-1')
    return true
  })
  assert.equal(gateway.connects.length, 1)
})

test('a close without an answer says how it was closed', async () => {
  await using gateway = await StandInGateway.start({ onConnect: (_, socket) => socket.close(1013, 'gateway starting') })
  await assert.rejects(connectOnce({ url: gateway.url, client: cli }), {
    code: 'CONNECT_FAILED',
    close: { code: 1013, reason: 'gateway starting' },
  })
})

test('an aborted signal ends the attempt; aborting later does nothing', async () => {
  await using silent = await StandInGateway.start({ sendsChallenge: false })
  const signal = AbortSignal.timeout(50)
  await assert.rejects(connectOnce({ url: silent.url, client: cli, signal }), { code: 'ABORTED' })
  await assert.rejects(connectOnce({ url: silent.url, client: cli, signal: AbortSignal.abort() }), { code: 'ABORTED' })
  await using gateway = await StandInGateway.start()
  const controller = new AbortController()
  await using connection = await connectOnce({ url: gateway.url, client: cli, signal: controller.signal })
  controller.abort()
  assert.deepEqual(await connection.call('x'), { echo: null })
})

test('unsafe or contradictory options reject before any I/O', async () => {
  await assert.rejects(connectOnce({ url: 'ws://gateway.example.com', client: cli }), { code: 'INSECURE_URL' })
  await assert.rejects(connectOnce({ url: 'ws://127.0.0.1', client: cli, device: 'always' }), {
    code: 'INVALID_OPTIONS',
  })
})

test('the environment opens plain ws:// to names', () => {
  const options = { url: 'ws://gateway.example.com', client: cli }
  assert.throws(() => createNodeClient(options), { code: 'INSECURE_URL' })
  process.env.BREAKWATER_ALLOW_INSECURE_PRIVATE_WS = '1'
  try {
    assert.equal(createNodeClient(options).status.type, 'idle')
  } finally {
    delete process.env.BREAKWATER_ALLOW_INSECURE_PRIVATE_WS
  }
})

test('a command line on this machine with a shared secret attaches no device; everybody else does', async () => {
  await using gateway = await StandInGateway.start()
  const deviceOf = async (over: object): Promise<string | undefined> => {
    const connection = await connectOnce({ url: gateway.url, client: cli, identity, ...over })
    await connection.close()
    return gateway.connects.at(-1)?.device?.id
  }
  assert.equal(await deviceOf({ credentials: { token: 't' } }), undefined)
  assert.equal(await deviceOf({ credentials: { password: 'p' } }), undefined)
  assert.equal(await deviceOf({ credentials: { deviceToken: 't' } }), 'd1')
  assert.equal(await deviceOf({}), 'd1')
  assert.equal(await deviceOf({ credentials: { token: 't' }, client: CLIENT }), 'd1')
  assert.equal(await deviceOf({ credentials: { token: 't' }, device: 'always' }), 'd1')
  assert.equal(await deviceOf({ device: 'never' }), undefined)
})

test('the only second attempt is the one with the stored token after a refused shared one', async () => {
  const store = new MemoryCredentialStore()
  await using gateway = await StandInGateway.start({
    onConnect: ({ auth }, socket, frame) =>
      auth?.deviceToken === 's'
        ? socket.send(encodeOk(frame.id, helloOk()))
        : refuse(socket, frame, wireRefusal('AUTH_TOKEN_MISMATCH')),
  })
  await keep(store, { token: 's', scopes: [] }, { url: gateway.url })
  const options = { url: gateway.url, client: CLIENT, identity, credentials: { token: 'wrong' } }
  await using connection = await connectOnce({ ...options, store })
  assert.equal(connection.hello.type, 'hello-ok')
  assert.deepEqual(
    gateway.connects.map(({ auth }) => auth),
    [{ token: 'wrong' }, { token: 'wrong', deviceToken: 's' }],
  )
  await assert.rejects(connectOnce(options), { code: 'CONNECT_REFUSED' })
  assert.equal(gateway.connects.length, 3)
})

test('a token granted to one process is found by the next one in the credentials directory', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'breakwater-client-'))
  await using gateway = await StandInGateway.start({
    onConnect: (_, socket, frame) =>
      socket.send(encodeOk(frame.id, helloOk({ auth: { deviceToken: 'granted', scopes: ['operator.read'] } }))),
  })
  const options = { url: gateway.url, client: CLIENT, identity, credentialsDirectory: join(root.path, 'credentials') }
  await (await connectOnce({ ...options, credentials: { token: 't' } })).close()
  await (await connectOnce(options)).close()
  assert.deepEqual(
    gateway.connects.map(({ auth, scopes }) => [auth, scopes]),
    [
      [{ token: 't' }, ['operator.admin']],
      [{ token: 'granted', deviceToken: 'granted' }, ['operator.read']],
    ],
  )
})

test('events right behind hello-ok reach `onEvent`, and the stream ends with the connection', async () => {
  await using gateway = await StandInGateway.start({
    onConnect: (_, socket, frame) => {
      socket.send(encodeOk(frame.id, helloOk()))
      for (const seq of [1, 3]) socket.send(JSON.stringify({ type: 'event', event: 'health', payload: {}, seq }))
    },
  })
  const seen: (number | undefined)[] = []
  const gaps: object[] = []
  const connection = await connectOnce({
    url: gateway.url,
    client: cli,
    onEvent: ({ seq }) => seen.push(seq),
    onGap: (gap) => gaps.push(gap),
  })
  await connection.call('x')
  assert.deepEqual(seen, [1, 3])
  assert.deepEqual(gaps, [{ expected: 2, received: 3 }])
  const reading = (async () => {
    for await (const _ of connection.events);
  })()
  for (const socket of gateway.sockets) socket.terminate()
  await reading
  assert.equal((await connection.closed).close?.code, 1006)
})

test('a granted token that could not be stored shows when the connection is closed', async () => {
  await using gateway = await StandInGateway.start()
  const authenticator: Authenticator = {
    select: async () => ({ source: 'none', auth: undefined, stored: undefined }),
    accepted: () => Promise.reject(new Error('disk full')),
    refused: async () => ({ hasFallback: false }),
    reissued: async () => {},
  }
  const connection = await connectOnce({ url: gateway.url, client: cli, authenticator })
  assert.deepEqual(await connection.call('x'), { echo: null })
  await assert.rejects(connection.close(), { code: 'CREDENTIALS_UNAVAILABLE' })
})

test('it answers pings, takes binary JSON and refuses oversized messages', async () => {
  await using gateway = await StandInGateway.start({
    onRequest: (frame, socket) => {
      socket.send(Buffer.from(encodeOk(frame.id, { binary: true })), { binary: true })
      return undefined
    },
  })
  await using connection = await connectOnce({ url: gateway.url, client: cli })
  assert.deepEqual(await connection.call('x'), { binary: true })
  const [socket] = gateway.sockets
  const pong = Promise.withResolvers<void>()
  socket?.once('pong', () => pong.resolve())
  socket?.ping()
  await pong.promise
  assert.equal(gateway.upgrades[0]?.['sec-websocket-extensions'], undefined, 'no compression is offered')
  socket?.send('x'.repeat(26_214_401))
  assert.equal((await connection.closed).code, 'CLOSED')
})

test('a client on a real socket reconnects after the gateway restarts it', async () => {
  await using gateway = await StandInGateway.start()
  await using client = createNodeClient({ url: gateway.url, client: cli, credentials: { token: 't' } })
  client.start()
  await client.ready()
  for (const socket of gateway.sockets) socket.close(1012, 'service restart')
  for await (const status of client.statuses) if (status.type === 'ready') break
  assert.deepEqual(await client.call('x', { again: true }), { echo: { again: true } })
  assert.equal(gateway.connects.length, 2)
})
