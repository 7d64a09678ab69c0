// What a peer may send before it is authenticated, in every shape: connects in pieces are connects, 64 KiB in all is the
// limit, and what comes behind connect waits in a short line.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '@breakwater/protocol'
import { cliConnect, type Frame, startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { upgradeRequest, type WireAnswer, WireAttempt, wireFrame } from '../wire-attempt.ts'
import { ANSWER_MS, assertGreeted, CONNECT, challenged, isClosed } from './shaking-hands.ts'
import { assertHttpRefusal, assertUnharmed } from './unharmed.ts'

const TOO_LARGE = { code: 1009, reason: `preauth payload too large (${LIMITS.preAuthBytes} bytes)` }

test('a connect in a binary frame, in fragments of one byte and in segments of one byte is a connect', async () => {
  await using gateway = await startTestGateway()
  const bytes = Buffer.from(CONNECT)
  const fragments = Array.from(bytes, (byte, at) =>
    wireFrame(Buffer.from([byte]), { opcode: at === 0 ? 1 : 0, isFinal: at === bytes.length - 1 }),
  )
  for (const parts of [
    [wireFrame(CONNECT, { opcode: 2 })],
    fragments,
    Array.from(wireFrame(CONNECT), (byte) => Buffer.from([byte])),
  ]) {
    using attempt = await challenged(gateway.port)
    for (const part of parts) {
      attempt.send(part)
      if (parts.length > 1) await new Promise(setImmediate)
    }
    assertGreeted(await attempt.until(({ messages }) => messages.length > 1, ANSWER_MS))
  }
  await assertUnharmed(gateway)
})

test('a connect sent in one segment with the upgrade is heard, up to 64 KiB in all', async () => {
  await using gateway = await startTestGateway()
  const padded = JSON.stringify({
    type: 'req',
    id: 'c',
    method: 'connect',
    params: cliConnect(TEST_TOKEN, { pathEnv: 'p'.repeat(60_000) }),
  })
  using attempt = await WireAttempt.dial(gateway.port)
  attempt.send(Buffer.concat([Buffer.from(upgradeRequest(gateway.port)), wireFrame(padded)]))
  assertGreeted(await attempt.until(({ messages }) => messages.length > 1, ANSWER_MS))
  await assertUnharmed(gateway)
})

const KIB_60 = 60 * 1_024
const OVERFLOWS: Readonly<Record<string, readonly Buffer[]>> = {
  'one frame': [
    wireFrame(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: { x: 'x'.repeat(66_000) } })),
  ],
  'one frame that claims 25 MiB': [wireFrame('x'.repeat(70_000), { claimedBytes: LIMITS.maxPayloadBytes })],
  'an unfinished message in fragments': Array.from({ length: 70 }, (_, at) =>
    wireFrame('x'.repeat(1_024), { opcode: at === 0 ? 1 : 0, isFinal: false }),
  ),
  'many pings': Array.from({ length: 600 }, () => wireFrame('x'.repeat(120), { opcode: 9 })),
  'many empty pongs': Array.from({ length: 12_000 }, () => wireFrame('', { opcode: 10 })),
  'frames of 1 byte': [
    wireFrame('x', { isFinal: false }),
    ...Array.from({ length: 10_000 }, () => wireFrame('x', { opcode: 0, isFinal: false })),
  ],
}
for (const [shape, frames] of Object.entries(OVERFLOWS)) {
  test(`more than 64 KiB before authentication, as ${shape}, is cut with 1009 and its limit`, async () => {
    await using gateway = await startTestGateway()
    using attempt = await challenged(gateway.port)
    for (const frame of frames) attempt.send(frame)
    const { close } = await attempt.until(isClosed, ANSWER_MS)
    assert.deepEqual(close, TOO_LARGE)
    await attempt.until(() => false, 2_000)
    assert.ok(attempt.isEnded, 'the connection outlived the close grace')
    await assertUnharmed(gateway)
  })
}

test('headers count towards the 64 KiB of a stranger', async () => {
  await using gateway = await startTestGateway()
  using attempt = await WireAttempt.dial(gateway.port)
  attempt.send(upgradeRequest(gateway.port, { Cookie: 'x'.repeat(15_000) }))
  await attempt.until(({ messages }) => messages.length === 1, ANSWER_MS)
  attempt.send(wireFrame('x'.repeat(52_000), { isFinal: false }))
  assert.deepEqual((await attempt.until(isClosed, ANSWER_MS)).close, TOO_LARGE)
  assertHttpRefusal(await refusedHeaders(gateway.port), { status: 431, type: 'headers_too_large', message: /16384/ })
  await assertUnharmed(gateway)
})

async function refusedHeaders(port: number): Promise<WireAnswer> {
  using attempt = await WireAttempt.dial(port)
  attempt.send(upgradeRequest(port, { Cookie: 'x'.repeat(KIB_60) }))
  return await attempt.until(() => attempt.isEnded, ANSWER_MS)
}

test('pipelined frames behind connect are served in order, the sixteenth is one too many', async () => {
  await using gateway = await startTestGateway()
  for (const [count, closes] of [
    [15, false],
    [16, true],
  ] as const) {
    using attempt = await challenged(gateway.port)
    const requests = Array.from({ length: count }, (_, at) =>
      wireFrame(JSON.stringify({ type: 'req', id: `p${at}`, method: 'health' })),
    )
    attempt.send(Buffer.concat([wireFrame(CONNECT), ...requests]))
    const { messages, close } = await attempt.until(
      (answer) => isClosed(answer) || answer.messages.length >= 2 + count,
      ANSWER_MS,
    )
    if (closes) assert.deepEqual(close, { code: 1008, reason: 'too many pending handshake frames' })
    else {
      const ids = messages.map((message) => (JSON.parse(message) as Frame).id).filter((id) => id?.startsWith('p'))
      assert.deepEqual(
        ids,
        Array.from({ length: count }, (_, at) => `p${at}`),
      )
    }
  }
  await assertUnharmed(gateway)
})
