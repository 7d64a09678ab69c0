// A stop that its clients barely notice: all are told, running work is answered, the closes are spread, and the next start
// takes everybody back.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  cliConnect,
  connectRaw,
  RawClient,
  spawnGateway,
  startTestGateway,
  TEST_TOKEN,
  tempDir,
} from '@breakwater/testkit'
import { GatewayClient } from '@openclaw/gateway-client'

const CLIENTS = 500
const EXIT_WITHIN_MS = 10_000

test('500 stock clients are told, closed 1012 over a while, and back after the next start without one handshake time-out', async () => {
  await using dir = await tempDir()
  const gateway = await spawnGateway({ stateDir: dir.path })
  const fleet = Array.from({ length: CLIENTS }, () => new StockClient(gateway.url))
  try {
    await Promise.all(fleet.map((client) => client.greeted(1, 30_000)))

    const stoppedAt = performance.now()
    const exitCode = await gateway.terminate()
    const tookMs = performance.now() - stoppedAt
    assert.equal(exitCode, 0, gateway.output())
    assert.ok(tookMs <= EXIT_WITHIN_MS, `exit after ${Math.round(tookMs)} ms`)
    await sleep(100)
    for (const client of fleet) {
      assert.equal(client.shutdowns.length, 1)
      const { reason, restartExpectedMs } = client.shutdowns[0] ?? {}
      assert.equal(reason, 'gateway stopping (SIGTERM)')
      assert.ok(typeof restartExpectedMs === 'number' && restartExpectedMs > 0 && restartExpectedMs < EXIT_WITHIN_MS)
      assert.deepEqual(client.closes[0]?.code, 1012, `the first close was ${JSON.stringify(client.closes[0])}`)
    }
    const closedAt = fleet.map((client) => client.closes[0]?.at ?? 0)
    const spreadMs = Math.max(...closedAt) - Math.min(...closedAt)
    assert.ok(spreadMs >= 2_000, `closed within ${Math.round(spreadMs)} ms`)

    await using next = await spawnGateway({ stateDir: dir.path, port: gateway.port })
    await Promise.all(fleet.map((client) => client.greeted(2, 60_000)))
    const failures = (await logLines(dir.path)).filter(({ message }) => message === 'handshake failed')
    const timeouts = failures.filter((line) => line['1']?.cause === 'handshake-timeout')
    assert.deepEqual(timeouts, [])
    assert.ok(fleet.every((client) => client.closes.every(({ reason }) => !reason.includes('timeout'))))
    await using probe = await connectRaw(next.url, cliConnect(TEST_TOKEN))
    const { payload } = await probe.request('status')
    assert.equal(payload.limits['handshake.handshake-timeout'], undefined)
    assert.ok(payload.connections.admitted >= CLIENTS)
  } finally {
    for (const client of fleet) client.stop()
  }
})

test('a newcomer during the stop is refused completely, and readiness fails while liveness holds', async () => {
  await using gateway = await spawnGateway()
  const held = await Promise.all(Array.from({ length: 300 }, () => connectRaw(gateway.url, cliConnect(TEST_TOKEN))))
  const exited = gateway.terminate()
  await held[0]?.next(({ event }) => event === 'shutdown')
  const http = (path: string) => fetch(`http://127.0.0.1:${gateway.port}${path}`)
  const [ready, live] = await Promise.all([http('/readyz'), http('/healthz')])
  assert.deepEqual([ready.status, live.status], [503, 200])
  assert.deepEqual(((await ready.json()) as { failing: string[] }).failing, ['stopping'])
  await using newcomer = await RawClient.open(gateway.url)
  const { error } = await newcomer.connect(() => cliConnect(TEST_TOKEN))
  assert.deepEqual([error?.code, error?.retryable, error?.details?.reason], ['UNAVAILABLE', true, 'gateway-restarting'])
  assert.ok((error?.retryAfterMs ?? 0) > 0)
  assert.equal((await newcomer.closed).code, 1013)
  assert.equal(await exited, 0)
})

test('the log holds the whole stop, and the next start goes on behind it', async () => {
  await using dir = await tempDir()
  const first = await spawnGateway({ stateDir: dir.path })
  const client = await connectRaw(first.url, cliConnect(TEST_TOKEN))
  const place = (await client.request('logs.tail', {})).payload.cursor as number
  await first.terminate()
  await using second = await spawnGateway({ stateDir: dir.path })
  await using again = await connectRaw(second.url, cliConnect(TEST_TOKEN))
  const { lines, reset } = (await again.request('logs.tail', { cursor: place })).payload
  const messages = (lines as string[]).map((line) => JSON.parse(line).message as string)
  assert.equal(reset, false)
  assert.deepEqual(messages.slice(0, 3), ['stopping', 'connections closed', 'stopped'])
  assert.ok(messages.includes('ready'))
})

test('a second stop joins the first', async () => {
  await using fixture = await startTestGateway()
  const client = await connectRaw(fixture.url, cliConnect(TEST_TOKEN))
  const [first, second] = [fixture.gateway.stop('once'), fixture.gateway.stop('twice')]
  assert.equal(first, second)
  await first
  const shutdowns = client.frames.filter(({ event }) => event === 'shutdown')
  assert.deepEqual(
    shutdowns.map(({ payload }) => payload),
    [{ reason: 'once' }],
  )
  assert.equal((await client.closed).code, 1012)
})

interface Closed {
  readonly code: number
  readonly reason: string
  readonly at: number
}

/** The published client with its own timings. */
class StockClient {
  readonly shutdowns: { reason?: string; restartExpectedMs?: number }[] = []
  readonly closes: Closed[] = []
  readonly #client: GatewayClient
  #hellos = 0

  constructor(url: string) {
    this.#client = new GatewayClient({
      url,
      token: TEST_TOKEN,
      clientName: 'cli',
      mode: 'cli',
      clientVersion: '2026.9.1',
      platform: 'linux',
      role: 'operator',
      scopes: ['operator.read'],
      deviceIdentity: null,
      onHelloOk: () => {
        this.#hellos += 1
      },
      onEvent: ({ event, payload }: { event: string; payload?: unknown }) => {
        if (event === 'shutdown') this.shutdowns.push(payload as object)
      },
      onClose: (code: number, reason: string) => this.closes.push({ code, reason, at: performance.now() }),
    })
    this.#client.start()
  }

  async greeted(times: number, withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs
    while (this.#hellos < times) {
      assert.ok(performance.now() < deadline, `${this.#hellos} hellos; closes: ${JSON.stringify(this.closes)}`)
      await sleep(50)
    }
  }

  stop(): void {
    this.#client.stop()
  }
}

async function logLines(stateDir: string): Promise<{ message: string; '1'?: { cause?: string } }[]> {
  const directory = join(stateDir, 'logs')
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log'))
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  return texts.flatMap((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
  )
}
