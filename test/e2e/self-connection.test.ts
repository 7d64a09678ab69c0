// The gateway's own back-end, and who only claims to be it: over TLS on this machine the shared secret is enough and nobody
// is asked to pair; from any other address it is not. And the gateway itself never dials its own port.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectOnce, nodeClientInfo } from '@breakwater/client/node'
import { ownerSocketPath } from '@breakwater/gateway'
import type { ConnectParams } from '@breakwater/protocol'
import {
  type Closed,
  cliConnect,
  connectRaw,
  countSelfConnections,
  type Frame,
  type GatewayProcess,
  RawClient,
  spawnGateway,
  TEST_TOKEN,
  tempDir,
} from '@breakwater/testkit'
import { NetworkNamespace } from './network-namespace.ts'

const CONNECT_FROM_HERE = fileURLToPath(new URL('../fixtures/connect-from-here.ts', import.meta.url))
const SCOPES = ['operator.admin', 'operator.approvals']
const TLS_LAN = ['--tls', '--bind', 'lan']
const SAMPLES = 40
const SAMPLE_EVERY_MS = 50

const backend = (token: string): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'gateway-client', mode: 'backend', version: '1.0.0', platform: 'linux' },
  role: 'operator',
  scopes: SCOPES,
  auth: { token },
})

interface Outcome {
  readonly answer: Frame
  readonly closed?: Closed
  readonly pin?: string
  readonly deviceId?: string
}

test('over TLS on this machine the back-end is let in with the secret alone, keeps its scopes and pairs with nobody', async () => {
  await using gateway = await spawnGateway({ args: TLS_LAN })
  for (const host of ['127.0.0.1', 'localhost']) {
    await using client = await RawClient.open(`wss://${host}:${gateway.port}`)
    const hello = await client.connect(() => backend(TEST_TOKEN))
    assert.equal(hello.ok, true, JSON.stringify(hello.error))
    assert.equal(hello.payload.auth.method, 'token')
    assert.deepEqual(hello.payload.auth.scopes, SCOPES)
    assert.equal(hello.payload.auth.deviceToken, undefined)
  }
  await assertNobodyPairs(gateway)
})

test('with a wrong secret the back-end on this machine is told so, and how to mend it', async () => {
  await using gateway = await spawnGateway({ args: TLS_LAN })
  await using client = await RawClient.open(gateway.url)
  const { error } = await client.connect(() => backend('wrong'))
  assert.equal(error?.code, 'INVALID_REQUEST')
  assert.equal(error.details.code, 'AUTH_TOKEN_MISMATCH')
  assert.equal(error.details.canRetryWithDeviceToken, false)
  assert.equal(error.details.recommendedNextStep, 'update_auth_credentials')
  assert.match(error.details.nextCommand, /^breakwater token show/)
  assert.equal((await client.closed).code, 1008)
  await assertNobodyPairs(gateway)
})

test('from another address the secret alone connects without any scope, and a device waits for approval', async (t) => {
  using namespace = otherMachine(t)
  if (namespace === undefined) return
  await using gateway = await spawnGateway({ args: TLS_LAN })
  for (const host of [namespace.ipv4.here, `[${namespace.ipv6.here}]`]) {
    const url = `wss://${host}:${gateway.port}`
    const bare = (await namespace.run(CONNECT_FROM_HERE, url, JSON.stringify(backend(TEST_TOKEN)))) as Outcome
    assert.equal(bare.answer.ok, true, JSON.stringify(bare.answer.error))
    assert.deepEqual(bare.answer.payload.auth.scopes, [])
    assert.deepEqual(bare.answer.payload.snapshot.presence, [])

    const device = (await namespace.run(
      CONNECT_FROM_HERE,
      url,
      JSON.stringify(backend(TEST_TOKEN)),
      'device',
    )) as Outcome
    assert.equal(device.answer.error?.code, 'NOT_PAIRED')
    assert.equal(device.answer.error.details.code, 'PAIRING_REQUIRED')
    assert.equal(device.answer.error.details.reason, 'not-paired')
    assert.equal(device.answer.error.details.deviceId, device.deviceId)
    assert.equal(device.answer.error.details.pauseReconnect, false)
    assert.match(device.answer.error.details.nextCommand, /^breakwater devices approve [0-9a-f-]{36}$/)
    assert.equal(device.closed?.code, 1008)
    assert.match(device.closed.reason, /^pairing required: /)

    const wrong = (await namespace.run(CONNECT_FROM_HERE, url, JSON.stringify(backend('wrong')))) as Outcome
    assert.equal(wrong.answer.error?.details.code, 'AUTH_TOKEN_MISMATCH')
  }
})

test('the pin of the certificate outlives restarts, another address of the machine and another way of binding', async (t) => {
  await using directory = await tempDir()
  const stateDir = directory.path
  const pins: (string | undefined)[] = []
  const pinAfterStart = async (args: readonly string[]): Promise<void> => {
    await using gateway = await spawnGateway({ args, stateDir })
    pins.push(/tlsFingerprint[="]+([0-9a-f]{64})/.exec(gateway.output())?.[1])
    const { hello } = await helloWithPin(gateway, pins[0] ?? '')
    assert.equal(hello.type, 'hello-ok')
    assert.equal(await gateway.terminate(), 0)
  }
  await pinAfterStart(['--tls'])
  await pinAfterStart(['--tls'])
  using namespace = otherMachine(t)
  await pinAfterStart(TLS_LAN)
  if (namespace !== undefined) await pinAfterStart(['--tls', '--bind', '0.0.0.0'])
  assert.match(pins[0] ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual([...new Set(pins)], [pins[0]])
})

async function helloWithPin({ url }: GatewayProcess, tlsPin: string) {
  await using connection = await connectOnce({
    url,
    tlsPin,
    client: nodeClientInfo('gateway-client', 'backend', '1.0.0'),
    credentials: { token: TEST_TOKEN },
    scopes: SCOPES,
  })
  return { hello: connection.hello }
}

test('over the Unix socket the owner needs no secret, with TLS on and whatever the client calls itself', async () => {
  await using gateway = await spawnGateway({ args: TLS_LAN })
  const url = `ws+unix:${ownerSocketPath(gateway.stateDir)}:/`
  for (const { auth: _, ...params } of [backend(''), cliConnect(undefined, { scopes: SCOPES })]) {
    await using client = await RawClient.open(url)
    const hello = await client.connect(() => params)
    assert.equal(hello.ok, true, JSON.stringify(hello.error))
    assert.deepEqual(hello.payload.auth.scopes, SCOPES)
  }
  await assertNobodyPairs(gateway)
})

for (const { kind, args } of [
  { kind: 'plain text', args: ['--bind', 'lan'] },
  { kind: 'TLS', args: TLS_LAN },
]) {
  test(`a busy gateway that speaks ${kind} never holds a connection to its own port`, async (t) => {
    await using gateway = await spawnGateway({ args })
    const counts: number[] = []
    const isOver = (): boolean => counts.length >= SAMPLES
    const sampling = (async () => {
      while (!isOver()) {
        counts.push(await countSelfConnections(gateway.pid, gateway.port))
        await sleep(SAMPLE_EVERY_MS)
      }
    })()
    const served = await Promise.all(Array.from({ length: 3 }, () => beBusy(gateway, isOver)))
    await sampling
    const calls = served.reduce((sum, count) => sum + count, 0)
    t.diagnostic(`${counts.length} samples, ${calls} calls meanwhile`)
    assert.ok(calls > 100, 'the gateway was not busy')
    assert.deepEqual(
      counts.filter((count) => count !== 0),
      [],
    )
  })
}

/** Every method, over and over, on connections that come and go. Resolves with the number of calls. */
async function beBusy(gateway: GatewayProcess, isOver: () => boolean): Promise<number> {
  let calls = 0
  while (!isOver()) {
    await using client = await connectRaw(gateway.url, backend(TEST_TOKEN))
    const methods: readonly string[] = client.frames.find(({ type }) => type === 'res')?.payload.features.methods
    for (const method of methods) {
      if (/restart|shutdown|stop/.test(method) || isOver()) continue
      await client.request(method, {})
      client.frames.length = 0
      calls += 1
    }
  }
  return calls
}

test('the count of self-connections counts: a process that dials itself is found out', async () => {
  const source = `
    const { createServer, connect } = require('node:net')
    const server = createServer((socket) => socket.resume()).listen(0, '::', () => {
      const { port } = server.address()
      connect(port, '127.0.0.1', () => connect(port, '::1', () => console.log(port)))
    })`
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  const count = await countSelfConnections(child.pid ?? 0, Number(String(port)))
  child.kill('SIGKILL')
  assert.equal(count, 2)
})

async function assertNobodyPairs(gateway: GatewayProcess): Promise<void> {
  await using owner = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  const list = await owner.request('device.pair.list', {})
  assert.deepEqual([list.payload.pending, list.payload.paired], [[], []])
}

function otherMachine(t: TestContext): NetworkNamespace | undefined {
  const made = NetworkNamespace.create()
  if (made.namespace === undefined) t.skip(`NOT TESTED from another address: ${made.why}`)
  return made.namespace
}
