// Peers that always send a little: enough to look alive, never enough to get on. From elsewhere they have ten seconds in
// all, and each of them costs a socket.

import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestGateway } from '@breakwater/testkit'
import { upgradeRequest, WireAttempt, wireFrame } from '../wire-attempt.ts'
import { CONNECT } from './shaking-hands.ts'
import { assertUnharmed } from './unharmed.ts'

const REMOTE_TOTAL_MS = 10_000
const BYTE_EVERY_MS = 20

test('a remote peer that sends a byte at a time is cut when its leg is over, at the latest after ten seconds', async (t) => {
  const own = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
  if (own === undefined) return t.skip('NOT TESTED: this machine has no address but loopback')
  await using gateway = await startTestGateway({ bind: 'lan' })
  const lives = await Promise.all([
    lifeOf(
      await WireAttempt.dial(gateway.port, own),
      Buffer.from(upgradeRequest(gateway.port, { Cookie: 'x'.repeat(5_000) })),
    ),
    lifeOf(await upgraded(gateway.port, own), wireFrame(CONNECT.padEnd(5_000))),
    lifeOf(
      await upgraded(gateway.port, own),
      Buffer.concat(Array.from({ length: 900 }, () => wireFrame('', { opcode: 9 }))),
    ),
  ])
  t.diagnostic(`cut after ${lives.map((ms) => Math.round(ms)).join(', ')} ms`)
  for (const lifeMs of lives)
    assert.ok(lifeMs > 2_900 && lifeMs < REMOTE_TOTAL_MS + 1_500, `lived ${Math.round(lifeMs)} ms`)
  await assertUnharmed(gateway)
})

async function upgraded(port: number, host: string): Promise<WireAttempt> {
  const attempt = await WireAttempt.dial(port, host)
  attempt.send(upgradeRequest(port))
  await attempt.until(({ messages }) => messages.length === 1, 5_000)
  return attempt
}

/** How long the gateway bears with the bytes, one at a time. */
async function lifeOf(attempt: WireAttempt, bytes: Buffer): Promise<number> {
  using dying = attempt
  const startedAt = performance.now()
  for (const byte of bytes) {
    if (dying.isEnded || performance.now() - startedAt > 2 * REMOTE_TOTAL_MS) break
    dying.send(Buffer.from([byte]))
    await sleep(BYTE_EVERY_MS)
  }
  return performance.now() - startedAt
}
