// `breakwater why`: devices that cannot connect for every reason there is, against a gateway that runs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import {
  type Frame,
  type GatewayFixture,
  RawClient,
  startTestGateway,
  TEST_TOKEN,
  TestDevice,
  tempDir,
} from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'
import { pairedDevice, pendingRequest, seedStore } from '../../support/seed-store.ts'

const ADDRESS = '203.0.113.9'

const app = (more: Partial<ConnectParams> = {}): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: {
    id: 'openclaw-macos',
    mode: 'ui',
    version: '1.0.0',
    platform: 'macOS 15.3.1',
    deviceFamily: 'Mac',
    displayName: 'Kitchen',
  },
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
  auth: { token: TEST_TOKEN },
  ...more,
})

/** Devices come through a proxy, from another machine. */
const startGateway = () => startTestGateway({ trustedProxies: ['127.0.0.1'] })

const open = (gateway: GatewayFixture): Promise<RawClient> =>
  RawClient.open(gateway.url, { headers: { host: 'gw.example.com', 'x-forwarded-for': ADDRESS } })

type SignOptions = Parameters<TestDevice['sign']>[2]

async function knock(
  gateway: GatewayFixture,
  device: TestDevice,
  params = app(),
  options?: SignOptions,
): Promise<Frame> {
  await using client = await open(gateway)
  return await client.connect((challenge) => device.sign(params, challenge, options))
}

function commands(gateway: GatewayFixture) {
  const env = { BREAKWATER_STATE_DIR: gateway.stateDir }
  return {
    why: async (text: string) => {
      const ran = await run(['why', text, '--json'], { env })
      assert.equal(ran.err, '')
      return { code: ran.code, ...jsonOf(ran) }
    },
    text: async (text: string) => (await run(['why', text], { env })).out,
    devices: (...args: string[]) => run(['devices', ...args, '--json'], { env }),
  }
}

async function pair(gateway: GatewayFixture, device: TestDevice): Promise<void> {
  await knock(gateway, device)
  const approved = await commands(gateway).devices('approve', device.deviceId)
  assert.equal(approved.code, EXIT.ok, approved.out)
}

test('a device that never came is told from one that was refused', async () => {
  await using gateway = await startGateway()
  const { why } = commands(gateway)
  const unknown = await why('kitchen')
  assert.deepEqual([unknown.code, unknown.cause], [EXIT.failed, 'NEVER_SEEN'])
  assert.match(unknown.nextStep, /breakwater probe --url/)
})

test('a device that waits: the first line names the request, the second the command', async () => {
  await using gateway = await startGateway()
  const device = new TestDevice()
  const { why, text, devices } = commands(gateway)
  for (let attempt = 0; attempt < 3; attempt += 1) await knock(gateway, device)
  const waiting = await why(device.deviceId.slice(0, 8))
  assert.deepEqual([waiting.verdict, waiting.cause], ['waiting', 'PAIRING_REQUIRED'])
  assert.equal(waiting.nextCommand, `breakwater devices approve ${waiting.pending[0].requestId}`)
  assert.equal(waiting.attempts[0].count, 3)
  const shown = await text('Kitchen')
  assert.match(
    shown,
    /^Kitchen waits for your approval \(operator: read\), last asked .* ago\.\nnext: breakwater devices approve [0-9a-f-]{36}\n/,
  )
  assert.match(shown, /refused: PAIRING_REQUIRED as operator \(openclaw-macos\/ui, 203\.0\.113\.9\), 3 times\n/)

  assert.equal((await devices('approve', waiting.pending[0].requestId)).code, EXIT.ok)
  await using client = await open(gateway)
  await client.connect((challenge) => device.sign(app(), challenge))
  const connected = await why('kitchen')
  assert.deepEqual([connected.code, connected.cause], [EXIT.ok, 'CONNECTED'])

  await knock(gateway, device, app({ scopes: ['operator.write'] }))
  const upgrade = await why('kitchen')
  assert.equal(upgrade.cause, 'SCOPE_UPGRADE')
  assert.match(upgrade.nextCommand, /^breakwater devices approve /)
})

test('a wrong shared token, a clock that is off, a key that is not its own', async () => {
  await using gateway = await startGateway()
  const { why } = commands(gateway)
  const device = new TestDevice()
  await knock(gateway, device, app({ auth: { token: 'wrong-0123456789abcdef' } }))
  const mismatch = await why(device.deviceId)
  assert.deepEqual([mismatch.cause, mismatch.nextCommand], ['AUTH_TOKEN_MISMATCH', 'breakwater token show'])

  await knock(gateway, device, app(), { signedAtMs: Date.now() + 300_000 })
  const skewed = await why(device.deviceId)
  assert.equal(skewed.cause, 'DEVICE_AUTH_SIGNATURE_EXPIRED')
  assert.match(skewed.message, /its clock is [45] min.* ahead of this one; 2 min are allowed/)
})

test('what a stranger claims about a device does not hide what that device went through', async () => {
  await using gateway = await startGateway()
  const { why } = commands(gateway)
  const device = new TestDevice()
  await pair(gateway, device)
  await knock(gateway, device)
  const stranger = new TestDevice()
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await using client = await open(gateway)
    await client.connect((challenge) => {
      const signed = stranger.sign(app({ auth: { token: 'wrong-0123456789abcdef' } }), challenge)
      return { ...signed, device: { ...signed.device, id: device.deviceId } } as ConnectParams
    })
  }
  const { attempts, message } = await why(device.deviceId)
  assert.ok(
    attempts.some((attempt: { cause: string; isProven: boolean }) => attempt.isProven && attempt.cause === 'admitted'),
  )
  assert.ok(attempts.some((attempt: { isProven: boolean }) => !attempt.isProven))
  assert.match(message, /whoever it was has not proven to be this device/)
})

test('a revoked token, a removed device, one that is simply away', async () => {
  await using gateway = await startGateway()
  const { why, devices } = commands(gateway)
  const device = new TestDevice()
  await pair(gateway, device)
  const fresh = await why('kitchen')
  assert.deepEqual([fresh.code, fresh.cause], [EXIT.ok, 'NOT_TRYING'])
  await knock(gateway, device)
  assert.match((await why('kitchen')).message, /nothing here keeps it out; it was last here .* ago/)

  assert.equal((await devices('revoke', device.deviceId, '--role', 'operator')).code, EXIT.ok)
  assert.equal((await why('kitchen')).cause, 'TOKEN_REVOKED')

  assert.equal((await devices('remove', device.deviceId)).code, EXIT.ok)
  const removed = await why(device.deviceId)
  assert.equal(removed.cause, 'NOT_PAIRED')
})

test('an address that gets no further than the door', async () => {
  await using gateway = await startGateway()
  {
    await using client = await open(gateway)
    client.socket.send('nonsense')
    await client.closed
  }
  const { why } = commands(gateway)
  const { verdict, message, nextCommand } = await why(ADDRESS)
  assert.equal(verdict, 'blocked')
  assert.match(message, /^203\.0\.113\.9 reached this gateway .* ago and got no further: /)
  assert.equal(nextCommand, `breakwater logs --grep ${ADDRESS}`)
})

test('with the gateway down that is the cause, and what the files know is shown', async () => {
  await using dir = await tempDir()
  await seedStore(dir.path, { paired: [pairedDevice('phone')], pending: [pendingRequest('phone')] })
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const down = await run(['why', 'phone'], { env })
  assert.equal(down.code, EXIT.failed)
  assert.match(down.out, /^no gateway is running here, so phone cannot connect; it waits for approval, too/)
  assert.match(down.out, /next: breakwater gateway /)
  assert.match(down.out, /device +dev-phone-0001\n/)
})

test('a name that fits several devices is not guessed', async () => {
  await using dir = await tempDir()
  await seedStore(dir.path, { paired: [pairedDevice('phone'), pairedDevice('phone2', { displayName: 'phone' })] })
  const { cause, message } = jsonOf(await run(['why', 'phone', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } }))
  assert.equal(cause, 'AMBIGUOUS')
  assert.match(message, /dev-phone2-0/)
})
