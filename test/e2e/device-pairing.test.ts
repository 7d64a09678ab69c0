// Pairing as devices and owners live it, over real sockets: asked, approved, held, rotated, revoked, set up by a code.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectParams, decodeSetupCode, PAIRING_WAIT_CAP } from '@breakwater/protocol'
import {
  cliConnect,
  connectRaw,
  type Frame,
  type GatewayFixture,
  RawClient,
  startTestGateway,
  TEST_TOKEN,
  TestDevice,
} from '@breakwater/testkit'

const OUTSIDE = { trustedProxies: ['127.0.0.1'] }
const MAC = {
  id: 'openclaw-macos',
  mode: 'ui',
  version: '1.0.0',
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
} as const
const NODE_HOST = { id: 'node-host', mode: 'node', version: '1.0.0', platform: 'linux', deviceFamily: 'Linux' } as const

const app = (more: Partial<ConnectParams> = {}): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: MAC,
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
  auth: { token: TEST_TOKEN },
  ...more,
})
const node = (more: Partial<ConnectParams> = {}): ConnectParams =>
  app({ client: NODE_HOST, role: 'node', scopes: [], ...more })

/** Opens a connection that comes through the proxy from another machine. */
const openFromOutside = (gateway: GatewayFixture, address = '203.0.113.9') =>
  RawClient.open(gateway.url, { headers: { host: 'gw.example.com', 'x-forwarded-for': address } })

async function knock(gateway: GatewayFixture, device: TestDevice, params = app(), address?: string): Promise<Frame> {
  await using client = await openFromOutside(gateway, address)
  return await client.connect((challenge) => device.sign(params, challenge))
}

/** The owner's command line, with the events it hears. */
const owner = (gateway: GatewayFixture) => connectRaw(gateway.url, cliConnect(TEST_TOKEN))

const requestIdOf = (refusal: Frame): string => {
  assert.equal(refusal.error?.details?.code, 'PAIRING_REQUIRED', JSON.stringify(refusal))
  return refusal.error?.details.requestId as string
}

async function approve(admin: RawClient, requestId: string): Promise<void> {
  const answer = await admin.request('device.pair.approve', { requestId })
  assert.ok(answer.ok, JSON.stringify(answer.error))
}

async function pairFromOutside(
  gateway: GatewayFixture,
  admin: RawClient,
  device: TestDevice,
  params = app(),
): Promise<Frame> {
  await approve(admin, requestIdOf(await knock(gateway, device, params)))
  const hello = await knock(gateway, device, params)
  assert.ok(hello.ok, JSON.stringify(hello.error))
  return hello
}

test('a device from outside waits, is approved, and comes back with its token alone', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  const refused = await knock(gateway, device)
  const { requestId, ...details } = refused.error?.details ?? {}
  assert.match(requestId, /^[0-9a-f-]{36}$/)
  assert.deepEqual(details, {
    code: 'PAIRING_REQUIRED',
    reason: 'not-paired',
    remediationHint: details.remediationHint,
    deviceId: device.deviceId,
    requestedRole: 'operator',
    requestedScopes: ['operator.read'],
    recommendedNextStep: 'wait_then_retry',
    retryable: true,
    pauseReconnect: false,
    nextCommand: `breakwater devices approve ${requestId}`,
    recovery: 'pair',
  })
  const announced = await admin.next(({ event }) => event === 'device.pair.requested')
  assert.deepEqual([announced.payload.requestId, announced.payload.remoteIp], [requestId, '203.0.113.9'])

  await approve(admin, requestId)
  const first = await knock(gateway, device)
  const { deviceToken, issuedAtMs } = first.payload.auth
  assert.match(deviceToken, /^[A-Za-z0-9_-]{43}$/)
  assert.equal(typeof issuedAtMs, 'number')
  for (const auth of [{ deviceToken }, { token: deviceToken }]) {
    const again = await knock(gateway, device, app({ auth }))
    assert.deepEqual([again.payload?.auth.method, again.payload?.auth.deviceToken], ['device-token', deviceToken])
  }
})

test('asking 200 times over is one request, one event and one line in the log', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  const ids = new Set<string>()
  for (let round = 0; round < 200; round += 1) ids.add(requestIdOf(await knock(gateway, device)))
  assert.equal(ids.size, 1)
  await admin.request('health')
  assert.equal(admin.frames.filter(({ event }) => event === 'device.pair.requested').length, 1)
  const lines = gateway.lines.filter((line) => line.includes(device.deviceId))
  assert.equal(lines.length, 1, lines.join('\n'))
  await approve(admin, [...ids][0] ?? '')
  assert.ok((await knock(gateway, device)).ok)
})

test('a device that offers to wait is let in the moment it is approved', async (t) => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  await using client = await openFromOutside(gateway)
  const challenge = await client.challenge()
  assert.deepEqual((challenge as { capabilities?: string[] }).capabilities, [PAIRING_WAIT_CAP])
  const answer = client.connect((given) => device.sign(app({ caps: [PAIRING_WAIT_CAP] }), given))
  const { payload } = await admin.next(({ event }) => event === 'device.pair.requested')
  const approvedAt = performance.now()
  await approve(admin, payload.requestId)
  const hello = await answer
  t.diagnostic(`in ${Math.round(performance.now() - approvedAt)} ms after the approval was sent`)
  assert.ok(hello.ok, JSON.stringify(hello.error))
  assert.ok(performance.now() - approvedAt < 2_000)
})

test('a device that offers to wait is told at once when it is rejected', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  await using client = await openFromOutside(gateway)
  const answer = client.connect((challenge) => device.sign(app({ caps: [PAIRING_WAIT_CAP] }), challenge))
  const { payload } = await admin.next(({ event }) => event === 'device.pair.requested')
  await admin.request('device.pair.reject', { requestId: payload.requestId })
  assert.equal(requestIdOf(await answer), payload.requestId)
})

test('who waits for a person holds up nobody else', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const waiting: RawClient[] = []
  try {
    // More than the challenges that may be out at a time.
    for (let count = 0; count < 80; count += 1) {
      const client = await openFromOutside(gateway, `203.0.113.${count}`)
      waiting.push(client)
      const challenge = await client.challenge()
      client.send({
        type: 'req',
        id: '1',
        method: 'connect',
        params: new TestDevice().sign(app({ caps: [PAIRING_WAIT_CAP] }), challenge),
      })
      await admin.next(
        ({ event, payload }) => event === 'device.pair.requested' && payload.remoteIp === `203.0.113.${count}`,
      )
    }
    const startedAt = performance.now()
    await using other = await owner(gateway)
    assert.ok(other)
    assert.ok(performance.now() - startedAt < 1_000)
  } finally {
    for (const client of waiting) await client[Symbol.asyncDispose]()
  }
})

test('a narrower session is neither told the token nor narrows it', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  const wide = app({ scopes: ['operator.read', 'operator.approvals'] })
  const { deviceToken } = (await pairFromOutside(gateway, admin, device, wide)).payload.auth
  const narrow = await knock(gateway, device, app({ auth: { deviceToken } }))
  assert.deepEqual([narrow.payload.auth.scopes, narrow.payload.auth.deviceToken], [['operator.read'], undefined])
  const again = await knock(gateway, device, { ...wide, auth: { deviceToken } })
  assert.deepEqual([again.payload.auth.scopes, again.payload.auth.deviceToken], [wide.scopes, deviceToken])
  const beyond = await knock(gateway, device, app({ auth: { deviceToken }, scopes: ['operator.admin'] }))
  assert.equal(beyond.error?.details.code, 'AUTH_SCOPE_MISMATCH')
  const { payload } = await admin.request('device.pair.list', {})
  assert.deepEqual(payload.pending, [])
})

test('rotation: the answer comes before the close, the old token opens the door once more and learns the new one', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  const scopes = ['operator.read', 'operator.pairing']
  const first: string = (await pairFromOutside(gateway, admin, device, app({ scopes }))).payload.auth.deviceToken
  await using session = await openFromOutside(gateway)
  await session.connect((challenge) => device.sign(app({ scopes, auth: { deviceToken: first } }), challenge))

  const withheld = await admin.request('device.token.rotate', { deviceId: device.deviceId, role: 'operator' })
  assert.deepEqual([withheld.payload.tokenDelivery, withheld.payload.token], ['withheld-cross-device', undefined])
  assert.deepEqual(await session.closed, { code: 4001, reason: 'device removed' })

  const told = await knock(gateway, device, app({ scopes, auth: { deviceToken: first } }))
  const second: string = told.payload.auth.deviceToken
  assert.notEqual(second, first)
  assert.ok((await knock(gateway, device, app({ scopes, auth: { deviceToken: first } }))).ok, 'not used yet')
  assert.ok((await knock(gateway, device, app({ scopes, auth: { deviceToken: second } }))).ok)
  const late = await knock(gateway, device, app({ scopes, auth: { deviceToken: first } }))
  assert.equal(late.error?.details.code, 'AUTH_DEVICE_TOKEN_MISMATCH')

  await using own = await openFromOutside(gateway)
  await own.connect((challenge) => device.sign(app({ scopes, auth: { deviceToken: second } }), challenge))
  const rotated = await own.request('device.token.rotate', { deviceId: device.deviceId, role: 'operator' })
  assert.equal(rotated.payload.tokenDelivery, 'in-band')
  assert.deepEqual((await own.closed).code, 4001)
  const third = await knock(gateway, device, app({ scopes, auth: { deviceToken: rotated.payload.token } }))
  assert.ok(third.ok, JSON.stringify(third.error))
})

test('revocation and removal end the session and the token at once', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  const { deviceToken } = (await pairFromOutside(gateway, admin, device)).payload.auth
  await using session = await openFromOutside(gateway)
  await session.connect((challenge) => device.sign(app({ auth: { deviceToken } }), challenge))
  await admin.request('device.token.revoke', { deviceId: device.deviceId, role: 'operator' })
  assert.equal((await session.closed).code, 4001)
  const refused = await knock(gateway, device, app({ auth: { deviceToken } }))
  assert.equal(refused.error?.details.code, 'AUTH_DEVICE_TOKEN_MISMATCH')
  const again = await knock(gateway, device)
  assert.equal(again.error?.details.reason, 'role-upgrade')
  await admin.request('device.pair.remove', { deviceId: device.deviceId })
  assert.equal((await knock(gateway, device)).error?.details.reason, 'not-paired')
})

test('a session asks for more scopes, is approved, and reconnects with what it was told', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const device = new TestDevice()
  await pairFromOutside(gateway, admin, device)
  await using session = await openFromOutside(gateway)
  await session.connect((challenge) => device.sign(app(), challenge))
  const scopes = ['operator.read', 'operator.approvals']
  const asked = await session.request('device.scopes.requestUpgrade', { scopes })
  const waiting = session.request('device.scopes.waitUpgrade', { requestId: asked.payload.requestId })
  await approve(admin, asked.payload.requestId)
  const { status, deviceToken, scopes: granted } = (await waiting).payload
  assert.deepEqual([status, granted], ['approved', scopes])
  const hello = await knock(gateway, device, app({ scopes, auth: { deviceToken } }))
  assert.deepEqual([hello.payload?.auth.method, hello.payload?.auth.scopes], ['device-token', scopes])
})

async function setupCode(admin: RawClient, more: object = {}): Promise<{ token: string; setupId: string }> {
  const issued = await admin.request('device.pair.setupCode', { publicUrl: 'wss://gw.example.com', ...more })
  assert.ok(issued.ok, JSON.stringify(issued.error))
  const decoded = decodeSetupCode(issued.payload.setupCode, Date.now())
  assert.ok(decoded.ok)
  return { token: decoded.payload.bootstrapToken, setupId: issued.payload.setupId }
}

const LIMITED = ['operator.approvals', 'operator.questions', 'operator.read', 'operator.talk.secrets', 'operator.write']

test('a setup code brings a node in with a token for each role, once', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const { token, setupId } = await setupCode(admin, { bootstrapProfile: 'limited' })
  const device = new TestDevice()
  const params = node({ auth: { bootstrapToken: token } })
  const hello = await knock(gateway, device, params)
  assert.ok(hello.ok, JSON.stringify(hello.error))
  const { method, role, scopes, deviceToken, deviceTokens } = hello.payload.auth
  assert.deepEqual([method, role, scopes], ['bootstrap-token', 'node', []])
  assert.deepEqual(
    deviceTokens.map(({ role: other, scopes: held }: { role: string; scopes: string[] }) => [other, held]),
    [['operator', LIMITED]],
  )
  const completed = await admin.next(({ event }) => event === 'device.pair.setup.completed')
  assert.deepEqual([completed.payload.setupId, completed.payload.deviceId], [setupId, device.deviceId])
  assert.deepEqual((await admin.request('device.pair.setupStatus', { setupId })).payload, {
    completion: completed.payload,
  })

  assert.equal((await knock(gateway, device, node({ auth: { deviceToken } }))).payload?.auth.method, 'device-token')
  const operator = app({ client: NODE_HOST, scopes: LIMITED, auth: { deviceToken: deviceTokens[0].deviceToken } })
  assert.deepEqual((await knock(gateway, device, operator)).payload?.auth.scopes, LIMITED)

  for (const thief of [device, new TestDevice()]) {
    const replay = await knock(gateway, thief, params)
    assert.equal(replay.error?.details.code, 'AUTH_BOOTSTRAP_TOKEN_INVALID')
    assert.equal(replay.error?.details.nextCommand, 'breakwater qr')
  }
})

test('a setup code brings an operator in with what the code and the operator have in common', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const { token } = await setupCode(admin, { bootstrapProfile: 'limited' })
  const hello = await knock(
    gateway,
    new TestDevice(),
    app({ scopes: ['operator.admin'], auth: { bootstrapToken: token } }),
  )
  const { method, role, scopes, deviceTokens } = hello.payload?.auth ?? {}
  assert.deepEqual([method, role, scopes], ['bootstrap-token', 'operator', LIMITED])
  assert.deepEqual(
    deviceTokens.map(({ role: other }: { role: string }) => other),
    ['node'],
  )
})

/** Redeems and hangs up before the hello can be written. */
async function redeemAndVanish(gateway: GatewayFixture, device: TestDevice, params: ConnectParams): Promise<void> {
  const client = await openFromOutside(gateway)
  const challenge = await client.challenge()
  client.send({ type: 'req', id: '1', method: 'connect', params: device.sign(params, challenge) })
  client.socket.once('close', () => {})
  setImmediate(() => client.socket.terminate())
  await client.closed
}

test('a setup code of which the hello never arrived lets the same device, and no other, try again', async (t) => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  // Whether the hang-up is noticed before the hello is written is a race; some of these win it.
  for (let attempt = 1; attempt <= 50; attempt += 1) {
    const { token, setupId } = await setupCode(admin)
    const device = new TestDevice()
    const params = node({ auth: { bootstrapToken: token } })
    await redeemAndVanish(gateway, device, params)
    const ended = await admin.next(
      ({ payload }) => payload?.setupId === setupId && payload.deviceId === device.deviceId,
    )
    if (ended.event !== 'device.pair.setup.deliveryUncertain') continue
    t.diagnostic(`attempt ${attempt}`)
    const { payload: status } = await admin.request('device.pair.setupStatus', { setupId })
    assert.deepEqual(status, { deliveryUncertain: ended.payload })
    const other = await knock(gateway, new TestDevice(), params)
    assert.equal(other.error?.details.cause, 'bound')
    assert.ok((await knock(gateway, device, params)).ok)
    const { payload } = await admin.next(
      (frame) => frame.event === 'device.pair.setup.completed' && frame.payload.setupId === setupId,
    )
    assert.equal(payload.deviceId, device.deviceId)
    return
  }
  assert.fail('every hello was written')
})

test('a node fetches its setup code from a join URL, once, and comes in with it', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  const wish = { publicUrl: gateway.url, bootstrapProfile: 'node', joinUrl: true }
  const { payload: issued } = await admin.request('device.pair.setupCode', wish)
  assert.ok(issued.joinUrl.startsWith(`${gateway.url.replace('ws', 'http')}/j/`))
  const first = await fetch(issued.joinUrl)
  const { bootstrapToken, url } = (await first.json()) as { bootstrapToken: string; url: string }
  assert.deepEqual([first.status, url], [200, gateway.url])
  assert.equal((await fetch(issued.joinUrl)).status, 404)
  const hello = await knock(gateway, new TestDevice(), node({ auth: { bootstrapToken } }))
  assert.deepEqual([hello.payload?.auth.role, hello.payload?.auth.deviceTokens], ['node', undefined])
})

test('a guessed setup code is refused and asks nobody', async () => {
  await using gateway = await startTestGateway(OUTSIDE)
  await using admin = await owner(gateway)
  await setupCode(admin)
  const refused = await knock(gateway, new TestDevice(), node({ auth: { bootstrapToken: 'x'.repeat(43) } }))
  assert.deepEqual(
    [refused.error?.details.code, refused.error?.details.cause],
    ['AUTH_BOOTSTRAP_TOKEN_INVALID', 'unknown'],
  )
  assert.deepEqual((await admin.request('device.pair.list', {})).payload, { pending: [], paired: [] })
})

test('this machine alone cannot be reached by a code', async () => {
  await using gateway = await startTestGateway()
  await using admin = await owner(gateway)
  const refused = await admin.request('device.pair.setupCode', {})
  assert.deepEqual(
    [refused.error?.code, refused.error?.details.reason, refused.error?.details.nextCommand],
    ['INVALID_REQUEST', 'loopback-only', 'breakwater config set gateway.bind lan'],
  )
  const hello = await RawClient.open(gateway.url)
  const { payload } = await hello.connect(() => cliConnect(TEST_TOKEN))
  assert.equal(payload.features.methods.includes('device.pair.setupCode'), false)
  assert.equal(payload.features.methods.includes('device.pair.approve'), true)
  await hello[Symbol.asyncDispose]()
})

test('with the switch off, programs on this machine ask like everybody else', async () => {
  await using gateway = await startTestGateway({ autoApproveLocal: false })
  await using client = await RawClient.open(gateway.url)
  const refused = await client.connect((challenge) => new TestDevice().sign(app(), challenge))
  assert.equal(refused.error?.details.reason, 'not-paired')
})

test('a proxy on this machine hides who is behind it, so nobody there is taken for a listed address', async () => {
  await using gateway = await startTestGateway({ ...OUTSIDE, autoApproveCidrs: ['203.0.113.0/24'] })
  const proxied = await knock(gateway, new TestDevice(), node())
  assert.equal(proxied.error?.details.reason, 'not-paired')
})

test('a user the proxy vouches for is paired for what the rule allows, and the session has no more', async () => {
  const proxy = { userHeader: 'x-user', requiredHeaders: [], allowUsers: [], allowLoopback: true }
  await using gateway = await startTestGateway({
    ...OUTSIDE,
    auth: { mode: 'trusted-proxy', proxy, password: 'the-owner-may-come-in' },
    proxyAutoApproveScopes: ['operator.read', 'operator.write'],
  })
  const device = new TestDevice()
  const knockAs = async (headers: Record<string, string>, params: ConnectParams) => {
    await using client = await RawClient.open(gateway.url, {
      headers: { host: 'gw.example.com', 'x-forwarded-for': '203.0.113.9', ...headers },
    })
    return await client.connect((challenge) => device.sign(params, challenge))
  }
  const { auth: _, ...greedy } = app({ scopes: ['operator.read', 'operator.admin'] })
  const nobody = await knockAs({}, greedy)
  assert.equal(nobody.error?.details.code, 'AUTH_UNAUTHORIZED')
  for (let round = 0; round < 2; round += 1) {
    const hello = await knockAs({ 'x-user': 'ann' }, greedy)
    assert.deepEqual([hello.payload?.auth.method, hello.payload?.auth.scopes], ['trusted-proxy', ['operator.read']])
  }
  const capped = await knockAs({ 'x-user': 'ann', 'x-openclaw-scopes': '' }, greedy)
  assert.deepEqual(capped.payload?.auth.scopes, [])
  await using admin = await connectRaw(gateway.url, {
    ...cliConnect(undefined),
    auth: { password: 'the-owner-may-come-in' },
  })
  const { payload } = await admin.request('device.pair.list', {})
  const [row] = payload.paired
  assert.deepEqual([row.approvedVia, row.scopes, payload.pending], ['trusted-proxy', ['operator.read'], []])
})
