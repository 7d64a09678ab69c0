// `breakwater backup` beside a gateway that runs, and `breakwater restore` when it is down: the devices come back.

import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import { RawClient, spawnGateway, TEST_TOKEN, TestDevice, tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'

const CONFIG = '{ gateway: { trustedProxies: ["127.0.0.1"] } }'

const app = (auth: NonNullable<ConnectParams['auth']>): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'openclaw-macos', mode: 'ui', version: '1.0.0', platform: 'macOS 15.3.1', deviceFamily: 'Mac' },
  role: 'operator',
  scopes: ['operator.read'],
  caps: [],
  auth,
})

async function knock(url: string, device: TestDevice, auth: NonNullable<ConnectParams['auth']>) {
  await using client = await RawClient.open(url, {
    headers: { host: 'gw.example.com', 'x-forwarded-for': '203.0.113.9' },
  })
  return await client.connect((challenge) => device.sign(app(auth), challenge))
}

test('a device approved before the backup connects with its token after the restore; one removed since is back', async () => {
  await using dir = await tempDir()
  await using out = await tempDir()
  const file = join(out.path, 'backup.tar.gz')
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const device = new TestDevice()
  let token = ''
  {
    await using gateway = await spawnGateway({ stateDir: dir.path, config: CONFIG })
    await knock(gateway.url, device, { token: TEST_TOKEN })
    assert.equal((await run(['devices', 'approve', device.deviceId], { env })).code, EXIT.ok)
    const hello = await knock(gateway.url, device, { token: TEST_TOKEN })
    token = hello.payload.auth.deviceToken
    const made = await run(['backup', file, '--json'], { env })
    assert.equal(made.code, EXIT.ok, made.out)
    assert.equal(jsonOf(made).store.counts.devices, 1)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await run(['devices', 'remove', device.deviceId], { env })).code, EXIT.ok)

    const again = await run(['backup', file, '--json'], { env })
    assert.equal(jsonOf(again).error.code, 'EEXIST')
    const refused = await run(['restore', file, '--json'], { env })
    assert.notEqual(refused.code, EXIT.ok)
    assert.equal(jsonOf(refused).error.code, 'STORE_OWNED')
    assert.match(jsonOf(refused).error.nextStep, /breakwater gateway stop/)
    await gateway.terminate()
  }
  const checked = await run(['restore', file, '--check'], { env })
  assert.match(checked.out, /is whole: the state of .* 1 device\)/)
  const restored = await run(['restore', file], { env })
  assert.equal(restored.code, EXIT.ok, restored.err)
  assert.match(restored.out, /^Restored the state of .*\nWhat was there before is in .*before-restore-/)
  await using gateway = await spawnGateway({ stateDir: dir.path, config: CONFIG })
  const back = await knock(gateway.url, device, { deviceToken: token })
  assert.ok(back.ok, JSON.stringify(back.error))
})

test('a file that is no backup changes nothing', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: join(dir.path, 'state') }
  const file = join(dir.path, 'x.tar.gz')
  await writeFile(file, 'not an archive')
  const ran = await run(['restore', file, '--json'], { env })
  assert.deepEqual([ran.code, jsonOf(ran).error.code], [EXIT.failed, 'BACKUP_UNUSABLE'])
  assert.equal(jsonOf(await run(['restore', `${file}.missing`, '--json'], { env })).error.code, 'ENOENT')
  assert.deepEqual(
    (await readdir(join(dir.path, 'state'))).filter((name) => name !== 'owner.lock'),
    [],
  )
  assert.equal((await run(['restore'], { env })).code, EXIT.usage)
})

test('a state directory nobody used yet can be backed up, too', async () => {
  await using dir = await tempDir()
  const file = join(dir.path, 'b.tar.gz')
  const ran = await run(['backup', file], { env: { BREAKWATER_STATE_DIR: join(dir.path, 'state') } })
  assert.equal(ran.code, EXIT.ok, ran.err)
  assert.match(ran.out, /^Backed up 0 devices and 0 files/)
})
