// The published client package, unmodified, as a device that pairs: it waits for its approval, survives a rotation and a
// wider approval, and comes in with a setup code.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { decodeSetupCode } from '@breakwater/protocol'
import {
  cliConnect,
  connectRaw,
  type GatewayFixture,
  type RawClient,
  startTestGateway,
  TEST_TOKEN,
} from '@breakwater/testkit'
import { GatewayClient } from '@openclaw/gateway-client'

type Options = ConstructorParameters<typeof GatewayClient>[0]
type PublishedHello = Parameters<NonNullable<Options['onHelloOk']>>[0]
type Hello = PublishedHello & { readonly auth: { readonly method?: string } }

/** Nobody is paired without a question, so that a client on this machine has to wait like one elsewhere. */
const ASKING = { autoApproveLocal: false }
/** The longest pause of the published client is 30 s. */
const STOCK_WITHIN_MS = 31_000

/** A device of the published client: its key, what it stored, its hellos in order. */
class StockDevice implements AsyncDisposable {
  readonly stored = new Map<string, { token: string; scopes: string[] }>()
  readonly hellos: Hello[] = []
  readonly pauses: unknown[] = []
  #client: GatewayClient | undefined
  #wake: () => void = () => {}
  readonly #identity: NonNullable<Options['deviceIdentity']>

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    this.#identity = {
      deviceId: createHash('sha256').update(raw).digest('hex'),
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
  }

  get deviceId(): string {
    return this.#identity.deviceId
  }

  start(options: Options): void {
    this.#client = new GatewayClient({
      clientName: 'openclaw-macos',
      mode: 'ui',
      clientVersion: '2026.9.1',
      platform: 'macOS 15.3.1',
      deviceFamily: 'Mac',
      role: 'operator',
      ...options,
      deviceIdentity: this.#identity,
      hostDeps: {
        signDevicePayload: (pem, payload) =>
          sign(null, Buffer.from(payload, 'utf8'), createPrivateKey(pem)).toString('base64url'),
        publicKeyRawBase64UrlFromPem: (pem) =>
          createPublicKey(pem).export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64url'),
        storeDeviceAuthToken: ({ role, token, scopes }: { role: string; token: string; scopes: string[] }) =>
          void this.stored.set(role, { token, scopes }),
        loadDeviceAuthToken: ({ role }: { role: string }) => this.stored.get(role) ?? null,
        clearDeviceAuthToken: ({ role }: { role: string }) => void this.stored.delete(role),
      },
      onHelloOk: (hello) => {
        this.hellos.push(hello)
        this.#wake()
      },
      onReconnectPaused: (pause) => this.pauses.push(pause),
    })
    this.#client.start()
  }

  /** The nth hello, the first being 1. */
  async hello(count: number, waitMs = 10_000): Promise<Hello> {
    const deadline = performance.now() + waitMs
    while (this.hellos.length < count) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`no hello ${count} within ${waitMs} ms; paused: ${JSON.stringify(this.pauses)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.hellos[count - 1] as Hello
  }

  async stop(): Promise<void> {
    await this.#client?.stopAndWait()
    this.#client = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

const owner = (gateway: GatewayFixture) => connectRaw(gateway.url, cliConnect(TEST_TOKEN))

async function approveNext(admin: RawClient, deviceId: string, after = 0): Promise<string> {
  const { payload } = await admin.next(
    (frame) =>
      frame.event === 'device.pair.requested' &&
      frame.payload.deviceId === deviceId &&
      admin.frames.indexOf(frame) >= after,
  )
  const answer = await admin.request('device.pair.approve', { requestId: payload.requestId })
  assert.ok(answer.ok, JSON.stringify(answer.error))
  return payload.requestId as string
}

test('waits for its approval without pausing and is in soon after, with one request for all its attempts', async (t) => {
  await using gateway = await startTestGateway(ASKING)
  await using admin = await owner(gateway)
  await using device = new StockDevice()
  device.start({ url: gateway.url, token: TEST_TOKEN, scopes: ['operator.read'] })
  const asked = await admin.next(({ event }) => event === 'device.pair.requested')
  // Long enough for some attempts; the client's pauses grow from one second.
  await new Promise((resolve) => setTimeout(resolve, 4_000))
  const approvedAt = performance.now()
  assert.equal(await approveNext(admin, device.deviceId), asked.payload.requestId)
  await device.hello(1, STOCK_WITHIN_MS)
  t.diagnostic(`in ${Math.round(performance.now() - approvedAt)} ms after the approval`)
  assert.equal(admin.frames.filter(({ event }) => event === 'device.pair.requested').length, 1)
  assert.deepEqual(device.pauses, [])
  assert.deepEqual(device.stored.get('operator')?.scopes, ['operator.read'])
})

test('sees its token rotated, reconnects by itself, and stays connected with the new one', async () => {
  await using gateway = await startTestGateway()
  await using admin = await owner(gateway)
  await using device = new StockDevice()
  const scopes = ['operator.read', 'operator.write']
  device.start({ url: gateway.url, token: TEST_TOKEN, scopes })
  await device.hello(1)
  await device.stop()
  const first = device.stored.get('operator')?.token
  // From here on the device token is all it has.
  device.start({ url: gateway.url, scopes })
  assert.equal((await device.hello(2)).auth.method, 'device-token')

  const rotated = await admin.request('device.token.rotate', { deviceId: device.deviceId, role: 'operator' })
  assert.equal(rotated.payload.tokenDelivery, 'withheld-cross-device')
  const third = await device.hello(3, STOCK_WITHIN_MS)
  assert.equal(third.auth.method, 'device-token')
  const second = device.stored.get('operator')?.token
  assert.notEqual(second, first)
  assert.equal(third.auth.deviceToken, second)
  assert.deepEqual(device.stored.get('operator')?.scopes, scopes)

  await device.stop()
  device.start({ url: gateway.url, scopes })
  const fourth = await device.hello(4)
  assert.deepEqual([fourth.auth.method, fourth.auth.deviceToken], ['device-token', second])
  assert.deepEqual(device.pauses, [])
})

test('notes the wider scopes of an approval, and loses none of those it had', async () => {
  await using gateway = await startTestGateway(ASKING)
  await using admin = await owner(gateway)
  await using device = new StockDevice()
  device.start({ url: gateway.url, token: TEST_TOKEN, scopes: ['operator.read'] })
  await approveNext(admin, device.deviceId)
  await device.hello(1, STOCK_WITHIN_MS)
  await device.stop()
  const seen = admin.frames.length
  device.start({ url: gateway.url, token: TEST_TOKEN, scopes: ['operator.read', 'operator.approvals'] })
  await approveNext(admin, device.deviceId, seen)
  await device.hello(2, STOCK_WITHIN_MS)
  assert.deepEqual(device.stored.get('operator')?.scopes, ['operator.read', 'operator.approvals'])
  await device.stop()
  // Without scopes of its own it asks for those it stored.
  device.start({ url: gateway.url })
  const third = await device.hello(3)
  assert.deepEqual([third.auth.method, third.auth.scopes], ['device-token', ['operator.read', 'operator.approvals']])
})

async function codeFor(admin: RawClient, gateway: GatewayFixture, more: object = {}): Promise<string> {
  const issued = await admin.request('device.pair.setupCode', { publicUrl: gateway.url, ...more })
  assert.ok(issued.ok, JSON.stringify(issued.error))
  const decoded = decodeSetupCode(issued.payload.setupCode, Date.now())
  assert.ok(decoded.ok)
  assert.equal(decoded.payload.url, gateway.url)
  return decoded.payload.bootstrapToken
}

test('comes in with a setup code as an operator, asking for its usual scopes, and returns with its token', async () => {
  await using gateway = await startTestGateway(ASKING)
  await using admin = await owner(gateway)
  await using device = new StockDevice()
  const bootstrapToken = await codeFor(admin, gateway)
  device.start({ url: gateway.url, bootstrapToken })
  const hello = await device.hello(1)
  assert.deepEqual([hello.auth.method, hello.auth.role], ['bootstrap-token', 'operator'])
  assert.ok(hello.auth.scopes?.includes('operator.admin'))
  await device.stop()
  device.start({ url: gateway.url })
  assert.equal((await device.hello(2)).auth.method, 'device-token')
})

test('comes in with a setup code as a node and returns with its token', async () => {
  await using gateway = await startTestGateway(ASKING)
  await using admin = await owner(gateway)
  await using device = new StockDevice()
  const bootstrapToken = await codeFor(admin, gateway, { bootstrapProfile: 'node' })
  const node = {
    url: gateway.url,
    role: 'node',
    mode: 'node',
    clientName: 'node-host',
    platform: 'linux',
    deviceFamily: 'Linux',
    scopes: [],
  } as const
  device.start({ ...node, scopes: [], bootstrapToken })
  const hello = await device.hello(1)
  assert.deepEqual([hello.auth.method, hello.auth.role, hello.auth.scopes], ['bootstrap-token', 'node', []])
  await device.stop()
  device.start({ ...node, scopes: [] })
  assert.equal((await device.hello(2)).auth.method, 'device-token')
})
