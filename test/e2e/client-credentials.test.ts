// Our client against our gateway, over real sockets and real files: how long an approval takes to arrive, and what is left
// on disk after pairing, rotation, revocation and a setup code.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type ClientStatus,
  createNodeClient,
  FileCredentialStore,
  type GatewayClient,
  gatewayKeyOf,
  type NodeClientOptions,
  parseEndpoint,
  resumeOnApproval,
} from '@breakwater/client/node'
import { type ClientInfo, decodeSetupCode, type HelloOk } from '@breakwater/protocol'
import {
  cliConnect,
  connectRaw,
  type GatewayFixture,
  type RawClient,
  startTestGateway,
  TEST_TOKEN,
  tempDir,
} from '@breakwater/testkit'

/** Programs on this machine have to ask, too; setup codes may be made. */
const STRICT = { autoApproveLocal: false, trustedProxies: ['127.0.0.1'] }
const APP: ClientInfo = {
  id: 'openclaw-macos',
  mode: 'ui',
  version: '1.0.0',
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
}
const NODE: ClientInfo = { id: 'node-host', mode: 'node', version: '1.0.0', platform: 'linux', deviceFamily: 'Linux' }

interface Home extends AsyncDisposable {
  readonly gateway: GatewayFixture
  /** The owner's command line. */
  readonly owner: RawClient
  /** Tokens kept for this gateway, as `role token`. */
  kept(): Promise<string[]>
  client(options?: Partial<NodeClientOptions>): GatewayClient
}

async function home(): Promise<Home> {
  const directory = await tempDir()
  const gateway = await startTestGateway(STRICT)
  const owner = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  const credentialsDirectory = join(directory.path, 'credentials')
  const clients: GatewayClient[] = []
  return {
    gateway,
    owner,
    kept: async () => {
      const store = new FileCredentialStore({}, { directory: credentialsDirectory })
      const { tokens } = await store.load(gatewayKeyOf(parseEndpoint(gateway.url)))
      return tokens.map(({ role, token }) => `${role} ${token}`).sort()
    },
    client: (options = {}) => {
      const identityFile = join(directory.path, 'identity', 'device.json')
      const client = createNodeClient({ url: gateway.url, client: APP, identityFile, credentialsDirectory, ...options })
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.stop()
      await owner[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** Resolves with the first status of this type from now on. */
async function until<T extends ClientStatus['type']>(
  client: GatewayClient,
  type: T,
): Promise<Extract<ClientStatus, { type: T }>> {
  const { status } = client
  if (status.type === type) return status as Extract<ClientStatus, { type: T }>
  const { promise, resolve } = Promise.withResolvers<Extract<ClientStatus, { type: T }>>()
  const stop = client.statuses.subscribe((seen) => {
    if (seen.type === type) resolve(seen as Extract<ClientStatus, { type: T }>)
  })
  return promise.finally(stop)
}

async function approve(owner: RawClient, requestId: string | undefined): Promise<void> {
  const answer = await owner.request('device.pair.approve', { requestId })
  assert.ok(answer.ok, JSON.stringify(answer.error))
}

/** How the gateway knew us; newer than the contract's types. */
const methodOf = ({ auth }: HelloOk): string | undefined => (auth as { readonly method?: string }).method

const scopes = ['operator.read', 'operator.pairing']
const shared = { credentials: { token: TEST_TOKEN }, scopes }

test('a client that waits is in within two seconds of its approval, under one request', async (t) => {
  await using place = await home()
  const client = place.client(shared)
  client.start()
  const { requestId, nextCommand } = await until(client, 'pairing')
  assert.equal(nextCommand, `breakwater devices approve ${requestId}`)
  // Long enough to be asked again, so that it is the held attempt that is answered.
  await new Promise((resolve) => setTimeout(resolve, 1_800))
  assert.equal(client.status.type, 'pairing')
  const { payload } = await place.owner.request('device.pair.list', {})
  assert.deepEqual(
    payload.pending.map((pending: { requestId: string }) => pending.requestId),
    [requestId],
  )
  const approvedAt = performance.now()
  await approve(place.owner, requestId)
  await client.ready()
  const waitedMs = performance.now() - approvedAt
  t.diagnostic(`${Math.round(waitedMs)} ms, attempt ${client.supervision.attempts}`)
  assert.ok(waitedMs <= 2_000, `${waitedMs} ms`)
})

test('what was paired once comes back without any secret but its token, in another process as well', async () => {
  await using place = await home()
  const first = place.client(shared)
  first.start()
  await approve(place.owner, (await until(first, 'pairing')).requestId)
  await first.ready()
  await first.stop()
  const [kept] = await place.kept()
  const second = place.client()
  second.start()
  const hello = await second.ready()
  const { auth } = hello
  assert.deepEqual([methodOf(hello), `operator ${auth.deviceToken}`], ['device-token', kept])
  assert.deepEqual([...auth.scopes].sort(), [...scopes].sort())
})

async function paired(place: Home): Promise<GatewayClient> {
  const client = place.client(shared)
  client.start()
  await approve(place.owner, (await until(client, 'pairing')).requestId)
  await client.ready()
  await client.stop()
  const own = place.client()
  own.start()
  await own.ready()
  return own
}

test('a device that rotates its own token has the new one on disk before it is cut off, and comes back with it', async () => {
  await using place = await home()
  const client = await paired(place)
  const before = await place.kept()
  const { deviceId } = (await place.owner.request('device.pair.list', {})).payload.paired[0]
  const { token } = (await client.call('device.token.rotate', { deviceId, role: 'operator' })) as { token?: string }
  assert.deepEqual(await place.kept(), [`operator ${token}`])
  assert.notDeepEqual(await place.kept(), before)
  await until(client, 'backoff')
  const { hello } = await until(client, 'ready')
  assert.equal(methodOf(hello), 'device-token')
})

test('a rotation by the owner reaches the device with its next connection; a revocation parks it with a command', async () => {
  await using place = await home()
  const client = await paired(place)
  const before = await place.kept()
  const { deviceId } = (await place.owner.request('device.pair.list', {})).payload.paired[0]
  const gone = until(client, 'backoff')
  await place.owner.request('device.token.rotate', { deviceId, role: 'operator' })
  await gone
  await until(client, 'ready')
  const { deviceToken } = client.hello?.auth ?? {}
  await client.stop()
  assert.deepEqual(await place.kept(), [`operator ${deviceToken}`])
  assert.notDeepEqual(await place.kept(), before)

  client.start()
  await client.ready()
  await place.owner.request('device.token.revoke', { deviceId, role: 'operator' })
  const { nextCommand } = await until(client, 'parked')
  assert.equal(nextCommand, 'breakwater devices list')
  assert.deepEqual(await place.kept(), [])
})

test('a setup code pairs the node and, through the shared store, brings the operator in that had nothing', async () => {
  await using place = await home()
  const operator = place.client()
  operator.start()
  assert.equal((await until(operator, 'parked')).error.detailCode, 'AUTH_TOKEN_MISSING')
  const issued = await place.owner.request('device.pair.setupCode', {
    publicUrl: 'wss://gw.example.com',
    bootstrapProfile: 'limited',
  })
  const decoded = decodeSetupCode(issued.payload.setupCode, Date.now())
  assert.ok(decoded.ok)
  const { bootstrapToken } = decoded.payload
  const credentials = { bootstrapToken, preferBootstrapToken: true }
  const node = place.client({ client: NODE, role: 'node', credentials })
  node.start()
  assert.equal(methodOf(await node.ready()), 'bootstrap-token')
  await node.stop()
  assert.deepEqual(
    (await place.kept()).map((token) => token.split(' ')[0]),
    ['node', 'operator'],
  )
  node.start()
  assert.equal(methodOf(await node.ready()), 'device-token')
  // A store of the same process says when it changes; this one is another, as in another process.
  operator.changed()
  assert.equal(methodOf(await operator.ready()), 'device-token')
})

test('with an operator that may see pairings, the node of the same app is in at once', async (t) => {
  await using place = await home()
  const operator = await paired(place)
  const node = place.client({ client: NODE, role: 'node', credentials: { token: TEST_TOKEN } })
  const stop = resumeOnApproval(operator, node)
  node.start()
  const { requestId } = await until(node, 'pairing')
  const approvedAt = performance.now()
  await approve(place.owner, requestId)
  await node.ready()
  t.diagnostic(`${Math.round(performance.now() - approvedAt)} ms`)
  assert.ok(performance.now() - approvedAt <= 2_000)
  stop()
})
