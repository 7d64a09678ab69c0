// The driver against a transport that misbehaves: late callbacks, sockets that linger, work that finishes too late.

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { type EventFrame, encodeOk, type RequestFrame } from '@breakwater/protocol'
import { ConnectionDriver, type DriverComponents } from '../../src/connection/driver.ts'
import type { Gap } from '../../src/connection/gap-detector.ts'
import type { State } from '../../src/connection/machine.ts'
import { MemoryCredentialStore } from '../../src/credentials/memory-credential-store.ts'
import { StoreAuthenticator } from '../../src/credentials/store-authenticator.ts'
import { ClientError } from '../../src/errors.ts'
import { type ClientOptionsInput, resolveOptions } from '../../src/options.ts'
import { CLIENT } from '../support/builders.ts'
import { FakeClientClock } from '../support/fake-clock.ts'
import { helloOk } from '../support/hello.ts'
import { type RudeSocket, RudeTransport } from '../support/rude-transport.ts'

function setup(options: Partial<ClientOptionsInput> = {}, components: Partial<DriverComponents> = {}) {
  const clock = new FakeClientClock()
  const transport = new RudeTransport()
  const events: EventFrame[] = []
  const gaps: Gap[] = []
  const states: State[] = []
  const driver = new ConnectionDriver(
    {
      transport,
      clock,
      random: () => 0,
      authenticator: new StoreAuthenticator({ store: new MemoryCredentialStore() }, { token: 't' }),
      guard: (foreign) => foreign(),
      listener: {
        onState: (state) => states.push(state),
        onEvent: (frame) => events.push(frame),
        onGap: (gap) => gaps.push(gap),
        onHeld: () => {},
        onCredentialFault: (error) => assert.fail(error),
      },
      ...components,
    },
    resolveOptions({ url: 'ws://127.0.0.1:1', client: CLIENT, ...options }),
  )
  return { clock, transport, driver, events, gaps, states }
}

const event = (name: string, payload: unknown = {}, seq?: number): string =>
  JSON.stringify({ type: 'event', event: name, payload, seq })
const challenge = (nonce: string): string => event('connect.challenge', { nonce, ts: 7 })
const sentBy = (socket: RudeSocket): RequestFrame[] => socket.sent.map((text) => JSON.parse(text))

async function toReady(socket: RudeSocket, clock: FakeClientClock): Promise<void> {
  socket.handlers.onOpen()
  socket.handlers.onMessage(challenge('n'))
  await clock.advance(0)
  const [connect] = sentBy(socket)
  socket.handlers.onMessage(encodeOk(connect?.id ?? '', helloOk()))
  await clock.advance(0)
}

test('callbacks of an older socket are dropped: messages, close, even its hello', async () => {
  const { clock, transport, driver, events } = setup({ closeGraceMs: 0 })
  const first = driver.dial(1)
  const old = transport.last
  old.handlers.onOpen()
  old.handlers.onMessage(challenge('old'))
  await clock.advance(0)
  const [oldConnect] = sentBy(old)
  await clock.advance(15_000)
  assert.ok('error' in (await first))
  void driver.dial(2)
  await toReady(transport.last, clock)
  old.handlers.onMessage(encodeOk(oldConnect?.id ?? '', helloOk()))
  old.handlers.onMessage(event('health'))
  old.handlers.onClose({ code: 1008, reason: 'too late' })
  await clock.advance(0)
  assert.equal(events.length, 0)
  assert.ok(driver.state.name === 'ready' && driver.state.generation === 2)
  await driver.stop()
})

test('a proof that is finished after its challenge is gone is never sent on the next connection', async () => {
  const signing: PromiseWithResolvers<string>[] = []
  const sign = (): Promise<string> => {
    const pending = Promise.withResolvers<string>()
    signing.push(pending)
    return pending.promise
  }
  const { clock, transport, driver } = setup({ closeGraceMs: 0 }, { identity: { deviceId: 'd', publicKey: 'p', sign } })
  const first = driver.dial(1)
  transport.last.handlers.onOpen()
  transport.last.handlers.onMessage(challenge('first'))
  await clock.advance(0)
  transport.last.handlers.onClose({ code: 1006, reason: '' })
  await first
  void driver.dial(2)
  transport.last.handlers.onOpen()
  transport.last.handlers.onMessage(challenge('second'))
  await clock.advance(0)
  signing[0]?.resolve('signed the first')
  await clock.advance(0)
  assert.deepEqual(transport.last.sent, [])
  signing[1]?.resolve('signed the second')
  await clock.advance(0)
  const devices = sentBy(transport.last).map(({ params }) => (params as { device: { nonce: string } }).device.nonce)
  assert.deepEqual(devices, ['second'])
  await driver.stop()
})

test('an attempt is over only when its socket is gone, so there is never a second one beside it', async () => {
  const { clock, transport, driver } = setup()
  let isSettled = false
  void driver.dial(1).then(() => {
    isSettled = true
  })
  transport.last.handlers.onOpen()
  await clock.advance(15_000)
  assert.equal(transport.last.closed.length, 1, 'closing has begun')
  await clock.advance(249)
  assert.equal(isSettled, false)
  await clock.advance(1)
  assert.equal(isSettled, true)
  assert.equal(transport.last.isTerminated, true)
})

test('the first number on a new socket is a new base, whatever it is', async () => {
  const { clock, transport, driver, gaps } = setup({ closeGraceMs: 0 })
  void driver.dial(1)
  await toReady(transport.last, clock)
  transport.last.handlers.onMessage(event('health', {}, 3))
  transport.last.handlers.onClose({ code: 1006, reason: '' })
  await clock.advance(0)
  void driver.dial(2)
  await toReady(transport.last, clock)
  transport.last.handlers.onMessage(event('health', {}, 9))
  assert.deepEqual(gaps, [])
  await driver.stop()
})

test('a settled call lets go of its signal, and an early deadline is not put off by a later one', async () => {
  const { clock, transport, driver } = setup()
  void driver.dial(1)
  await toReady(transport.last, clock)
  const { signal } = new AbortController()
  const failures: unknown[] = []
  const note = (error: unknown): void => void failures.push((error as ClientError).code)
  driver.call('short', {}, { timeoutMs: 100, signal }).catch(note)
  driver.call('long', {}, { timeoutMs: 10_000, signal }).catch(note)
  const answered = driver.call('answered', {}, { signal })
  assert.equal(getEventListeners(signal, 'abort').length, 3)
  await clock.advance(100)
  assert.deepEqual(failures, ['REQUEST_TIMEOUT'])
  const request = sentBy(transport.last).find(({ method }) => method === 'answered')
  transport.last.handlers.onMessage(encodeOk(request?.id ?? '', 1))
  assert.equal(await answered, 1)
  assert.equal(getEventListeners(signal, 'abort').length, 1)
  await clock.advance(9_900)
  assert.deepEqual(failures, ['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT'])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const stopping = driver.stop()
  await clock.advance(250)
  await stopping
  assert.equal(clock.pendingCount, 0)
})

test('calls are refused while too many bytes wait to be sent', async () => {
  const { clock, transport, driver } = setup({ maxBufferedBytes: 65_536 })
  void driver.dial(1)
  await toReady(transport.last, clock)
  Object.assign(transport.last, { bufferedBytes: 65_537 })
  await assert.rejects(driver.call('x', {}), { code: 'OVERLOADED' })
  void driver.stop()
})

test('ids are unique on a socket and the connect request is its first', async () => {
  const { clock, transport, driver } = setup()
  void driver.dial(7)
  await toReady(transport.last, clock)
  for (const method of ['a', 'b']) driver.call(method, {}).catch(() => {})
  assert.deepEqual(
    sentBy(transport.last).map(({ id }) => id),
    ['1:0-7', '2:0-7', '3:0-7'],
  )
  void driver.stop()
})

test('an attempt whose signal aborts ends with ABORTED and releases the socket', async () => {
  const { clock, transport, driver } = setup()
  const controller = new AbortController()
  const outcome = driver.dial(1, controller.signal)
  transport.last.handlers.onOpen()
  controller.abort(new Error('no longer wanted'))
  await clock.advance(250)
  const ending = await outcome
  assert.ok('error' in ending && ClientError.is(ending.error))
  assert.equal(ending.error.code, 'ABORTED')
  assert.equal(transport.last.isTerminated, true)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('a listener may stop the driver from within a state change', async () => {
  const { clock, transport, driver, states } = setup({ closeGraceMs: 0 })
  const listened = setup(
    { closeGraceMs: 0 },
    {
      listener: {
        onState: (state) => {
          if (state.name === 'ready') void listened.driver.stop()
        },
        onEvent: () => {},
        onGap: () => {},
        onHeld: () => {},
        onCredentialFault: () => {},
      },
    },
  )
  void listened.driver.dial(1)
  await toReady(listened.transport.last, listened.clock)
  assert.equal(listened.driver.state.name, 'stopped')
  assert.equal(listened.clock.pendingCount, 0)
  void driver.dial(1)
  await driver.stop()
  assert.deepEqual(
    states.map(({ name }) => name),
    ['connecting', 'stopped'],
  )
  assert.equal(transport.last.isTerminated, true)
  assert.equal(clock.pendingCount, 0)
})
