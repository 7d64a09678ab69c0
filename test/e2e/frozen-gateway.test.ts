// A gateway that was frozen, or that stalls all the time, must not blame its peers (law 4): whoever was on the way in gets
// in, and a peer that is truly silent is told so in time.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  cliConnect,
  connectRaw,
  type GatewayProcess,
  RawClient,
  SlowHandshake,
  spawnGateway,
  TEST_TOKEN,
} from '@breakwater/testkit'
import { GatewayClient } from '@openclaw/gateway-client'
import { StallClock } from '../../packages/gateway/src/observe/stall-clock.ts'

const CLIENTS_OF_EACH_KIND = 24
const FREEZE_MS = 15_000
/** How long after the thaw the late half speaks: longer than any grace for bytes that are under way. */
const LATE_MS = 500
/** How long the raw clients wait for the gateway. */
const PATIENCE_MS = 30_000
/** Spreads the sequential connects over several stalls. */
const BETWEEN_CONNECTS_MS = 20
const PROXIED = { 'X-Forwarded-For': '203.0.113.7' }
const TRUSTING_CONFIG = `{ gateway: { auth: { mode: 'token', token: '${TEST_TOKEN}' }, trustedProxies: ['127.0.0.1', '::1'] } }`
const STALL_PRELOAD = fileURLToPath(new URL('../fixtures/stall-preload.mjs', import.meta.url))

test('clients frozen before the upgrade, in TLS and before connect all get in after 15 s', async () => {
  await using plain = await spawnGateway({ config: TRUSTING_CONFIG })
  await using secure = await spawnGateway({ config: TRUSTING_CONFIG, args: ['--tls'] })
  const beforeUpgrade = await dialAll(plain, false)
  const beforeConnect = await dialAll(plain, false)
  const inTls = await dialAll(secure, true)
  for (const client of beforeConnect) client.requestUpgrade()
  await Promise.all(beforeConnect.map((client) => client.challenged(PATIENCE_MS)))
  await settled(plain)

  const thaw = freeze(plain, secure)
  // Every second client speaks while the gateway is frozen, the others only after the thaw: the first find their bytes
  // read late, the second look silent for the whole freeze.
  const speaks = (index: number): Promise<unknown> => (index % 4 < 2 ? Promise.resolve() : sleep(FREEZE_MS + LATE_MS))
  const outcomes = Promise.allSettled([
    ...beforeUpgrade.map(async (client, index) => {
      await speaks(index)
      client.requestUpgrade()
      await client.challenged(PATIENCE_MS)
      client.requestConnect()
      await client.greeted(PATIENCE_MS)
    }),
    ...beforeConnect.map(async (client, index) => {
      await speaks(index)
      client.requestConnect()
      await client.greeted(PATIENCE_MS)
    }),
    ...inTls.map(async (client, index) => {
      await speaks(index)
      await client.secure()
      client.requestUpgrade()
      await client.challenged(PATIENCE_MS)
      client.requestConnect()
      await client.greeted(PATIENCE_MS)
    }),
  ])
  await sleep(FREEZE_MS)
  thaw()

  const settledOutcomes = await outcomes
  for (const client of [...beforeUpgrade, ...beforeConnect, ...inTls]) client.destroy()
  const failures = settledOutcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []))
  assert.deepEqual(failures, [])
  assert.equal(settledOutcomes.length, 3 * 2 * CLIENTS_OF_EACH_KIND)
})

test('stock clients that start while the gateway is frozen for 12 s all connect at their first attempt', async () => {
  await using gateway = await spawnGateway()
  const thaw = freeze(gateway)
  const clients = Array.from({ length: 24 }, () => stockClient(gateway.url))
  await sleep(12_000)
  thaw()
  const results = await Promise.all(clients.map(({ connected }) => connected))
  for (const { client } of clients) client.stop()
  assert.deepEqual(
    results.filter((failures) => failures !== 0),
    [],
  )
})

for (const { kind, headers, legMs } of [
  { kind: 'local', headers: {}, legMs: 10_000 },
  { kind: 'proxied', headers: PROXIED, legMs: 3_000 },
]) {
  test(`a silent ${kind} client is closed at ${legMs} ms, with the reason in full`, async (context) => {
    await using gateway = await spawnGateway({ config: TRUSTING_CONFIG })
    await using client = await RawClient.open(gateway.url, { headers })
    await client.challenge()
    const ownStalls = new StallClock()
    ownStalls.start()
    const stalledBefore = await gatewayStalledMs(gateway)
    const startedAt = performance.now()
    const closed = await client.closed
    const tookMs = performance.now() - startedAt
    // On a busy machine the gateway and this test are held up themselves; the peer's silence is what is bounded.
    const excusedMs = (await gatewayStalledMs(gateway)) - stalledBefore + ownStalls.stalledMs()
    ownStalls.stop()
    assert.deepEqual(closed, { code: 1008, reason: `handshake timeout (connect, ${legMs} ms)` })
    const facts = `closed after ${Math.round(tookMs)} ms, ${Math.round(excusedMs)} ms of it stalled`
    assert.ok(tookMs >= legMs - 50 && tookMs <= legMs + 250 + excusedMs, facts)
    context.diagnostic(facts)
  })
}

test('stalls of 2 s every 5 s with all cores busy fail none of 1,000 local connects', async () => {
  await using gateway = await spawnGateway({ nodeArgs: ['--import', STALL_PRELOAD] })
  const hogs = [hogCore(), hogCore()]
  const failures: string[] = []
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    try {
      await using _client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
    } catch (error) {
      failures.push(`${attempt}: ${String(error)}`)
    }
    await sleep(BETWEEN_CONNECTS_MS)
  }
  await Promise.all(
    hogs.map(async (hog) => {
      hog.kill('SIGKILL')
      await once(hog, 'exit')
    }),
  )
  assert.deepEqual(failures, [])
  const stalls = gateway.output().split('injected stall').length - 1
  assert.ok(stalls >= 4, `only ${stalls} stalls were injected`)
})

/** Local and proxied clients, each with an accepted TCP connection. */
function dialAll({ port }: GatewayProcess, tls: boolean): Promise<SlowHandshake[]> {
  const kinds = Array.from({ length: 2 * CLIENTS_OF_EACH_KIND }, (_, index) => (index % 2 === 0 ? {} : PROXIED))
  return Promise.all(kinds.map((headers) => SlowHandshake.dial({ port, token: TEST_TOKEN, headers, tls })))
}

/** Resolves when the gateway has accepted everything that was dialled before: it answers a later connection. */
async function settled({ port }: GatewayProcess): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/healthz`)
  assert.equal(response.status, 200)
}

/** How long the gateway's loop was held up since its start. */
async function gatewayStalledMs({ port }: GatewayProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`)
  return ((await response.json()) as { stalledMs: number }).stalledMs
}

function freeze(...gateways: readonly GatewayProcess[]): () => void {
  for (const { child } of gateways) child.kill('SIGSTOP')
  return () => {
    for (const { child } of gateways) child.kill('SIGCONT')
  }
}

/** An official client with the official timings; resolves with its failed attempts once it is in. */
function stockClient(url: string): { readonly client: GatewayClient; readonly connected: Promise<number> } {
  const hello = Promise.withResolvers<number>()
  let failures = 0
  const client = new GatewayClient({
    url,
    token: TEST_TOKEN,
    clientName: 'cli',
    mode: 'cli',
    clientVersion: '2026.9.1',
    platform: 'linux',
    role: 'operator',
    scopes: ['operator.read'],
    deviceIdentity: null,
    onHelloOk: () => hello.resolve(failures),
    onConnectError: () => {
      failures += 1
    },
    onClose: () => {
      failures += 1
    },
  })
  client.start()
  return { client, connected: hello.promise }
}

const hogCore = (): ChildProcess => spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' })
