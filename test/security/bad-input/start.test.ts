// Gateways that cannot or must not start: a machine code, a sentence that names the culprit, the next step, the exit code;
// the same facts from the library, as text and as JSON; and nothing left behind that keeps the next start from working.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type GatewayOptions, ListenFault, StartFault, TlsFault } from '@breakwater/gateway'
import { spawnGateway, startTestGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'
import { generateCertificate } from '../../../packages/gateway/src/listener/generate-certificate.ts'
import { systemClock } from '../../../packages/gateway/src/observe/clock.ts'
import { assertUnharmed } from './unharmed.ts'

const BIN = fileURLToPath(new URL('../../../packages/cli/src/bin.ts', import.meta.url))
const CONFIGURATION = 6
const CANNOT_START = 7

interface Expected {
  readonly code: string
  readonly message: RegExp
  readonly nextStep: RegExp
  readonly exitCode: number
}

/** Runs `breakwater gateway` to its end, as text and as JSON, and holds both against what they should say. */
async function assertRefuses(
  stateDir: string,
  args: readonly string[],
  expected: Expected,
  config?: string,
): Promise<void> {
  if (config !== undefined) writeFileSync(join(stateDir, 'breakwater.json'), config)
  const allArgs = ['gateway', ...(config === undefined ? ['--allow-unconfigured'] : []), ...args]
  const text = await run(stateDir, allArgs)
  assert.equal(text.exitCode, expected.exitCode, text.stderr)
  const [, message = '', next = ''] = /^error: ([\s\S]+)\nnext: (.+)\n$/.exec(text.stderr) ?? []
  assert.match(message, expected.message, text.stderr)
  assert.match(next, expected.nextStep, text.stderr)
  assert.ok(!text.stderr.includes('    at '), 'a stack for something that is no fault of the program')

  const json = await run(stateDir, [...allArgs, '--json'])
  assert.equal(json.exitCode, expected.exitCode)
  const { error } = JSON.parse(json.stdout)
  assert.equal(error.code, expected.code)
  assert.match(error.message, expected.message)
  assert.match(error.nextStep, expected.nextStep)
}

async function run(stateDir: string, args: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=source', BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      NODE_NO_WARNINGS: '1',
      BREAKWATER_STATE_DIR: stateDir,
      BREAKWATER_CONFIG_PATH: join(stateDir, 'breakwater.json'),
    },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const tooLong = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await once(child, 'close')
  clearTimeout(tooLong)
  return { exitCode: child.exitCode, stdout, stderr }
}

async function assertRejects(
  options: Partial<GatewayOptions>,
  expected: Expected,
  kind: typeof ListenFault | typeof TlsFault | typeof StartFault,
) {
  await assert.rejects(startTestGateway(options), (fault: unknown) => {
    assert.ok(fault instanceof kind, String(fault))
    assert.equal(fault.code, expected.code)
    assert.match(fault.message, expected.message)
    assert.match(fault.nextStep, expected.nextStep)
    return true
  })
}

test('a port that is taken is named, with who to ask and what to do; the state directory stays usable', async () => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  const { port } = squatter.address() as AddressInfo
  const expected = {
    code: 'PORT_IN_USE',
    message: new RegExp(`127\\.0\\.0\\.1 port ${port} is already in use`),
    nextStep: /breakwater probe.*--port/,
    exitCode: CANNOT_START,
  }
  await using directory = await tempDir()
  await assertRejects({ port, stateDir: directory.path }, expected, ListenFault)
  await assertRefuses(directory.path, ['--port', String(port)], expected)
  await using gateway = await startTestGateway({ stateDir: directory.path })
  await assertUnharmed(gateway)
  squatter.close()
})

test('an address that is not of this machine is named', async () => {
  await using directory = await tempDir()
  const expected = {
    code: 'ADDRESS_NOT_AVAILABLE',
    message: /203\.0\.113\.9.* is not an address of this machine/,
    nextStep: /--bind loopback/,
    exitCode: CANNOT_START,
  }
  await assertRejects({ bind: '203.0.113.9', stateDir: directory.path }, expected, ListenFault)
  await assertRefuses(directory.path, ['--port', '0', '--bind', '203.0.113.9', '--token', TEST_TOKEN], expected)
})

test('listening on the network without authentication is refused, and the way out is named', async () => {
  await using directory = await tempDir()
  for (const bind of ['lan', '0.0.0.0', '::']) {
    await assertRejects(
      { bind, auth: { mode: 'none' }, stateDir: directory.path },
      {
        code: 'AUTH_NONE_EXPOSED',
        message: new RegExp(bind),
        nextStep: /gateway\.auth\.mode.*token.*loopback/,
        exitCode: CONFIGURATION,
      },
      StartFault,
    )
  }
  await assertRefuses(
    directory.path,
    ['--port', '0', '--bind', 'lan'],
    {
      code: 'CONFIG_INVALID',
      message:
        /gateway\.auth\.mode: "none" would let anybody.*\(set gateway\.auth\.mode to "token", or gateway\.bind to "loopback"\)/,
      nextStep: /^Correct .*breakwater\.json/,
      exitCode: CONFIGURATION,
    },
    "{ gateway: { auth: { mode: 'none' } } }",
  )
})

test('a certificate that cannot be read, or a key of another one, is named with its path', async () => {
  await using directory = await tempDir()
  const path = (name: string): string => join(directory.path, name)
  const ours = await generateCertificate({ directory: path('ours') }, { clock: systemClock })
  const other = await generateCertificate({ directory: path('other') }, { clock: systemClock })
  mkdirSync(path('directory.pem'))
  writeFileSync(path('garbage.pem'), 'not a certificate')
  const cases: readonly [certPath: string, keyPath: string, expected: Omit<Expected, 'exitCode'>][] = [
    [
      path('missing.pem'),
      ours.keyPath,
      { code: 'TLS_FILE_UNREADABLE', message: /missing\.pem.*no such file/, nextStep: /Check the path/ },
    ],
    [
      path('directory.pem'),
      ours.keyPath,
      { code: 'TLS_FILE_UNREADABLE', message: /directory\.pem.*not a file/, nextStep: /may read/ },
    ],
    [path('garbage.pem'), ours.keyPath, { code: 'TLS_CERTIFICATE_INVALID', message: /garbage\.pem/, nextStep: /PEM/ }],
    [ours.certPath, path('garbage.pem'), { code: 'TLS_KEY_INVALID', message: /garbage\.pem/, nextStep: /PEM/ }],
    [
      ours.certPath,
      other.keyPath,
      {
        code: 'TLS_KEY_MISMATCH',
        message: /other\/key\.pem does not belong to.*ours\/cert\.pem/,
        nextStep: /Name the key/,
      },
    ],
  ]
  for (const [certPath, keyPath, facts] of cases) {
    const expected = { ...facts, exitCode: CANNOT_START }
    const tls = { certPath, keyPath, autoGenerate: true }
    await assertRejects({ tls, stateDir: directory.path }, expected, TlsFault)
  }
  const mismatch = cases.at(-1)
  assert.ok(mismatch !== undefined)
  const flags = ['--port', '0', '--token', TEST_TOKEN, '--tls-cert', mismatch[0], '--tls-key', mismatch[1]]
  await assertRefuses(directory.path, flags, { ...mismatch[2], exitCode: CANNOT_START })
  await using gateway = await startTestGateway({
    stateDir: directory.path,
    tls: { certPath: ours.certPath, keyPath: ours.keyPath, autoGenerate: false },
  })
  await assertUnharmed(gateway)
})

test('a second gateway on one state directory is refused with the process that has it, which is unharmed', async () => {
  await using first = await spawnGateway()
  await assertRefuses(first.stateDir, ['--port', '0', '--token', TEST_TOKEN], {
    code: 'STORE_OWNED',
    message: new RegExp(String(first.pid)),
    nextStep: new RegExp(`breakwater status.*kill ${first.pid}`),
    exitCode: CANNOT_START,
  })
  await assertUnharmed(first)
})

test('a state directory that is a file, and a configuration that is none, are named', async () => {
  await using directory = await tempDir()
  const file = join(directory.path, 'state')
  writeFileSync(file, '')
  const asText = await run(file, ['gateway', '--allow-unconfigured', '--port', '0'])
  assert.equal(asText.exitCode, CANNOT_START, asText.stderr)
  assert.match(asText.stderr, /^error: .*\nnext: .*is not a directory: move the file away/)
  const place = { exitCode: CONFIGURATION, nextStep: /^Correct / }
  await assertRefuses(
    directory.path,
    [],
    { ...place, code: 'CONFIG_INVALID', message: /not valid JSON5: .* at line 1, column 14/ },
    '{ gateway: { ',
  )
  await assertRefuses(
    directory.path,
    ['--port', '99999'],
    {
      ...place,
      code: 'CONFIG_INVALID',
      message: /gateway\.port: expected an integer from 0 to 65535, got .*99999.* from --port/,
    },
    '{}',
  )
})
