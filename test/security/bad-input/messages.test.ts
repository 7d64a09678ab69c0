// Messages of authenticated clients that are too large, too deep, in pieces or no messages at all: what fits is served,
// what does not is refused or cut, and neighbours never notice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LIMITS } from '@breakwater/protocol'
import { cliConnect, connectRaw, spawnGateway, startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { wireFrame } from '../wire-attempt.ts'
import { ANSWER_MS, authenticated, challenged, isClosed } from './shaking-hands.ts'
import { assertUnharmed, assertWireError } from './unharmed.ts'

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
  'objects 100,000 deep': `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
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
