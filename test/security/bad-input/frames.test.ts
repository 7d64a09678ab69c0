// Messages that are too large, too many, too deep or in pieces, before and after authentication: what fits is served, what
// does not is cut with its reason, and neighbours never notice.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from '@breakwater/protocol'
import {
  cliConnect,
  connectRaw,
  type Frame,
  type GatewayProcess,
  RawClient,
  spawnGateway,
  startTestGateway,
  TEST_TOKEN,
} from '@breakwater/testkit'
import { upgradeRequest, type WireAnswer, WireAttempt, wireFrame } from '../wire-attempt.ts'
import { assertHttpRefusal, assertUnharmed, assertWireError } from './unharmed.ts'

const ANSWER_MS = 5_000
const CONNECT = JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: cliConnect(TEST_TOKEN) })
const TOO_LARGE = { code: 1009, reason: `preauth payload too large (${LIMITS.preAuthBytes} bytes)` }

/** A connection that has its challenge. */
async function challenged(port: number): Promise<WireAttempt> {
  const attempt = await WireAttempt.dial(port)
  attempt.send(upgradeRequest(port))
  const { messages } = await attempt.until(({ messages }) => messages.length === 1, ANSWER_MS)
  assert.match(messages[0] ?? '', /connect\.challenge/)
  return attempt
}

async function authenticated(port: number): Promise<WireAttempt> {
  const attempt = await challenged(port)
  attempt.send(wireFrame(CONNECT))
  assertGreeted(await attempt.until(({ messages }) => messages.length > 1, ANSWER_MS))
  return attempt
}

const assertGreeted = ({ messages, close }: WireAnswer): void =>
  assert.match(messages[1] ?? JSON.stringify(close), /"hello-ok"/)
const isClosed = ({ close }: WireAnswer): boolean => close !== undefined

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

test('25 MiB after hello is served, one byte more is cut with 1009, and a neighbour is answered meanwhile', async () => {
  await using gateway = await spawnGateway()
  await using neighbour = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  for (const [bytes, isServed] of [
    [LIMITS.maxPayloadBytes, true],
    [LIMITS.maxPayloadBytes + 1, false],
  ] as const) {
    await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
    const frame = (filler: string): string =>
      `{"type":"req","id":"big","method":"logs.tail","params":{"x":"${filler}"}}`
    client.send(frame('x'.repeat(bytes - frame('').length)))
    let longestMs = 0
    for (let calls = 0; calls < 20; calls += 1) {
      const startedAt = performance.now()
      assert.equal((await neighbour.request('health')).ok, true)
      longestMs = Math.max(longestMs, performance.now() - startedAt)
    }
    if (isServed) {
      const answer = await client.next(({ id }) => id === 'big')
      assertWireError(answer.error, {
        code: 'INVALID_REQUEST',
        message: /unexpected property 'x'/,
        recovery: 'fix-request',
        retryable: false,
      })
      assert.equal((await client.request('health')).ok, true, 'the connection lives on')
    } else assert.equal((await client.closed).code, 1009)
    assert.ok(longestMs < 1_000, `a neighbour waited ${Math.round(longestMs)} ms`)
  }
  await assertUnharmed(gateway)
})

test('fragments that add up to more than 25 MiB are cut with 1009', async () => {
  await using gateway = await startTestGateway()
  using attempt = await authenticated(gateway.port)
  const mib = 'x'.repeat(1_024 * 1_024)
  for (let at = 0; at <= 25; at += 1) attempt.send(wireFrame(mib, { opcode: at === 0 ? 1 : 0, isFinal: at === 25 }))
  assert.equal((await attempt.until(isClosed, ANSWER_MS)).close?.code, 1009)
  await assertUnharmed(gateway)
})

const DEEP = 100_000
const ODD_PARAMS: Readonly<Record<string, string>> = {
  'lists 100,000 deep': '['.repeat(DEEP) + ']'.repeat(DEEP),
  'objects 100,000 deep': '{"a":'.repeat(DEEP) + '1' + '}'.repeat(DEEP),
  'a known key 100,000 deep': `{"limit":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}`,
  '__proto__ and constructor keys': '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  'the same key twice': '{"limit":1,"limit":"x"}',
  'numbers beyond all range': '{"limit":1e999}',
  'a string of 1 MiB': `"${'x'.repeat(1_048_576)}"`,
}

test('odd parameters get one answer each from every method, and nothing breaks', async () => {
  await using gateway = await startTestGateway()
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  const hello = client.frames.find(({ type }) => type === 'res')
  const methods: readonly string[] = hello?.payload.features.methods
  assert.ok(methods.length > 20)
  for (const [what, params] of Object.entries(ODD_PARAMS)) {
    for (const [at, method] of methods.entries()) {
      client.send(`{"type":"req","id":"${what} ${at}","method":"${method}","params":${params}}`)
      const answer = await client.next(({ type, id }) => type === 'res' && id === `${what} ${at}`)
      if (answer.ok === false) {
        assert.notEqual(answer.error?.details?.correlationId ?? '', answer.error?.message, method)
        assert.equal(answer.error?.details?.correlationId, undefined, `${method} failed on ${what}`)
      }
      client.frames.length = 0
    }
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
  await assertUnharmed(gateway)
})

test('huge ids and method names, and bytes that are no UTF-8, are answered or cut, never repeated at length', async () => {
  await using gateway = await startTestGateway()
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  const id = 'i'.repeat(1_048_576)
  client.send({ type: 'req', id, method: 'health' })
  assert.equal((await client.next((frame) => frame.id === id)).ok, true)
  client.send({ type: 'req', id: 'm', method: 'm'.repeat(1_048_576) })
  const unknown = await client.next((frame) => frame.id === 'm')
  assertWireError(unknown.error, {
    code: 'INVALID_REQUEST',
    message: /^unknown method: m+/,
    recovery: 'upgrade',
    retryable: false,
  })
  assert.ok(JSON.stringify(unknown).length < 1_024)
  client.send({ type: 'req', id: '', method: 'health' })
  const nameless = await client.next((frame) => frame.id === '')
  assertWireError(nameless.error, {
    code: 'INVALID_REQUEST',
    message: /at \/id/,
    recovery: 'fix-request',
    retryable: false,
  })

  using text = await authenticated(gateway.port)
  text.send(wireFrame(Buffer.from('"\xff\xfe"', 'latin1'), { opcode: 1 }))
  assert.equal((await text.until(isClosed, ANSWER_MS)).close?.code, 1007)
  await using binary = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  binary.send(Buffer.from('{"type":"req","id":"\xff","method":"health"}', 'latin1'))
  assert.equal((await binary.next((frame) => frame.id === '\ufffd')).ok, true)
  await assertUnharmed(gateway)
})

test('a client that sends no JSON is not answered, and one that only repeats itself stays bounded', async () => {
  await using gateway = await startTestGateway()
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  client.frames.length = 0
  for (const text of ['', 'null', 'x', '{', '[1', '\0']) client.send(text)
  client.send('[]')
  const answer = await client.next(({ type }) => type === 'res')
  assert.equal(answer.id, 'invalid')
  assert.equal(client.frames.filter(({ type }) => type === 'res').length, 2, 'null and [] are JSON, the rest is not')
  const again = await client.request('connect', cliConnect(TEST_TOKEN))
  assert.match(again.error?.message ?? '', /connect is only valid as the first request/)
  await assertUnharmed(gateway)
})

test('close frames of every odd kind end the connection and nothing else', async () => {
  await using gateway = await startTestGateway()
  const code = (value: number, reason = ''): Buffer =>
    Buffer.concat([Buffer.from([value >> 8, value & 0xff]), Buffer.from(reason)])
  const payloads = [
    Buffer.alloc(0),
    Buffer.from([3]),
    ...[0, 999, 1000, 1004, 1005, 1006, 1014, 1015, 2999, 3000, 4999, 5000, 65_535].map((value) => code(value)),
    code(1000, 'x'.repeat(123)),
    Buffer.concat([code(1000), Buffer.from([0xff, 0xfe])]),
  ]
  for (const open of [challenged, authenticated]) {
    for (const payload of payloads) {
      using attempt = await open(gateway.port)
      attempt.send(wireFrame(payload, { opcode: 8 }))
      const { close } = await attempt.until(() => attempt.isEnded, ANSWER_MS)
      assert.ok(attempt.isEnded && close !== undefined, payload.toString('hex'))
    }
  }
  await assertUnharmed(gateway)
})

test('a ping is answered with what it carried, a burst of them at least with the last', async () => {
  await using gateway = await startTestGateway()
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  const pongs: string[] = []
  client.socket.on('pong', (payload) => pongs.push(payload.toString()))
  for (let at = 0; at < 1_000; at += 1) client.socket.ping(`ping ${at}`)
  await client.request('health')
  await sleep(50)
  assert.equal(pongs[0], 'ping 0')
  assert.equal(pongs.at(-1), 'ping 999')
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

async function residentBytes({ pid }: GatewayProcess): Promise<number> {
  const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1])
  return pages * 4_096
}
