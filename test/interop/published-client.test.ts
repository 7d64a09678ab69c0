// The published client package, its Node entry, unmodified: every way in that an operator has on this machine.

import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { GatewayClient } from '@openclaw/gateway-client'

type Options = ConstructorParameters<typeof GatewayClient>[0]
type PublishedHello = Parameters<NonNullable<Options['onHelloOk']>>[0]
/** The gateway names the method; the package's own type does not know it yet. */
type Hello = PublishedHello & { readonly auth: { readonly method?: string } }
type EventFrame = Parameters<NonNullable<Options['onEvent']>>[0]

/** A tick comes every 30 s, so one is seen within this. */
const TICK_WITHIN_MS = 35_000

interface Connected extends AsyncDisposable {
  readonly client: GatewayClient
  readonly hello: Hello
  event(name: string, waitMs: number): Promise<EventFrame>
}

async function connectPublished(options: Options): Promise<Connected> {
  const hello = Promise.withResolvers<Hello>()
  const seen: EventFrame[] = []
  const listeners = new Set<(event: EventFrame) => void>()
  const client = new GatewayClient({
    clientName: 'cli',
    mode: 'cli',
    clientVersion: '2026.9.1',
    platform: 'linux',
    role: 'operator',
    deviceIdentity: null,
    ...options,
    onHelloOk: hello.resolve,
    onConnectError: hello.reject,
    onEvent: (event) => {
      seen.push(event)
      for (const listener of listeners) listener(event)
    },
  })
  client.start()
  return {
    client,
    hello: await hello.promise,
    event: (name, waitMs) =>
      new Promise((resolve, reject) => {
        const known = seen.find(({ event }) => event === name)
        if (known !== undefined) return resolve(known)
        const timer = setTimeout(() => reject(new Error(`no ${name} within ${waitMs} ms`)), waitMs)
        listeners.add((event) => {
          if (event.event !== name) return
          clearTimeout(timer)
          resolve(event)
        })
      }),
    [Symbol.asyncDispose]: () => client.stopAndWait(),
  }
}

/** An identity in the form the published client keeps it. */
function deviceIdentity(): NonNullable<Options['deviceIdentity']> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  return {
    deviceId: createHash('sha256').update(raw).digest('hex'),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

const hostDeps = async (): Promise<NonNullable<Options['hostDeps']>> => {
  const { createPrivateKey, createPublicKey, sign } = await import('node:crypto')
  return {
    signDevicePayload: (pem, payload) =>
      sign(null, Buffer.from(payload, 'utf8'), createPrivateKey(pem)).toString('base64url'),
    publicKeyRawBase64UrlFromPem: (pem) =>
      createPublicKey(pem).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64url'),
  }
}

test('connects with the token, reads health and presence, and is told the scopes it asked for', async () => {
  await using gateway = await startTestGateway()
  await using connected = await connectPublished({ url: gateway.url, token: TEST_TOKEN, scopes: ['operator.read'] })
  assert.equal(connected.hello.protocol, 4)
  assert.equal(connected.hello.auth.method, 'token')
  assert.deepEqual(connected.hello.auth.scopes, ['operator.read'])
  const health = await connected.client.request<{ ok: boolean }>('health', {})
  assert.equal(health.ok, true)
  const presence = await connected.client.request<unknown[]>('system-presence', {})
  assert.equal(presence.length, 1)
})

test('connects with the password, in either field', async () => {
  await using gateway = await startTestGateway({ auth: { mode: 'password', password: 'hunter22' } })
  await using first = await connectPublished({ url: gateway.url, password: 'hunter22', scopes: ['operator.read'] })
  await using second = await connectPublished({ url: gateway.url, token: 'hunter22', scopes: ['operator.read'] })
  assert.equal(first.hello.auth.method, 'password')
  assert.equal(second.hello.auth.method, 'password')
})

test('a signed device is paired silently, gets its token, and comes back with it alone', async () => {
  await using gateway = await startTestGateway()
  const identity = deviceIdentity()
  const stored = new Map<string, { token: string; scopes: string[] }>()
  const deps = {
    ...(await hostDeps()),
    storeDeviceAuthToken: ({ role, token, scopes }: { role: string; token: string; scopes: string[] }) =>
      void stored.set(role, { token, scopes }),
    loadDeviceAuthToken: ({ role }: { role: string }) => stored.get(role) ?? null,
  }
  const common: Options = {
    url: gateway.url,
    deviceIdentity: identity,
    hostDeps: deps,
    clientName: 'openclaw-macos',
    mode: 'ui',
    platform: 'macOS 15.3.1',
    deviceFamily: 'Mac',
    scopes: ['operator.read', 'operator.write'],
  }
  {
    await using first = await connectPublished({ ...common, token: TEST_TOKEN })
    assert.equal(first.hello.auth.method, 'token')
    assert.match(first.hello.auth.deviceToken ?? '', /^[A-Za-z0-9_-]{43}$/)
  }
  assert.equal(stored.get('operator')?.token.length, 43)
  await using second = await connectPublished(common)
  assert.equal(second.hello.auth.method, 'device-token')
  assert.equal(second.hello.auth.deviceToken, stored.get('operator')?.token)
  assert.deepEqual(second.hello.auth.scopes, ['operator.read', 'operator.write'])
})

test('hears presence at once and a tick within its interval', async () => {
  await using gateway = await startTestGateway()
  await using connected = await connectPublished({ url: gateway.url, token: TEST_TOKEN, scopes: ['operator.admin'] })
  await connected.client.request('system-event', { text: 'Node: kitchen', host: 'kitchen' })
  const presence = await connected.event('presence', 3_000)
  assert.match(JSON.stringify(presence.payload), /kitchen/)
  assert.equal(presence.seq, 1)
  const tick = await connected.event('tick', TICK_WITHIN_MS)
  assert.equal(typeof (tick.payload as { ts: number }).ts, 'number')
})

test('a wrong token is refused with everything the client needs to stop asking', async () => {
  await using gateway = await startTestGateway()
  const paused = Promise.withResolvers<{ code: number; detailCode: string | null }>()
  const client = new GatewayClient({
    url: gateway.url,
    token: 'wrong',
    clientName: 'cli',
    mode: 'cli',
    clientVersion: '1',
    platform: 'linux',
    scopes: ['operator.read'],
    deviceIdentity: null,
    onReconnectPaused: paused.resolve,
  })
  client.start()
  const { code, detailCode } = await paused.promise
  await client.stopAndWait()
  assert.deepEqual({ code, detailCode }, { code: 1008, detailCode: 'AUTH_TOKEN_MISMATCH' })
})
