// `breakwater qr`: the code is the one a device redeems, in every form it is shown in.

import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectParams, decodeSetupCode } from '@breakwater/protocol'
import { RawClient, startTestGateway, TestDevice, tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { main } from '../../../src/main.ts'
import { fakeIo, jsonOf, run } from '../../support/run.ts'

const PUBLIC = ['--public-url', 'wss://gw.example.com']

const redeemWith = (bootstrapToken: string): ConnectParams => ({
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
  auth: { bootstrapToken },
})

function bootstrapTokenOf(code: string): string {
  const decoded = decodeSetupCode(code, Date.now())
  assert.ok(decoded.ok, JSON.stringify(decoded))
  return decoded.payload.bootstrapToken
}

/** Runs a command whose output is read while it goes on. */
function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const io = fakeIo()
  const ended = main(args, { io, env })
  const printed = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(io.written.out)?.[1]
      if (found !== undefined) return found
      await delay(10)
    }
  }
  return { io, ended, printed }
}

test('a code that is waited for: its device is let in and named, nobody else is', async () => {
  await using gateway = await startTestGateway()
  const command = start(['qr', '--access', 'node', '--wait', ...PUBLIC], { BREAKWATER_STATE_DIR: gateway.stateDir })
  const token = bootstrapTokenOf(await command.printed(/code +(\S+)\n/))
  await using client = await RawClient.open(gateway.url)
  const hello = await client.connect((challenge) => new TestDevice().sign(redeemWith(token), challenge))
  assert.ok(hello.ok, JSON.stringify(hello.error))
  assert.equal(await command.ended, EXIT.ok)
  assert.match(command.io.written.out, /\nshed is set up\.\n$/)
  await using another = await RawClient.open(gateway.url)
  const refused = await another.connect((challenge) => new TestDevice().sign(redeemWith(token), challenge))
  assert.equal(refused.error?.details.code, 'AUTH_BOOTSTRAP_TOKEN_INVALID')
})

test('for programs there is one document: the code, under either name of the command', async () => {
  await using gateway = await startTestGateway()
  const env = { BREAKWATER_STATE_DIR: gateway.stateDir }
  const code = jsonOf(await run(['devices', 'setup-code', '--access', 'limited', '--json', ...PUBLIC], { env }))
  assert.deepEqual([code.gatewayUrl, code.access, code.pictures], ['wss://gw.example.com', 'limited', []])
  assert.ok(decodeSetupCode(code.setupCode, Date.now()).ok)
  assert.equal((await run(['qr', '--wait', '--json', ...PUBLIC], { env })).code, EXIT.usage)
})

test('the picture is written for its owner alone, and the code is not on the screen then', async () => {
  await using gateway = await startTestGateway()
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: gateway.stateDir }
  const [png, svg] = [join(dir.path, 'code.png'), join(dir.path, 'code.svg')]
  const ran = await run(['qr', '--png', png, '--svg', svg, ...PUBLIC], { env })
  assert.equal(ran.code, EXIT.ok, ran.err)
  assert.doesNotMatch(ran.out, /[▀▄█]/)
  assert.equal((await readFile(png)).toString('latin1', 1, 4), 'PNG')
  assert.match(await readFile(svg, 'utf8'), /^<svg /)
  for (const file of [png, svg]) assert.equal((await stat(file)).mode & 0o777, 0o600)
  const shown = await run(['qr', ...PUBLIC], { env })
  assert.match(shown.out, /[▀▄█]{20}/)
  assert.match(shown.out, /gives +full: everything/)
})

test('a code nobody could use is refused with the way out', async () => {
  await using gateway = await startTestGateway()
  const env = { BREAKWATER_STATE_DIR: gateway.stateDir }
  const ran = await run(['qr', '--json'], { env })
  assert.equal(ran.code, EXIT.failed)
  assert.equal(jsonOf(ran).error.nextCommand, 'breakwater config set gateway.bind lan')
  assert.equal((await run(['qr', '--access', 'everything'], { env })).code, EXIT.usage)
})

test('without a gateway there is nobody to redeem it', async () => {
  await using dir = await tempDir()
  const ran = await run(['qr', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } })
  assert.deepEqual([ran.code, jsonOf(ran).error.code], [EXIT.unreachable, 'GATEWAY_DOWN'])
})
