// Credentials in the life of a client: against a scripted gateway over a memory transport, on a fake clock.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeError, encodeOk, type RequestFrame } from '@breakwater/protocol'
import { drawBelow, Supervisor } from '@breakwater/supervisor'
import { seededRandom } from '@breakwater/supervisor/testing'
import type { CredentialStore } from '../src/credentials/credential-store.ts'
import { MemoryCredentialStore } from '../src/credentials/memory-credential-store.ts'
import { type CredentialInputSource, StoreAuthenticator } from '../src/credentials/store-authenticator.ts'
import { ClientError } from '../src/errors.ts'
import { GatewayClient, type GatewayClientComponents, type GatewayClientOptions } from '../src/gateway-client.ts'
import type { DeviceIdentity } from '../src/identity/device-identity.ts'
import { resumeOnApproval } from '../src/resume-on-approval.ts'
import type { ClientStatus } from '../src/status.ts'
import type { MemoryPeer } from '../src/transport/memory.ts'
import { CLIENT, wireRefusal } from './support/builders.ts'
import { FakeClientClock } from './support/fake-clock.ts'
import { helloOk } from './support/hello.ts'
import { GATEWAY_URL, keep, kept } from './support/kept-tokens.ts'
import { MemoryGateway, type MemoryGatewayScript } from './support/memory-gateway.ts'
import { RudeStore } from './support/rude-store.ts'

const identity: DeviceIdentity = { deviceId: 'd1', publicKey: 'p1', sign: async (payload) => `signed ${payload}` }

interface Setup {
  readonly input?: CredentialInputSource
  readonly store?: CredentialStore
  readonly options?: Partial<GatewayClientOptions>
  readonly components?: Partial<GatewayClientComponents>
}

function setup(script: MemoryGatewayScript, { input = {}, store, options, components }: Setup = {}) {
  const clock = new FakeClientClock(1_000_000)
  const gateway = new MemoryGateway(script)
  const kept = store ?? new MemoryCredentialStore()
  const authenticator = new StoreAuthenticator({ store: kept }, input)
  const client = new GatewayClient(
    { transport: gateway.transport, authenticator, identity, clock, random: () => 0.5, ...components },
    { url: GATEWAY_URL, client: CLIENT, ...options },
  )
  const statuses: ClientStatus[] = []
  client.statuses.subscribe((status) => statuses.push(status))
  return { clock, gateway, client, statuses, store: kept, auths: () => gateway.connects.map(({ auth }) => auth) }
}

const refuseWith =
  (code: string, over: Parameters<typeof wireRefusal>[1] = {}): NonNullable<MemoryGatewayScript['onConnect']> =>
  (peer, frame, gateway) =>
    gateway.refuse(peer, frame, wireRefusal(code, over))
const welcome = (peer: MemoryPeer, frame: RequestFrame, auth = {}): void =>
  peer.send(encodeOk(frame.id, helloOk({ auth })))
const stored = { token: 's', scopes: ['operator.read'] }
const sent = (token: string) => ({ token, deviceToken: token })

test('a stale device token is deleted, and the client parks with the command that shows the devices', async () => {
  const { clock, gateway, client, store, auths } = setup({ onConnect: refuseWith('AUTH_DEVICE_TOKEN_MISMATCH') })
  await keep(store, stored)
  await keep(store, { token: 'n', scopes: [] }, { role: 'node' })
  client.start()
  await clock.advance(3_600_000)
  assert.deepEqual(auths(), [sent('s')])
  assert.equal(await kept(store), undefined)
  assert.deepEqual(await kept(store, { role: 'node' }), { token: 'n', scopes: [] })
  const { status } = client
  assert.ok(status.type === 'parked')
  assert.equal(status.nextCommand, 'breakwater devices list')
  assert.deepEqual(gateway.closes, [])
  await client.stop()
})

test('a close that only says so deletes it too, in the one reason of the wire; other closes delete nothing', async () => {
  const reason = 'unauthorized: device token mismatch (rotate/reissue device token)'
  const explained = setup({ onConnect: (peer) => peer.close(1008, reason) })
  await keep(explained.store, stored)
  explained.client.start()
  await explained.clock.advance(60_000)
  assert.equal(await kept(explained.store), undefined)
  assert.equal(explained.client.status.type, 'parked')
  await explained.client.stop()
  const other = setup({ onConnect: (peer) => peer.close(1008, 'device token mismatch, or something like it') })
  await keep(other.store, stored)
  other.client.start()
  await other.clock.advance(60_000)
  assert.deepEqual(await kept(other.store), stored)
  assert.equal(other.client.status.type, 'backoff')
  await other.client.stop()
})

test('a close with that reason leaves explicit credentials and what is stored alone', async () => {
  const reason = 'unauthorized: device token mismatch (rotate/reissue device token)'
  const { clock, client, store } = setup({ onConnect: (peer) => peer.close(1008, reason) }, { input: { token: 't' } })
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  assert.deepEqual(await kept(store), stored)
  await client.stop()
})

test('a token stored by somebody else of this process un-parks the client', async () => {
  const { clock, gateway, client, store, auths } = setup({
    onConnect: (peer, frame, g) =>
      (frame.params as { auth?: object }).auth === undefined
        ? g.refuse(peer, frame, wireRefusal('AUTH_TOKEN_MISSING'))
        : welcome(peer, frame),
  })
  client.start()
  await clock.advance(60_000)
  assert.equal(client.status.type, 'parked')
  await keep(store, { token: 'n', scopes: [] }, { url: 'ws://127.0.0.1:1' })
  await clock.advance(60_000)
  assert.equal(gateway.peers.length, 1, 'another gateway is no news')
  await keep(store, stored)
  await clock.advance(1_000)
  await client.ready()
  assert.deepEqual(auths(), [undefined, sent('s')])
  await client.stop()
  await keep(store, { token: 'later', scopes: [] })
  assert.equal(client.status.type, 'closed')
  assert.equal(clock.pendingCount, 0)
})

test('deleting a stale token does not un-park the client that deleted it', async () => {
  const { clock, gateway, client, store } = setup({ onConnect: refuseWith('AUTH_DEVICE_TOKEN_MISMATCH') })
  await keep(store, stored)
  client.start()
  await clock.advance(3_600_000)
  assert.equal(gateway.peers.length, 1)
  await client.stop()
})

test('a changed secret is used after `changed`, and has its own attempt with the stored token', async () => {
  let token = 'old'
  const { clock, client, store, auths } = setup(
    { onConnect: refuseWith('AUTH_TOKEN_MISMATCH') },
    { input: () => ({ token }) },
  )
  await keep(store, stored)
  client.start()
  await clock.advance(60_000)
  assert.equal(client.status.type, 'parked')
  token = 'new'
  client.changed()
  await clock.advance(60_000)
  const tries = ['old', 'new'].flatMap((secret) => [{ token: secret }, { token: secret, deviceToken: 's' }])
  assert.deepEqual(auths(), tries)
  assert.deepEqual(await kept(store), stored)
  await client.stop()
})

test('the attempt with both asks for the scopes of the stored token, 250 ms to 1.25 s after the refusal', async () => {
  const at: number[] = []
  const { clock, gateway, client, store } = setup(
    {
      onConnect: (peer, frame, g) => {
        at.push(clock.now())
        refuseWith('AUTH_TOKEN_MISMATCH')(peer, frame, g)
      },
    },
    { input: { token: 't' } },
  )
  await keep(store, stored)
  client.start()
  await clock.advance(60_000)
  assert.deepEqual(
    gateway.connects.map(({ scopes }) => scopes),
    [['operator.admin'], ['operator.read']],
  )
  assert.equal((at[1] ?? 0) - (at[0] ?? 0), 750, 'half of the spread, as the random source says')
  await client.stop()
})

const rotation = { deviceId: 'd1', role: 'operator', scopes: ['operator.read'], rotatedAtMs: 9, token: 'rotated' }

/** A store that takes its time to write. */
class SlowStore extends RudeStore {
  gate: Promise<void> = Promise.resolve()

  override async apply(...args: Parameters<RudeStore['apply']>) {
    await this.gate
    return super.apply(...args)
  }
}

test('a rotated token is stored before its caller hears of it and before the client connects again', async () => {
  const store = new SlowStore()
  const { clock, gateway, client, auths } = setup(
    {
      onConnect: (peer, frame) => welcome(peer, frame),
      onRequest: (peer, frame) => {
        peer.send(encodeOk(frame.id, { ...rotation, tokenDelivery: 'in-band' }))
        peer.close(4001, 'device removed')
      },
    },
    { store },
  )
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  const writing = Promise.withResolvers<void>()
  store.gate = writing.promise
  let isTold = false
  const rotating = client.call('device.token.rotate', { deviceId: 'd1', role: 'operator' }).then(() => {
    isTold = true
  })
  await clock.advance(60_000)
  assert.deepEqual([isTold, gateway.peers.length], [false, 1], 'the disk is not done')
  writing.resolve()
  await rotating
  assert.deepEqual(await kept(store), { token: 'rotated', scopes: ['operator.read'] })
  await clock.advance(2_000)
  assert.deepEqual(auths(), [sent('s'), sent('rotated')])
  await client.stop()
})

test('a rotation whose answer comes too late for its caller is kept all the same', async () => {
  const { clock, gateway, client, store } = setup({
    onConnect: (peer, frame) => welcome(peer, frame),
    onRequest: (peer, frame) =>
      clock.setTimer(() => peer.send(encodeOk(frame.id, { ...rotation, tokenDelivery: 'in-band' })), 50_000),
  })
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  const rotating = client.call('device.token.rotate', { deviceId: 'd1', role: 'operator' })
  const outcome = assert.rejects(rotating, { code: 'REQUEST_TIMEOUT' })
  await clock.advance(30_000)
  await outcome
  gateway.event('tick')
  await clock.advance(30_000)
  assert.equal((await kept(store))?.token, 'rotated')
  await client.stop()
})

test('a rotation that cannot be stored still reaches its caller, and the fault is told', async () => {
  const store = new RudeStore()
  const { clock, client, statuses } = setup(
    {
      onConnect: (peer, frame) => welcome(peer, frame),
      onRequest: (peer, frame) => peer.send(encodeOk(frame.id, { ...rotation, tokenDelivery: 'in-band' })),
    },
    { store },
  )
  client.start()
  await clock.advance(0)
  store.mode = 'full'
  const answer = await client.call('device.token.rotate', { deviceId: 'd1', role: 'operator' })
  assert.equal((answer as typeof rotation).token, 'rotated')
  const fault = statuses.find(({ type }) => type === 'credential-fault')
  assert.ok(fault?.type === 'credential-fault' && fault.error.code === 'CREDENTIALS_UNAVAILABLE')
  await client.stop()
})

test('a refused rotation, one of another device and a withheld one keep the token as it is', async () => {
  let answer: object = {}
  const { clock, client, store } = setup({
    onConnect: (peer, frame) => welcome(peer, frame),
    onRequest: (peer, frame) => peer.send(encodeOk(frame.id, answer)),
  })
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  const { token: _, ...withheld } = rotation
  for (answer of [{ ...rotation, deviceId: 'd2' }, { ...withheld, tokenDelivery: 'withheld-cross-device' }, {}]) {
    await client.call('device.token.rotate', { deviceId: 'd1', role: 'operator' })
    await client.call('test.other', {})
  }
  assert.deepEqual(await kept(store), stored)
  await client.stop()
})

test('an approved scope upgrade is kept, so that the next connection has the new scopes', async () => {
  const { clock, gateway, client, store } = setup({
    onConnect: (peer, frame) => welcome(peer, frame),
    onRequest: (peer, frame) =>
      peer.send(encodeOk(frame.id, { status: 'approved', deviceToken: 'wide', scopes: ['operator.write'] })),
  })
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  await client.call('device.scopes.waitUpgrade', { requestId: 'r' })
  client.reconnect('new scopes')
  await clock.advance(2_000)
  const last = gateway.connects.at(-1)
  assert.deepEqual([last?.auth, last?.scopes], [sent('wide'), ['operator.write']])
  await client.stop()
})

test('the tokens a node bought with a setup code bring the waiting operator in', async () => {
  const store = new MemoryCredentialStore()
  const handoff = {
    role: 'node',
    scopes: [],
    deviceToken: 'n',
    deviceTokens: [{ role: 'operator', deviceToken: 'o', scopes: ['operator.read'], issuedAtMs: 1 }],
  }
  const script: MemoryGatewayScript = {
    onConnect: (peer, frame, g) => {
      const { auth } = frame.params as { auth?: { bootstrapToken?: string; deviceToken?: string } }
      if (auth === undefined) g.refuse(peer, frame, wireRefusal('AUTH_TOKEN_MISSING'))
      else welcome(peer, frame, auth.bootstrapToken === undefined ? {} : handoff)
    },
  }
  const operator = setup(script, { store })
  operator.client.start()
  await operator.clock.advance(0)
  assert.equal(operator.client.status.type, 'parked')
  const input = { bootstrapToken: 'code', preferBootstrapToken: true }
  const node = setup(script, { store, input, options: { role: 'node' } })
  node.client.start()
  await node.clock.advance(0)
  await node.client.ready()
  await operator.clock.advance(1_000)
  await operator.client.ready()
  assert.deepEqual(operator.auths().at(-1), sent('o'))
  node.client.reconnect()
  await node.clock.advance(2_000)
  assert.deepEqual(node.auths(), [{ bootstrapToken: 'code' }, sent('n')])
  await Promise.all([operator.client.stop(), node.client.stop()])
})

const LIVE = { details: { requestId: 'r-1', deviceId: 'd1', pauseReconnect: false } }

test('an approval is noticed within two seconds, whatever chance says (seed printed)', async () => {
  const seed = Date.now() % 1_000_000
  const random = seededRandom(seed)
  const waits: number[] = []
  for (let run = 0; run < 100; run += 1) {
    let isApproved = false
    const { clock, client } = setup(
      {
        onConnect: (peer, frame, g) =>
          isApproved ? welcome(peer, frame) : refuseWith('PAIRING_REQUIRED', LIVE)(peer, frame, g),
      },
      { components: { random } },
    )
    client.start()
    await clock.advance(5_000 + drawBelow(random(), 5_000))
    isApproved = true
    const approvedAt = clock.now()
    while (client.status.type !== 'ready') await clock.advance(10)
    waits.push(clock.now() - approvedAt)
    await client.stop()
  }
  const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length
  assert.ok(Math.max(...waits) <= 2_000, `seed ${seed}: ${Math.max(...waits)} ms`)
  assert.ok(mean < 1_000, `seed ${seed}: ${mean} ms on average`)
})

test('a gateway that can hold its answer is let to, once its first one has been shown, and answers when approved', async () => {
  let isApproved = false
  const held: { peer: MemoryPeer; frame: RequestFrame }[] = []
  const { clock, gateway, client, statuses } = setup(
    {
      onAccept: (peer, g) => g.challenge(peer, { nonce: 'n', ts: 1, capabilities: ['pairing-wait'] }),
      onConnect: (peer, frame, g) => {
        const { caps = [] } = frame.params as { caps?: string[] }
        if (isApproved) welcome(peer, frame)
        else if (caps.includes('pairing-wait')) held.push({ peer, frame })
        else refuseWith('PAIRING_REQUIRED', LIVE)(peer, frame, g)
      },
    },
    { options: { role: 'node', manifest: { caps: ['camera'] } } },
  )
  client.start()
  await clock.advance(0)
  assert.deepEqual(gateway.connects[0]?.caps, ['camera'])
  assert.ok(client.status.type === 'pairing' && client.status.nextCommand === 'breakwater devices approve r-1')
  await clock.advance(8_000)
  assert.deepEqual(gateway.connects[1]?.caps, ['camera', 'pairing-wait'])
  assert.equal(gateway.connects.length, 2)
  const { status } = client
  assert.ok(status.type === 'pairing' && status.requestId === 'r-1', 'it still waits, and says for what')
  isApproved = true
  for (const { peer, frame } of held) welcome(peer, frame)
  await clock.advance(0)
  await client.ready()
  const afterFirst = statuses.slice(statuses.findIndex(({ type }) => type === 'pairing'))
  assert.deepEqual(
    afterFirst.map(({ type }) => type),
    ['pairing', 'ready'],
  )
  await client.stop()
})

test('clients whose answers are held keep nobody else from starting', async () => {
  const clock = new FakeClientClock()
  const supervisor = new Supervisor({ clock, random: () => 0 }, { maxConcurrentStarts: 1 })
  const script: MemoryGatewayScript = {
    onAccept: (peer, g) => g.challenge(peer, { nonce: 'n', ts: 1, capabilities: ['pairing-wait'] }),
    onConnect: (peer, frame, g) => {
      const { caps = [] } = frame.params as { caps?: string[] }
      if (!caps.includes('pairing-wait')) refuseWith('PAIRING_REQUIRED', LIVE)(peer, frame, g)
    },
  }
  const waiting = ['a', 'b', 'c'].map(
    (name) => setup(script, { options: { name }, components: { clock, supervisor } }).client,
  )
  for (const client of waiting) client.start()
  await clock.advance(1_000)
  assert.equal(supervisor.status().starts.holding, 0)
  assert.deepEqual(
    supervisor.status().connections.map(({ state }) => state),
    ['dialing', 'dialing', 'dialing'],
  )
  const other = setup(
    { onConnect: (peer, frame) => welcome(peer, frame) },
    { options: { name: 'other' }, components: { clock, supervisor } },
  )
  other.client.start()
  await clock.advance(0)
  assert.equal(other.client.status.type, 'ready')
  await Promise.all([...waiting, other.client].map((client) => client.stop()))
})

test('no answer is held for a client that has not the patience, or before it knows what it waits for', async () => {
  const offers: boolean[] = []
  const script: MemoryGatewayScript = {
    onAccept: (peer, g) => g.challenge(peer, { nonce: 'n', ts: 1, capabilities: ['pairing-wait'] }),
    onConnect: (peer, frame, g) => {
      offers.push('caps' in (frame.params as object))
      refuseWith('PAIRING_REQUIRED', LIVE)(peer, frame, g)
    },
  }
  const { clock, client } = setup(script, { options: { helloTimeoutMs: 5_000 } })
  client.start()
  await clock.advance(5_000)
  await client.stop()
  assert.ok(offers.length > 3)
  assert.deepEqual(new Set(offers), new Set([false]))
})

test('a gateway that says when to ask again is asked then', async () => {
  const at: number[] = []
  const { clock, client } = setup({
    onConnect: (peer, frame, g) => {
      at.push(clock.now())
      refuseWith('PAIRING_REQUIRED', { ...LIVE, retryAfterMs: 10_000 })(peer, frame, g)
    },
  })
  client.start()
  await clock.advance(60_000)
  const gaps = at.slice(1).map((time, after) => time - (at[after] ?? 0))
  assert.deepEqual(new Set(gaps), new Set([10_500]))
  await client.stop()
})

test('every attempt of a wait asks for exactly the same, so that it stays one request', async () => {
  const { clock, gateway, client } = setup({ onConnect: refuseWith('PAIRING_REQUIRED', LIVE) })
  client.start()
  await clock.advance(30_000)
  const asked = new Set(gateway.connects.map(({ device: _, ...params }) => JSON.stringify(params)))
  assert.ok(gateway.connects.length > 20)
  assert.equal(asked.size, 1)
  await client.stop()
})

test('an operator that hears of the approval lets the waiting client in at once, and only that one', async () => {
  let isApproved = false
  const paused = { details: { requestId: 'r-1', deviceId: 'd1' } }
  const { clock, gateway, client } = setup(
    {
      onConnect: (peer, frame, g) =>
        isApproved ? welcome(peer, frame) : refuseWith('PAIRING_REQUIRED', paused)(peer, frame, g),
    },
    { options: { role: 'node' } },
  )
  const operator = setup({ onConnect: (peer, frame) => welcome(peer, frame) })
  operator.client.start()
  await operator.clock.advance(0)
  const stop = resumeOnApproval(operator.client, client)
  client.start()
  await clock.advance(0)
  assert.equal(client.status.type, 'pairing')
  const resolved = async (payload: object): Promise<void> => {
    operator.gateway.event('device.pair.resolved', payload)
    await operator.clock.advance(0)
    await clock.advance(0)
  }
  await resolved({ requestId: 'r-2', deviceId: 'd2', decision: 'approved' })
  await resolved({ requestId: 'r-1', deviceId: 'd1', decision: 'rejected' })
  assert.equal(gateway.peers.length, 1)
  isApproved = true
  await resolved({ requestId: 'r-0', deviceId: 'd1', decision: 'approved' })
  await client.ready()
  assert.equal(gateway.peers.length, 2)
  stop()
  await resolved({ requestId: 'r-1', deviceId: 'd1', decision: 'approved' })
  assert.equal(gateway.peers.length, 2)
  await Promise.all([client.stop(), operator.client.stop()])
})

test('a store that makes no sense parks the client before anything is sent, with the way out', async () => {
  const store = new MemoryCredentialStore()
  const damage = new ClientError('CREDENTIALS_UNAVAILABLE', 'x', { nextCommand: "mv -n 'a' 'b'" })
  store.load = () => Promise.reject(damage)
  const { clock, gateway, client } = setup({}, { store, input: { token: 't' } })
  client.start()
  await clock.advance(3_600_000)
  const { status } = client
  assert.ok(status.type === 'parked')
  assert.equal(status.error, damage)
  assert.equal(status.nextCommand, "mv -n 'a' 'b'")
  assert.deepEqual([gateway.peers.length, gateway.connects.length], [1, 0])
  await client.stop()
})

test('a store that is busy for the moment is asked again', async () => {
  const store = new MemoryCredentialStore()
  const load = store.load.bind(store)
  let failures = 3
  store.load = (gateway) => (failures-- > 0 ? Promise.reject(new ClientError('CREDENTIALS_BUSY', 'x')) : load(gateway))
  const { clock, client } = setup({ onConnect: (peer, frame) => welcome(peer, frame) }, { store })
  client.start()
  await clock.advance(30_000)
  assert.equal(client.status.type, 'ready')
  await client.stop()
})

test('a refusal that takes long to note neither hangs a stop nor is forgotten', async () => {
  const store = new SlowStore()
  const { clock, client } = setup({ onConnect: refuseWith('AUTH_DEVICE_TOKEN_MISMATCH') }, { store })
  await keep(store, stored)
  const writing = Promise.withResolvers<void>()
  store.gate = writing.promise
  client.start()
  await clock.advance(20_000)
  assert.equal(client.status.type, 'connecting', 'nothing is decided yet')
  const stopping = client.stop()
  writing.resolve()
  await stopping
  assert.equal(await kept(store), undefined)
  assert.equal(clock.pendingCount, 0)
})

test('an error answer to a rotation is its caller’s alone', async () => {
  const { clock, client, store } = setup({
    onConnect: (peer, frame) => welcome(peer, frame),
    onRequest: (peer, frame) =>
      peer.send(encodeError(frame.id, wireRefusal(undefined, { message: 'device token rotation denied' }))),
  })
  await keep(store, stored)
  client.start()
  await clock.advance(0)
  await assert.rejects(client.call('device.token.rotate', { deviceId: 'd1', role: 'operator' }), {
    code: 'REQUEST_REFUSED',
  })
  assert.deepEqual(await kept(store), stored)
  await client.stop()
})
