// A gateway that answers with anything, against the client: whatever comes back, a connection is made or refused with one
// of the client's own errors, calls settle, nothing is thrown into the transport, and no timer stays behind.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLIENT_ERRORS,
  type ClientClock,
  ClientError,
  type Connection,
  clientClock,
  connectOnce,
  MemoryCredentialStore,
  StoreAuthenticator,
  type Transport,
  type TransportHandlers,
} from '@breakwater/client'
import { encodeError, encodeOk, wireError } from '@breakwater/protocol'
import { fuzz, IS_FULL } from './fuzz/fuzz.ts'
import { mutateJson, mutateText, ODD_TEXTS } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const INPUTS = IS_FULL ? 1_000_000 : 20_000
const CHALLENGE = { type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 1_800_000_000_000 } }
const HELLO = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: '1', connId: 'c' },
  features: { methods: ['health'], events: ['tick'] },
  snapshot: { presence: [], health: {}, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
  auth: { role: 'operator', scopes: ['operator.read'], method: 'token', deviceToken: 't', issuedAtMs: 1 },
  policy: { maxPayload: 26_214_400, maxBufferedBytes: 52_428_800, tickIntervalMs: 30_000 },
}
const REFUSALS = [
  wireError('AUTH_TOKEN_MISMATCH'),
  wireError('PAIRING_REQUIRED', { details: { requestId: 'r', pauseReconnect: false }, nextCommand: 'breakwater x' }),
  wireError('GATEWAY_STARTING', { retryAfterMs: 500, details: { reason: 'startup-sidecars' } }),
  wireError('AUTH_RATE_LIMITED', { retryAfterMs: 60_000 }),
]
const EVENTS = [
  { type: 'event', event: 'tick', payload: { ts: 1 }, seq: 1 },
  { type: 'event', event: 'shutdown', payload: { reason: 'x', restartExpectedMs: 1_000 }, seq: 2 },
  { type: 'event', event: 'presence', payload: { presence: [] }, seq: 9, stateVersion: { presence: 2, health: 2 } },
]
/** Stands for the id of the request that is answered. */
const ID = '<id>'

interface Conversation {
  readonly challenge: string
  readonly answers: readonly string[]
  readonly responses: readonly string[]
}

test('whatever a gateway answers, the client connects or says what was wrong, and its calls settle', async (t) => {
  await fuzz<Conversation>(t, {
    inputs: INPUTS,
    outcomes: ['answered', ...Object.keys(CLIENT_ERRORS)],
    mustOccur: ['answered', 'CONNECT_REFUSED', 'REQUEST_REFUSED', 'INVALID_RESPONSE', 'INVALID_CHALLENGE'],
    make: (random) => ({
      challenge: random.chance(0.8) ? JSON.stringify(CHALLENGE) : odd(random, CHALLENGE),
      answers: some(random, [
        JSON.parse(encodeOk(ID, HELLO)),
        ...REFUSALS.map((error) => JSON.parse(encodeError(ID, error))),
      ]),
      responses: some(random, [
        JSON.parse(encodeOk(ID, { ok: true })),
        JSON.parse(encodeError(ID, wireError('MISSING_SCOPE'))),
        ...EVENTS,
      ]),
    }),
    judge: converse,
  })
})

/** The first is right more often than not, so that the conversation goes on. */
function some(random: Random, frames: readonly unknown[]): string[] {
  return Array.from({ length: 1 + random.below(3) }, (_, at) => {
    const frame = at === 0 && random.chance(0.6) ? frames[0] : random.pick(frames)
    return random.chance(0.4) ? JSON.stringify(frame) : odd(random, frame)
  })
}

function odd(random: Random, frame: unknown): string {
  if (random.chance(0.2)) return mutateText(random, JSON.stringify(frame), [JSON.stringify(frame), ...ODD_TEXTS])
  return JSON.stringify(mutateJson(random, frame)) ?? ''
}

async function converse({ challenge, answers, responses }: Conversation): Promise<string> {
  const gateway = new ScriptedGateway()
  const clock = new CountingClock()
  const store = new MemoryCredentialStore()
  const connecting = connectOnce(
    { transport: gateway, clock, authenticator: new StoreAuthenticator({ store }, { token: 't' }) },
    { url: 'ws://127.0.0.1:1', client: { id: 'cli', mode: 'cli', version: '1', platform: 'linux' } },
  )
  connecting.catch(() => {})
  gateway.say(challenge)
  await gateway.answer(answers)
  // Who is not ready by now waits for more: the gateway hangs up.
  if ((await Promise.race([connecting, nextTurn()]).catch(() => undefined)) === undefined) gateway.hangUp()
  const outcome = await connecting.then((connection) => use(connection, gateway, responses), codeOf)
  gateway.hangUp()
  await nextTurn()
  assert.equal(clock.armedCount, 0, 'a timer is left')
  return outcome
}

async function use(connection: Connection, gateway: ScriptedGateway, responses: readonly string[]): Promise<string> {
  const call = connection.call('health', {}).then(() => 'answered', codeOf)
  // Judged below; until then nobody waits for it.
  call.catch(() => {})
  await gateway.answer(responses)
  gateway.hangUp()
  const outcome = await call
  assert.ok((await connection.closed) instanceof ClientError)
  return outcome
}

function codeOf(error: unknown): string {
  if (!(error instanceof ClientError)) throw error
  assert.ok(!/\p{Cc}/u.test(error.message), 'a message that steers a terminal')
  assert.ok(error.message.length <= 1_024)
  JSON.stringify(error.toJSON())
  return error.code
}

const nextTurn = (): Promise<undefined> => new Promise((resolve) => setImmediate(resolve, undefined))

/** Delivers in the judge's own turn, so that what the client throws is the judge's to see. */
class ScriptedGateway implements Transport {
  readonly isPinned = false
  #handlers: TransportHandlers | undefined
  #lastId = ''

  open(_endpoint: unknown, handlers: TransportHandlers) {
    this.#handlers = handlers
    return {
      send: (text: string) => {
        this.#lastId = JSON.parse(text).id
      },
      close: () => queueMicrotask(() => this.hangUp()),
      terminate: () => queueMicrotask(() => this.hangUp()),
      bufferedBytes: 0,
    }
  }

  say(challenge: string): void {
    this.#handlers?.onOpen()
    this.#handlers?.onMessage(challenge)
  }

  /** Waits for the request first. */
  async answer(frames: readonly string[]): Promise<void> {
    for (let turns = 0; this.#lastId === '' && turns < 3; turns += 1) await nextTurn()
    const id = this.#lastId
    this.#lastId = ''
    for (const frame of frames) this.#handlers?.onMessage(frame.replaceAll(ID, id))
  }

  hangUp(): void {
    const handlers = this.#handlers
    this.#handlers = undefined
    handlers?.onClose({ code: 1006, reason: '' })
  }
}

/** Real time; knows which timers are armed. */
class CountingClock implements ClientClock {
  readonly #armed = new Set<unknown>()

  get armedCount(): number {
    return this.#armed.size
  }

  now(): number {
    return clientClock.now()
  }

  setTimer(run: () => void, afterMs: number): ReturnType<ClientClock['setTimer']> {
    const timer = clientClock.setTimer(() => {
      this.#armed.delete(timer)
      run()
    }, afterMs)
    this.#armed.add(timer)
    return timer
  }

  clearTimer(timer: ReturnType<ClientClock['setTimer']>): void {
    this.#armed.delete(timer)
    clientClock.clearTimer(timer)
  }

  afterPoll(run: () => void): void {
    clientClock.afterPoll(run)
  }
}
