// The client against a scripted gateway over a memory transport, on a fake clock: no network, no sleeps.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EventFrame, encodeOk } from '@breakwater/protocol'
import { Supervisor } from '@breakwater/supervisor'
import type { Authenticator } from '../src/credentials/authenticator.ts'
import { MemoryCredentialStore } from '../src/credentials/memory-credential-store.ts'
import { StoreAuthenticator } from '../src/credentials/store-authenticator.ts'
import type { ClientError } from '../src/errors.ts'
import { GatewayClient, type GatewayClientComponents, type GatewayClientOptions } from '../src/gateway-client.ts'
import type { DeviceIdentity } from '../src/identity/device-identity.ts'
import type { ClientStatus } from '../src/status.ts'
import { CLIENT, wireRefusal } from './support/builders.ts'
import { FakeClientClock } from './support/fake-clock.ts'
import { helloOk } from './support/hello.ts'
import { keep } from './support/kept-tokens.ts'
import { MemoryGateway, type MemoryGatewayScript } from './support/memory-gateway.ts'

const anonymous = () => new StoreAuthenticator({ store: new MemoryCredentialStore() }, { token: 't' })

function setup(
  script: MemoryGatewayScript = {},
  options: Partial<GatewayClientOptions> = {},
  components: Partial<GatewayClientComponents> = {},
) {
  const clock = new FakeClientClock(1_000_000)
  const gateway = new MemoryGateway(script)
  const client = new GatewayClient(
    { transport: gateway.transport, authenticator: anonymous(), clock, random: () => 0.5, ...components },
    { url: 'ws://127.0.0.1:18789', client: CLIENT, ...options },
  )
  const statuses: ClientStatus[] = []
  client.statuses.subscribe((status) => statuses.push(status))
  const events: EventFrame[] = []
  client.events.subscribe((frame) => events.push(frame))
  return { clock, gateway, client, statuses, events, types: () => statuses.map(({ type }) => type) }
}

const identity: DeviceIdentity = { deviceId: 'd1', publicKey: 'p1', sign: async (payload) => `signed ${payload}` }
const settled = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error) => error,
  )
const codeOf = async (promise: Promise<unknown>): Promise<unknown> => ((await settled(promise)) as ClientError).code

test('it connects, calls, streams events and stops, leaving no timer behind', async () => {
  const { clock, gateway, client, types, events } = setup()
  client.start()
  await clock.advance(0)
  const hello = await client.ready()
  assert.equal(hello.type, 'hello-ok')
  assert.equal(client.hello, hello)
  assert.deepEqual(await client.call('echo', { a: 1 }), { echo: { a: 1 } })
  assert.deepEqual(await client.methods['sessions.list']({ limit: 1 }), { echo: { limit: 1 } })
  gateway.event('health', { ok: true }, 1)
  await clock.advance(0)
  assert.deepEqual(
    events.map(({ event }) => event),
    ['health'],
  )
  await client.stop()
  assert.deepEqual(types(), ['connecting', 'connecting', 'connecting', 'connecting', 'ready', 'closed'])
  assert.equal(clock.pendingCount, 0)
  assert.deepEqual(gateway.closes, [{ code: 1000, reason: '' }])
  assert.equal(await codeOf(client.call('echo')), 'NOT_CONNECTED')
})

test('the connect frame holds what was asked for and nothing else', async () => {
  const { clock, gateway, client } = setup(
    {},
    { scopes: ['operator.read'], manifest: async () => ({ caps: ['approvals'] }), locale: 'de', userAgent: 'x/1' },
  )
  client.start()
  await clock.advance(0)
  assert.deepEqual(gateway.connects, [
    {
      minProtocol: 4,
      maxProtocol: 4,
      client: CLIENT,
      role: 'operator',
      scopes: ['operator.read'],
      caps: ['approvals'],
      auth: { token: 't' },
      locale: 'de',
      userAgent: 'x/1',
    },
  ])
  await client.stop()
})

test('a device signs the challenge of this very connection with the time the gateway gave', async () => {
  const { clock, gateway, client } = setup({}, { role: 'node' }, { identity: async () => identity })
  client.start()
  await clock.advance(0)
  assert.deepEqual(gateway.connects[0]?.device, {
    id: 'd1',
    publicKey: 'p1',
    signature: 'signed v3|d1|test|test|node||1737264000000|t|n-1|linux|',
    signedAt: 1_737_264_000_000,
    nonce: 'n-1',
  })
  await client.stop()
})

test('a device cannot answer a challenge without a time; without a device that does not matter', async () => {
  const script = { onAccept: (peer, gateway) => gateway.challenge(peer, { nonce: 'n' }) } satisfies MemoryGatewayScript
  const withDevice = setup(script, {}, { identity })
  withDevice.client.start()
  await withDevice.clock.advance(0)
  assert.equal(await codeOf(withDevice.client.ready()), 'INVALID_CHALLENGE')
  assert.equal(withDevice.gateway.connects.length, 0)
  await withDevice.client.stop()
  const without = setup(script)
  without.client.start()
  await without.clock.advance(0)
  await without.client.ready()
  await without.client.stop()
})

for (const [code, components, options] of [
  ['IDENTITY_UNAVAILABLE', { identity: () => Promise.reject(new Error('disk')) }, {}],
  ['IDENTITY_UNAVAILABLE', { identity: { ...identity, sign: () => Promise.reject(new Error('locked')) } }, {}],
  ['CREDENTIALS_UNAVAILABLE', { authenticator: { select: () => Promise.reject(new Error('disk')) } }, {}],
  ['INVALID_OPTIONS', {}, { manifest: () => Promise.reject(new Error('a hook failed')) }],
] as const) {
  test(`nothing is sent and the connection parks when the frame cannot be made: ${code}`, async () => {
    const { clock, gateway, client } = setup({}, options, components as Partial<GatewayClientComponents>)
    client.start()
    await clock.advance(0)
    assert.equal(await codeOf(client.ready()), code)
    assert.equal(gateway.connects.length, 0)
    assert.equal(client.status.type, 'parked')
    await client.stop()
  })
}

test('after a cut it reports when the next attempt is due and is ready again then', async () => {
  const { clock, gateway, client, statuses } = setup()
  client.start()
  await clock.advance(0)
  await client.ready()
  const cutAt = clock.now()
  gateway.last.cut()
  await clock.advance(0)
  const backoff = statuses.at(-1)
  assert.ok(backoff?.type === 'backoff')
  assert.equal(backoff.error.code, 'CLOSED')
  assert.equal(backoff.nextAttemptAt, cutAt + 500, 'half of the first ceiling, as the random source says')
  assert.equal(await codeOf(client.call('echo')), 'NOT_CONNECTED')
  await clock.advance(500)
  await client.ready()
  assert.equal(gateway.peers.length, 2)
  await client.stop()
})

test('pending requests are rejected on a cut and never replayed', async () => {
  const requests: string[] = []
  const { clock, gateway, client } = setup({ onRequest: (_, frame) => requests.push(frame.method) })
  client.start()
  await clock.advance(0)
  const call = client.call('test.send', { text: 'once' })
  await clock.advance(0)
  gateway.last.cut()
  assert.equal(await codeOf(call), 'CLOSED')
  await clock.advance(10_000)
  await client.ready()
  assert.deepEqual(requests, ['test.send'])
  await client.stop()
})

test('one refused connection after another backs off; a later hello makes it ready', async () => {
  let refusals = 3
  const { clock, gateway, client } = setup({
    onAccept: (peer, g) => (refusals-- > 0 ? peer.cut() : g.challenge(peer)),
  })
  client.start()
  await clock.advance(0)
  assert.equal(client.supervision.failures, 1)
  await clock.advance(20_000)
  await client.ready()
  assert.equal(gateway.peers.length, 4)
  await client.stop()
})

test('a gateway that is starting is asked again after its own hint', async () => {
  const arrivals: number[] = []
  const error = wireRefusal(undefined, {
    code: 'UNAVAILABLE',
    retryAfterMs: 5_000,
    details: { reason: 'startup-sidecars' },
  })
  const { clock, client } = setup({
    onConnect: (peer, frame, gateway) => {
      arrivals.push(clock.now())
      if (arrivals.length === 1) gateway.refuse(peer, frame, error)
      else peer.send(encodeOk(frame.id, helloOk()))
    },
  })
  client.start()
  await clock.advance(4_999)
  assert.equal(arrivals.length, 1)
  await clock.advance(2_000)
  assert.equal(arrivals.length, 2)
  assert.ok((arrivals[1] ?? 0) - (arrivals[0] ?? 0) >= 5_000)
  await client.stop()
})

test('pairing pauses with the request to approve, and resumes at once when it is approved', async () => {
  let isApproved = false
  const error = wireRefusal('PAIRING_REQUIRED', { code: 'NOT_PAIRED', details: { requestId: 'r-1' } })
  const { clock, gateway, client, statuses } = setup({
    onConnect: (peer, frame, g) =>
      isApproved ? peer.send(encodeOk(frame.id, helloOk())) : g.refuse(peer, frame, error),
  })
  client.start()
  await clock.advance(0)
  const status = statuses.at(-1)
  assert.ok(status?.type === 'pairing')
  assert.equal(status.requestId, 'r-1')
  assert.equal(status.nextCommand, 'breakwater devices approve r-1')
  assert.equal(status.nextAttemptAt, clock.now() + 300_000)
  await clock.advance(200_000)
  assert.equal(gateway.peers.length, 1, 'asking again would only disturb the request')
  client.resume('another request')
  await clock.advance(0)
  assert.equal(gateway.peers.length, 1)
  isApproved = true
  client.resume('r-1')
  await clock.advance(0)
  await client.ready()
  await client.stop()
})

test('a live request is asked for about every second, under one id and never as a failure, until it is approved', async () => {
  const details = { requestId: 'r-1', pauseReconnect: false, recommendedNextStep: 'wait_then_retry' }
  let isApproved = false
  const { clock, gateway, client, types } = setup({
    onConnect: (peer, frame, g) =>
      isApproved
        ? peer.send(encodeOk(frame.id, helloOk()))
        : g.refuse(peer, frame, wireRefusal('PAIRING_REQUIRED', { code: 'NOT_PAIRED', details })),
  })
  client.start()
  await clock.advance(0)
  assert.equal(client.status.type, 'pairing')
  await clock.advance(600_000)
  assert.equal(gateway.peers.length, 601)
  assert.equal(client.supervision.failures, 0)
  assert.equal(client.supervision.pairingRequestId, 'r-1')
  assert.ok(!types().includes('backoff'))
  isApproved = true
  await clock.advance(2_000)
  assert.equal((await client.ready()).type, 'hello-ok')
  await client.stop()
})

test('a terminal refusal parks with the exact next command, until something changes', async () => {
  let isFixed = false
  const error = wireRefusal('AUTH_TOKEN_MISSING', { details: { nextCommand: 'breakwater token show' } })
  const { clock, gateway, client, statuses } = setup({
    onConnect: (peer, frame, g) => (isFixed ? peer.send(encodeOk(frame.id, helloOk())) : g.refuse(peer, frame, error)),
  })
  client.start()
  await clock.advance(0)
  const parked = statuses.at(-1)
  assert.ok(parked?.type === 'parked')
  assert.equal(parked.nextCommand, 'breakwater token show')
  assert.equal((await settled(client.ready())) as ClientError, parked.error)
  await clock.advance(86_400_000)
  assert.equal(gateway.peers.length, 1)
  isFixed = true
  client.changed()
  await clock.advance(1_000)
  await client.ready()
  await client.stop()
})

test('the refused shared token is followed by exactly one attempt with the stored one', async () => {
  const store = new MemoryCredentialStore()
  await keep(store, { token: 's', scopes: ['operator.read'] })
  const { clock, gateway, client } = setup(
    { onConnect: (peer, frame, g) => g.refuse(peer, frame, wireRefusal('AUTH_TOKEN_MISMATCH')) },
    {},
    { identity, authenticator: new StoreAuthenticator({ store }, { token: 'wrong' }) },
  )
  client.start()
  await clock.advance(10_000_000)
  assert.deepEqual(
    gateway.connects.map(({ auth }) => auth),
    [{ token: 'wrong' }, { token: 'wrong', deviceToken: 's' }],
  )
  assert.equal(client.status.type, 'parked')
  await client.stop()
})

test('a granted device token is stored and sent next time', async () => {
  const store = new MemoryCredentialStore()
  const auth = { deviceToken: 'granted', scopes: ['operator.read'] }
  const { clock, gateway, client } = setup(
    { onConnect: (peer, frame) => peer.send(encodeOk(frame.id, helloOk({ auth }))) },
    {},
    { identity, authenticator: new StoreAuthenticator({ store }, {}) },
  )
  client.start()
  await clock.advance(0)
  gateway.last.cut()
  await clock.advance(1_000)
  assert.deepEqual(
    gateway.connects.map((params) => [params.auth, params.scopes]),
    [
      [undefined, ['operator.admin']],
      [{ token: 'granted', deviceToken: 'granted' }, ['operator.read']],
    ],
  )
  await client.stop()
})

test('a credential that cannot be stored is reported while the connection goes on', async () => {
  const authenticator: Authenticator = {
    select: async () => ({ source: 'none', auth: undefined, stored: undefined }),
    accepted: () => Promise.reject(new Error('disk full')),
    refused: async () => ({ hasFallback: false }),
    reissued: async () => {},
  }
  const { clock, client, statuses } = setup({}, {}, { authenticator })
  client.start()
  await clock.advance(0)
  const fault = statuses.find(({ type }) => type === 'credential-fault')
  assert.ok(fault?.type === 'credential-fault')
  assert.equal(fault.error.code, 'CREDENTIALS_UNAVAILABLE')
  assert.equal(client.status.type, 'ready')
  await client.stop()
})

test('a connection that says nothing for two tick intervals is closed with 4000 and made anew', async () => {
  const { clock, gateway, client, statuses } = setup({
    onConnect: (peer, frame) => peer.send(encodeOk(frame.id, helloOk({ policy: { tickIntervalMs: 10_000 } }))),
  })
  client.start()
  await clock.advance(0)
  for (let tick = 0; tick < 5; tick += 1) {
    await clock.advance(10_000)
    gateway.event('tick', { ts: 1 })
  }
  await clock.advance(20_000)
  assert.equal(gateway.peers.length, 1)
  await clock.advance(10_000)
  assert.deepEqual(gateway.closes, [{ code: 4000, reason: 'tick timeout' }])
  const backoff = statuses.find(({ type }) => type === 'backoff')
  assert.ok(backoff?.type === 'backoff')
  assert.deepEqual(backoff.error.close, { code: 4000, reason: 'tick timeout' })
  await clock.advance(1_000)
  assert.equal(gateway.peers.length, 2)
  await client.stop()
})

test('while every pending request has a deadline the watchdog leaves the timing to them', async () => {
  const { clock, gateway, client } = setup({ onRequest: () => {} })
  client.start()
  await clock.advance(0)
  const bounded = codeOf(client.call('slow', {}, { timeoutMs: 200_000 }))
  await clock.advance(199_999)
  assert.equal(gateway.closes.length, 0)
  await clock.advance(1)
  assert.equal(await bounded, 'REQUEST_TIMEOUT')
  void codeOf(client.call('endless', {}, { timeoutMs: null }))
  await clock.advance(30_000)
  assert.deepEqual(gateway.closes, [{ code: 4000, reason: 'tick timeout' }])
  await client.stop()
})

test('a stall of our own does not cost the connection: what arrived meanwhile is read first', async () => {
  const { clock, gateway, client } = setup()
  client.start()
  await clock.advance(0)
  clock.stall(120_000)
  clock.setTimer(() => gateway.event('tick', {}), 0)
  await clock.advance(1_000)
  assert.equal(gateway.closes.length, 0)
  assert.equal(client.status.type, 'ready')
  await client.stop()
})

test('the three deadlines of the handshake name their phase and close as the wire says', async () => {
  const silent = setup({ onAccept: () => {} })
  silent.client.start()
  await silent.clock.advance(14_999)
  assert.deepEqual(silent.types(), ['connecting', 'connecting'])
  await silent.clock.advance(1)
  assert.deepEqual(silent.gateway.closes, [{ code: 1008, reason: 'connect challenge timeout' }])
  const waiting = silent.client.status
  assert.ok(waiting.type === 'backoff')
  assert.deepEqual([waiting.error.code, waiting.error.phase], ['CONNECT_TIMEOUT', 'challenge'])
  await silent.client.stop()
  const mute = setup({ onConnect: () => {} })
  mute.client.start()
  await mute.clock.advance(15_000)
  assert.deepEqual(mute.gateway.closes, [{ code: 4000, reason: 'connect timeout' }])
  await mute.client.stop()
})

test('lost events are reported once, with the numbers, and counting starts anew on the next socket', async () => {
  const { clock, gateway, client, statuses, events } = setup()
  client.start()
  await clock.advance(0)
  for (const seq of [1, 2, 5, 6]) gateway.event('presence', {}, seq)
  gateway.event('node.invoke.request', {})
  await clock.advance(0)
  const gaps = () => statuses.filter(({ type }) => type === 'gap')
  assert.deepEqual(gaps(), [{ type: 'gap', expected: 3, received: 5 }])
  assert.equal(events.length, 5)
  gateway.last.cut()
  await clock.advance(1_000)
  gateway.event('presence', {}, 1)
  await clock.advance(0)
  assert.equal(gaps().length, 1)
  assert.equal(client.status.type, 'ready')
  await client.stop()
})

test('answers: refusals carry the wire error, late ones are ignored, the final one is waited for', async () => {
  const { clock, gateway, client } = setup({
    onRequest: (peer, { id, method }) => {
      const answer = (payload: unknown) => peer.send(encodeOk(id, payload))
      if (method === 'test.agent') {
        answer({ status: 'accepted', runId: 'r' })
        answer({ status: 'ok', text: 'done' })
        answer({ status: 'ok', text: 'again' })
      } else {
        const error = wireRefusal('MISSING_SCOPE', { code: 'FORBIDDEN', message: 'missing scope: operator.admin' })
        peer.send(JSON.stringify({ type: 'res', id, ok: false, error, payload: { partial: true } }))
      }
    },
  })
  client.start()
  await clock.advance(0)
  const accepted: unknown[] = []
  const onAccepted = (payload: unknown) => accepted.push(payload)
  assert.deepEqual(await client.call('test.agent', {}, { expectFinal: true, onAccepted }), {
    status: 'ok',
    text: 'done',
  })
  assert.deepEqual(accepted, [{ status: 'accepted', runId: 'r' }])
  assert.deepEqual(await client.call('test.agent'), { status: 'accepted', runId: 'r' })
  const refused = (await settled(client.call('config.set'))) as ClientError
  assert.deepEqual(
    [refused.code, refused.detailCode, refused.payload],
    ['REQUEST_REFUSED', 'MISSING_SCOPE', { partial: true }],
  )
  assert.equal(gateway.closes.length, 0)
  await client.stop()
})

test('a call is bounded by its deadline, its signal, the number of calls and the size of the frame', async () => {
  const { clock, client } = setup(
    {
      onConnect: (peer, frame) => peer.send(encodeOk(frame.id, helloOk({ policy: { maxPayload: 1_000 } }))),
      onRequest: () => {},
    },
    { maxPendingRequests: 3, requestTimeoutMs: 5_000 },
  )
  client.start()
  await clock.advance(0)
  const controller = new AbortController()
  const aborted = codeOf(client.call('a', {}, { signal: controller.signal }))
  const timedOut = codeOf(client.call('b'))
  const short = codeOf(client.call('c', {}, { timeoutMs: 100 }))
  assert.equal(await codeOf(client.call('d')), 'OVERLOADED')
  controller.abort(new Error('changed my mind'))
  assert.equal(await aborted, 'ABORTED')
  await clock.advance(100)
  assert.equal(await short, 'REQUEST_TIMEOUT')
  await clock.advance(4_900)
  assert.equal(await timedOut, 'REQUEST_TIMEOUT')
  assert.equal(await codeOf(client.call('e', { text: 'ä'.repeat(500) })), 'PAYLOAD_TOO_LARGE')
  assert.equal(await codeOf(client.call('f', {}, { timeoutMs: 0 })), 'INVALID_OPTIONS')
  assert.equal(await codeOf(client.call('g', { loop: 1n })), 'INVALID_OPTIONS')
  assert.equal(await codeOf(client.call('h', {}, { signal: AbortSignal.abort() })), 'ABORTED')
  await client.stop()
})

test('messages that make no sense are ignored and are no sign of life', async () => {
  const { clock, gateway, client, events } = setup()
  client.start()
  await clock.advance(0)
  for (let minute = 0; minute < 3; minute += 1) {
    await clock.advance(30_000)
    for (const text of ['', 'not json', '[]', '{"type":"event"}', '{"type":"res","id":1}']) gateway.last.send(text)
  }
  assert.deepEqual(gateway.closes, [{ code: 4000, reason: 'tick timeout' }])
  assert.equal(events.length, 0)
  await client.stop()
})

test('late callbacks of an older socket change nothing', async () => {
  const { clock, gateway, client, events } = setup()
  client.start()
  await clock.advance(0)
  const old = gateway.last
  client.reconnect()
  await clock.advance(1_000)
  await client.ready()
  old.send(JSON.stringify({ type: 'event', event: 'health', payload: {}, seq: 9 }))
  old.close(1008, 'gateway auth changed')
  await clock.advance(0)
  assert.equal(events.length, 0)
  assert.equal(client.status.type, 'ready')
  assert.deepEqual(gateway.closes, [{ code: 1012, reason: 'node manifest changed' }])
  await client.stop()
})

test('a restart the gateway announced is not raced', async () => {
  const { clock, gateway, client } = setup()
  client.start()
  await clock.advance(0)
  gateway.event('shutdown', { reason: 'gateway stopping', restartExpectedMs: 8_000 })
  gateway.last.close(1012, 'service restart')
  await clock.advance(7_999)
  assert.equal(gateway.peers.length, 1)
  await clock.advance(1_001)
  assert.equal(gateway.peers.length, 2)
  await client.stop()
})

test('stop during every step of an attempt leaves nothing behind, and start works again', async () => {
  for (const script of [{ onAccept: () => {} }, { onConnect: () => {} }, {}] as MemoryGatewayScript[]) {
    const { clock, client, gateway } = setup(script)
    client.start()
    await clock.advance(0)
    const waiting = codeOf(client.ready(AbortSignal.abort()))
    assert.equal(await waiting, 'ABORTED')
    await client.stop()
    await clock.advance(0)
    assert.equal(clock.pendingCount, 0)
    assert.equal(client.status.type, 'closed')
    assert.equal(await codeOf(client.ready()), 'CLOSED')
    gateway.script = {}
    client.start()
    await clock.advance(1_000)
    await client.ready()
    await client.stop()
    assert.equal(clock.pendingCount, 0)
  }
})

test('ready waits while a restarted client stands in line for a start slot', async () => {
  const clock = new FakeClientClock()
  const supervisor = new Supervisor({ clock, random: () => 0 }, { maxConcurrentStarts: 1 })
  const client = setup({}, { name: 'restarted' }, { clock, supervisor }).client
  client.start()
  await clock.advance(0)
  await client.stop()
  const slow = setup({ onAccept: () => {} }, { name: 'slow' }, { clock, supervisor }).client
  slow.start()
  client.start()
  assert.equal(client.status.type, 'closed', 'it stands in line')
  const waiting = client.ready()
  await slow.stop()
  await clock.advance(0)
  assert.equal((await waiting).type, 'hello-ok')
  await client.stop()
})

test('a listener told `ready` may start connections that depend on it', async () => {
  const clock = new FakeClientClock()
  const supervisor = new Supervisor({ clock, random: () => 0 })
  const operator = setup({}, { name: 'operator' }, { clock, supervisor })
  const node = setup({}, { name: 'node', role: 'node' }, { clock, supervisor })
  operator.client.statuses.subscribe(({ type }) => {
    if (type === 'ready') node.client.start()
  })
  operator.client.start()
  await clock.advance(0)
  await node.client.ready()
  await Promise.all([operator.client.stop(), node.client.stop()])
  assert.equal(clock.pendingCount, 0)
})

test('starting another client inside an attempt is refused: one retry owner per connection', async () => {
  const inner = setup()
  const nested: unknown[] = []
  const outer = setup(
    {},
    { name: 'outer' },
    {
      identity: async () => {
        try {
          inner.client.start()
        } catch (error) {
          nested.push((error as { code?: string }).code)
        }
        return identity
      },
    },
  )
  outer.client.start()
  await outer.clock.advance(0)
  assert.deepEqual(nested, ['NESTED_DIAL'])
  await outer.client.stop()
})

test('iterators over events and statuses end with the client', async () => {
  const { clock, gateway, client } = setup()
  const seen: string[] = []
  const reading = (async () => {
    for await (const { event } of client.events) seen.push(event)
  })()
  client.start()
  await clock.advance(0)
  gateway.event('health')
  await clock.advance(0)
  await client.stop()
  await reading
  assert.deepEqual(seen, ['health'])
})

test('an unsafe URL never gets as far as a client', () => {
  assert.throws(() => setup({}, { url: 'ws://gateway.example.com' }), { code: 'INSECURE_URL' })
})
