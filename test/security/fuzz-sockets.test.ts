// Bytes on real sockets, against a whole gateway: connect frames, WebSocket frames and HTTP requests that are not what
// they should be. Whatever arrives, the gateway answers completely or closes, stays alive, and keeps nothing.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeRequest, ERROR_CODES } from '@breakwater/protocol'
import { cliConnect, connectRaw, type GatewayFixture, startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { fuzz, IS_FULL } from './fuzz/fuzz.ts'
import { mutateJson, mutateText, ODD_TEXTS, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'
import { upgradeRequest, type WireAnswer, WireAttempt, wireFrame } from './wire-attempt.ts'

const INPUTS = IS_FULL ? 50_000 : 3_000
/** An answer takes this long at most; a silence is only settled by waiting, so few inputs may lead to one. */
const ANSWER_MS = 5_000
const SILENCE_MS = 20

test('a connect frame over a socket ends in hello-ok for who holds the token, or in a complete refusal', async (t) => {
  await using gateway = await startTestGateway({ wsLog: 'off' })
  const start = { type: 'req', id: '1', method: 'connect', params: cliConnect(TEST_TOKEN) }
  await fuzzGateway(t, gateway, {
    outcomes: ['hello-ok', 'refused', 'closed without an answer'],
    mustOccur: ['hello-ok', 'refused', 'closed without an answer'],
    make: (random) => {
      const text = JSON.stringify(start)
      if (random.chance(0.1)) return text
      if (random.chance(0.3)) return mutateText(random, text, [text, ...ODD_TEXTS])
      return JSON.stringify({ ...start, params: mutateJson(random, start.params) })
    },
    judge: async (text, attempt) => {
      attempt.send(upgradeRequest(gateway.port))
      const challenged = await attempt.until(({ messages }) => messages.length === 1, ANSWER_MS)
      assert.match(challenged.messages[0] ?? '', /connect\.challenge/)
      attempt.send(wireFrame(text, { opcode: text.length % 2 === 0 ? 1 : 2 }))
      const { messages, close } = await attempt.until(
        ({ messages, close }) => messages.length > 1 || close !== undefined,
        ANSWER_MS,
      )
      const answer = messages[1] === undefined ? undefined : JSON.parse(messages[1])
      if (answer?.ok === true) {
        assert.equal(tokenOf(text), TEST_TOKEN, 'let in without the token')
        return 'hello-ok'
      }
      const ended = close ?? (await attempt.until(({ close }) => close !== undefined, ANSWER_MS)).close
      assert.ok([1002, 1008].includes(ended?.code ?? 0) && ended?.reason !== '', `closed with ${JSON.stringify(ended)}`)
      if (answer === undefined) {
        assert.equal(ended?.reason, 'invalid request frame')
        return 'closed without an answer'
      }
      assertComplete(answer.error)
      return 'refused'
    },
  })
})

test('frames no client should send end in a close code of the WebSocket protocol', async (t) => {
  await using gateway = await startTestGateway({ wsLog: 'off' })
  await fuzzGateway(t, gateway, {
    outcomes: ['closed', 'reset', 'waiting'],
    mustOccur: ['closed', 'waiting'],
    make: (random) => Array.from({ length: 1 + random.below(5) }, () => oddFrame(random)),
    judge: async (frames, attempt) => {
      attempt.send(upgradeRequest(gateway.port))
      await attempt.until(({ messages }) => messages.length === 1, ANSWER_MS)
      for (const frame of frames) attempt.send(frame)
      const { close, messages } = await attempt.until(({ close }) => close !== undefined, SILENCE_MS)
      assert.ok(!messages.some((message) => message.includes('hello-ok')), 'let in by garbage')
      if (close === undefined) return attempt.isEnded ? 'reset' : 'waiting'
      assert.ok(
        [1000, 1002, 1003, 1005, 1007, 1008, 1009].includes(close.code) || close.code >= 3000,
        `close ${close.code}`,
      )
      return 'closed'
    },
  })
})

test('bytes that are not quite an upgrade request are answered with JSON and an HTTP status, or let go', async (t) => {
  await using gateway = await startTestGateway({ wsLog: 'off' })
  const request = upgradeRequest(gateway.port)
  const others = [
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n5\r\n',
    'Content-Length: 10\r\n',
    'X-Forwarded-For: 1.2.3.4\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ]
  await fuzzGateway(t, gateway, {
    outcomes: ['upgraded', 'answered', 'refused', 'let go', 'waiting'],
    mustOccur: ['upgraded', 'answered', 'refused', 'waiting'],
    make: (random) => {
      if (random.chance(0.1)) return randomText(random)
      const base = random.chance(0.7) ? request : random.pick(others)
      return mutateText(random, base, [request, ...others, ...ODD_TEXTS])
    },
    judge: async (text, attempt) => {
      attempt.send(Buffer.from(text, 'latin1'))
      if (text.length % 2 === 0) attempt.end()
      const isDone = (answer: WireAnswer): boolean =>
        answer.http !== undefined && (answer.http.status === 101 || attempt.isEnded)
      const { http } = await attempt.until(isDone, SILENCE_MS)
      if (http === undefined) return attempt.isEnded ? 'let go' : 'waiting'
      if (http.status === 101) return 'upgraded'
      if (http.status === 100 || http.status < 400) return 'answered'
      assertRefusal(http)
      return 'refused'
    },
  })
})

interface SocketPlan<Input> {
  readonly outcomes: readonly string[]
  readonly mustOccur: readonly string[]
  readonly make: (random: Random) => Input
  readonly judge: (input: Input, attempt: WireAttempt) => Promise<string>
}

/** Runs the inputs, each on a connection of its own, and looks at the gateway afterwards. */
async function fuzzGateway<Input>(t: TestContext, gateway: GatewayFixture, plan: SocketPlan<Input>): Promise<void> {
  await fuzz(t, {
    inputs: INPUTS,
    slowInputMs: ANSWER_MS,
    outcomes: plan.outcomes,
    mustOccur: plan.mustOccur,
    make: plan.make,
    judge: async (input) => {
      using attempt = await WireAttempt.dial(gateway.port)
      return await plan.judge(input, attempt)
    },
  })
  const health = await fetch(`http://127.0.0.1:${gateway.port}/healthz`)
  assert.equal(health.status, 200)
  await using _client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  await sleep(50)
  const open = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  assert.ok(open <= 6, `${open} sockets are still open`)
}

function assertComplete(error: Record<string, unknown>): void {
  assert.ok(ERROR_CODES.includes(error.code as never), String(error.code))
  assert.ok(typeof error.message === 'string' && error.message.length > 5)
  assert.equal(typeof error.retryable, 'boolean')
  assert.equal(typeof (error.details as Record<string, unknown>).recovery, 'string')
}

function assertRefusal({ head, body, status }: NonNullable<WireAnswer['http']>): void {
  assert.match(head, /\r\nContent-Type: application\/json/i, `${status}`)
  const { error } = JSON.parse(body || '{"error":{"type":"head","message":"no body to a HEAD request"}}')
  assert.match(error.type, /^[a-z_]+$/)
  assert.ok(error.message.length > 10)
}

function oddFrame(random: Random): Buffer {
  const payload = random.chance(0.5)
    ? randomText(random)
    : Buffer.from(Array.from({ length: random.below(130) }, () => random.below(256)))
  return wireFrame(payload, {
    opcode: random.below(16),
    isFinal: random.chance(0.7),
    isMasked: random.chance(0.9),
    reserved: random.chance(0.8) ? 0 : random.below(8),
    ...(random.chance(0.15)
      ? { claimedBytes: random.pick([0, 1, 125, 126, 65_535, 65_536, 26_214_401, 2 ** 40, 2 ** 52]) }
      : {}),
  })
}

/** The secret a frame carries; the field of the password may hold it too. */
function tokenOf(text: string): string | undefined {
  const decoded = decodeRequest(text)
  const auth = decoded.ok ? (decoded.frame.params as { auth?: Record<string, string> } | undefined)?.auth : undefined
  return (auth?.token?.trim() || auth?.password?.trim()) ?? undefined
}
