// `breakwater devices` through a gateway that runs, over its TCP port: the least scopes first, all of them when needed.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import { type GatewayFixture, RawClient, startTestGateway, TEST_TOKEN, TestDevice } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'

const NODE: ConnectParams = {
  minProtocol: 4,
  maxProtocol: 4,
  client: {
    id: 'node-host',
    mode: 'node',
    version: '1.0.0',
    platform: 'linux',
    deviceFamily: 'Linux',
    displayName: 'shed',
  },
  role: 'node',
  scopes: [],
  caps: [],
  auth: { token: TEST_TOKEN },
}

async function startGateway(): Promise<GatewayFixture> {
  const fixture = await startTestGateway({ unixSocket: false, trustedProxies: ['127.0.0.1'] })
  const config = `{ gateway: { port: ${fixture.port}, unixSocket: false, auth: { token: "${TEST_TOKEN}" } } }`
  await writeFile(join(fixture.stateDir, 'breakwater.json'), config, { mode: 0o600 })
  return fixture
}

async function connect(gateway: GatewayFixture, device: TestDevice): Promise<RawClient> {
  const client = await RawClient.open(gateway.url, {
    headers: { host: 'gw.example.com', 'x-forwarded-for': '203.0.113.9' },
  })
  await client.connect((challenge) => device.sign(NODE, challenge))
  return client
}

test('a node is approved, listed, renamed, rotated and removed', async () => {
  await using gateway = await startGateway()
  const devices = (...args: string[]) => run(['devices', ...args], { env: { BREAKWATER_STATE_DIR: gateway.stateDir } })
  const device = new TestDevice()
  await (await connect(gateway, device))[Symbol.asyncDispose]()

  const approved = await devices('approve', 'shed')
  assert.equal(approved.code, EXIT.ok, approved.err)
  assert.equal(approved.out, 'shed is paired (node).\nIt connects by itself within half a minute.\n')

  await using client = await connect(gateway, device)
  assert.match((await devices('list')).out, /^No device waits for approval; 1 paired, 1 connected\.\n/)
  assert.equal((await devices('rename', 'shed', 'garden')).code, EXIT.ok)
  const rotated = await devices('rotate', 'garden')
  assert.equal(rotated.out, 'garden gets a new node token when it connects next; the old one works until then.\n')
  assert.equal((await client.closed).code, 4001)

  assert.equal((await devices('remove', 'garden')).code, EXIT.ok)
  assert.deepEqual(jsonOf(await devices('list', '--json')).paired, [])
  const unknown = await devices('reject', 'nobody', '--json')
  assert.deepEqual([unknown.code, jsonOf(unknown).error.nextCommand], [EXIT.failed, 'breakwater devices list'])
})
