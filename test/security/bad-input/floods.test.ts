// Peers that send without end and read nothing, before and after authentication: the gateway's memory stays bounded.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from '@breakwater/protocol'
import { cliConnect, connectRaw, spawnGateway, TEST_TOKEN } from '@breakwater/testkit'
import { wireFrame } from '../wire-attempt.ts'
import { ANSWER_MS, challenged, residentBytes } from './shaking-hands.ts'
import { assertUnharmed } from './unharmed.ts'

test('what a stranger sends beyond its limit is not read, however much it is', async (t) => {
  await using gateway = await spawnGateway()
  const before = await residentBytes(gateway)
  const flood = Buffer.alloc(1_024 * 1_024, 120)
  const attempts = await Promise.all(Array.from({ length: 20 }, () => challenged(gateway.port)))
  for (const attempt of attempts) {
    attempt.send(wireFrame('x', { claimedBytes: LIMITS.maxPayloadBytes - 1 }))
    for (let sent = 0; sent < 20; sent += 1) attempt.send(flood)
  }
  let peak = before
  for (let polls = 0; polls < 20; polls += 1) {
    await sleep(50)
    peak = Math.max(peak, await residentBytes(gateway))
  }
  for (const attempt of attempts) attempt[Symbol.dispose]()
  t.diagnostic(`400 MB of strangers' bytes cost ${megabytes(peak - before)} MB at most`)
  assert.ok(peak - before < 40 * 1_048_576, `400 MB of strangers' bytes cost ${megabytes(peak - before)} MB`)
  await assertUnharmed(gateway)
})

test('a flood of pings by a client that reads nothing costs no memory', async (t) => {
  await using gateway = await spawnGateway()
  const before = await residentBytes(gateway)
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  client.socket.pause()
  const pings = Buffer.concat(Array.from({ length: 4_000 }, () => wireFrame('x'.repeat(125), { opcode: 9 })))
  const raw = (client.socket as unknown as { readonly _socket: Socket })._socket
  let peak = before
  for (let sentBytes = 0; sentBytes < FLOOD_BYTES && !raw.destroyed; sentBytes += pings.length) {
    if (!raw.write(pings)) await Promise.race([once(raw, 'drain'), sleep(500)])
    peak = Math.max(peak, await residentBytes(gateway))
  }
  t.diagnostic(`${megabytes(FLOOD_BYTES)} MB of pings cost ${megabytes(peak - before)} MB at most`)
  assert.ok(peak - before < 100 * 1_048_576, `unread pongs cost ${megabytes(peak - before)} MB`)
  await assertUnharmed(gateway)
})

test('a client that asks and asks and never reads is cut as a slow consumer, and its answers are dropped', async (t) => {
  await using gateway = await spawnGateway({ args: ['--ws-log', 'compact'] })
  const before = await residentBytes(gateway)
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  client.socket.pause()
  let peak = before
  for (let at = 0; at < 4_000 && client.socket.readyState === 1; at += 1) {
    client.send({ type: 'req', id: `${at}`, method: 'config.schema' })
    if (at % 50 !== 0) continue
    await sleep(5)
    peak = Math.max(peak, await residentBytes(gateway))
  }
  t.diagnostic(`unread answers cost ${megabytes(peak - before)} MB at most`)
  assert.ok(peak - before < 250 * 1_048_576, `unread answers cost ${megabytes(peak - before)} MB`)
  await waitFor(() => gateway.output().includes('slow consumer'))
  await assertUnharmed(gateway)
})

const FLOOD_BYTES = 400 * 1_048_576
const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(0)

async function waitFor(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + ANSWER_MS
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'did not happen in time')
    await sleep(20)
  }
}
