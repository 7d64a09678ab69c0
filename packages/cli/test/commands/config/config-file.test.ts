// The configuration commands where no gateway runs: on the file.

import assert from 'node:assert/strict'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type TempDir, tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, type Ran, run } from '../../support/run.ts'

const SECRET = 'a-secret-0123456789'
const TEXT = `// mine
{
  gateway: {
    port: 19001, // was 19000
    auth: { mode: 'token', token: '${SECRET}' },
    trustedProxies: ['10.0.0.1', '10.0.0.2'],
  },
  agents: { list: [{ id: 'main' }] },
}
`

interface Place extends AsyncDisposable {
  readonly file: string
  config(...args: string[]): Promise<Ran>
  text(): Promise<string>
}

async function place(text?: string): Promise<Place> {
  const dir: TempDir = await tempDir()
  const file = join(dir.path, 'breakwater.json')
  if (text !== undefined) await writeFile(file, text, { mode: 0o600 })
  return {
    file,
    config: (...args) => run(['config', ...args], { env: { BREAKWATER_STATE_DIR: dir.path } }),
    text: () => readFile(file, 'utf8'),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  }
}

test('one value is printed alone, for scripts', async () => {
  await using here = await place(TEXT)
  assert.equal((await here.config('get', 'gateway.port')).out, '19001\n')
  assert.equal((await here.config('get', 'gateway.bind')).out, 'loopback\n')
  assert.equal((await here.config('get', 'gateway.trustedProxies[1]')).out, '10.0.0.2\n')
  assert.equal((await here.config('get', 'agents.list[0].id')).out, 'main\n')
})

test('a value that is not set prints nothing and says so', async () => {
  await using here = await place()
  const ran = await here.config('get', 'gateway.tls.certPath')
  assert.deepEqual([ran.code, ran.out], [EXIT.ok, ''])
  assert.match(ran.err, /gateway\.tls\.certPath is not set/)
  const { value, isSet } = jsonOf(await here.config('get', 'gateway.tls.certPath', '--json'))
  assert.deepEqual([value, isSet], [null, false])
})

test('secrets are hidden, and shown to the owner of the file on demand', async () => {
  await using here = await place(TEXT)
  const all = await here.config('get')
  assert.ok(!all.out.includes(SECRET))
  const hidden = await here.config('get', 'gateway.auth.token')
  assert.equal(hidden.out, '__OPENCLAW_REDACTED__\n')
  assert.match(hidden.err, /--show-secrets/)
  assert.equal((await here.config('get', 'gateway.auth.token', '--show-secrets')).out, `${SECRET}\n`)
  const typed = await here.config('get', '--show-secrets', '--url', 'ws://127.0.0.1:1', '--token', 't')
  assert.equal(typed.code, EXIT.usage)
})

test('an unknown key is a failure that names what was meant', async () => {
  await using here = await place()
  const ran = await here.config('get', 'gateway.prot', '--json')
  assert.equal(ran.code, EXIT.failed)
  assert.equal(jsonOf(ran).error.code, 'CONFIG_PATH_UNKNOWN')
  assert.match(jsonOf(ran).error.message, /did you mean gateway\.port\?/)
  assert.equal((await here.config('get', 'a..b')).code, EXIT.usage)
})

test('a change keeps comments and everything else, and the file stays private', async () => {
  await using here = await place(TEXT)
  const ran = await here.config('set', 'gateway.port', '19002', '--json')
  assert.equal(ran.code, EXIT.ok, ran.out)
  assert.deepEqual(jsonOf(ran).changedPaths, ['gateway.port'])
  assert.equal(jsonOf(ran).effect, 'next-start')
  assert.equal(await here.text(), TEXT.replace('port: 19001', 'port: 19002'))
  assert.equal((await stat(here.file)).mode & 0o777, 0o600)
})

test('a first change makes the file, and unset takes the value out again', async () => {
  await using here = await place()
  assert.equal((await here.config('set', 'gateway.bind', 'lan')).code, EXIT.ok)
  assert.equal((await stat(here.file)).mode & 0o777, 0o600)
  assert.equal((await here.config('get', 'gateway.bind')).out, 'lan\n')
  assert.equal((await here.config('unset', 'gateway.bind')).code, EXIT.ok)
  assert.equal((await here.config('get', 'gateway.bind')).out, 'loopback\n')
  const again = await here.config('unset', 'gateway.bind', '--json')
  assert.deepEqual([again.code, jsonOf(again).isUnchanged], [EXIT.ok, true])
})

test('a value that does not fit changes nothing and names what is expected', async () => {
  await using here = await place(TEXT)
  const ran = await here.config('set', 'gateway.port', 'eighty', '--json')
  assert.equal(ran.code, EXIT.failed)
  const { error } = jsonOf(ran)
  assert.equal(error.code, 'CONFIG_INVALID')
  assert.match(error.message, /gateway\.port: expected an integer from 0 to 65535, got "eighty"/)
  assert.match(error.nextStep, /breakwater config schema gateway\.port/)
  assert.equal(await here.text(), TEXT)
})

test('a change that would open the gateway to everybody is refused', async () => {
  await using here = await place("{ gateway: { bind: 'lan' } }")
  const ran = await here.config('set', 'gateway.auth.mode', 'none')
  assert.equal(ran.code, EXIT.failed)
  assert.match(ran.err, /would let anybody/)
})

test('a secret of the environment counts when the result is judged, as it would at a start', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: dir.path }
  assert.equal((await run(['config', 'set', 'gateway.auth.mode', 'password'], { env })).code, EXIT.failed)
  const withPassword = { ...env, BREAKWATER_GATEWAY_PASSWORD: 'hunter2hunter2' }
  assert.equal((await run(['config', 'set', 'gateway.auth.mode', 'password'], { env: withPassword })).code, EXIT.ok)
})

test('a key nobody reads is kept with a warning, and null is no value', async () => {
  await using here = await place()
  const ran = await here.config('set', 'gateway.prot', '5')
  assert.equal(ran.code, EXIT.ok)
  assert.match(ran.err, /warning: gateway\.prot: unknown key, ignored \(did you mean gateway\.port\?\)/)
  assert.equal((await here.config('set', 'agents.x', 'null')).code, EXIT.usage)
})

test('validate names every problem with its path and exits 6', async () => {
  await using here = await place('{ gateway: { port: 99999, auth: { mode: "tokn" } }, nonsense: 1 }')
  const ran = await here.config('validate')
  assert.equal(ran.code, EXIT.configuration)
  assert.match(ran.out, /not valid: .*2 problems\n/)
  assert.match(ran.out, / {2}gateway\.port: expected an integer/)
  assert.match(ran.out, / {2}gateway\.auth\.mode: expected "token"/)
  const report = jsonOf(await here.config('validate', '--json'))
  assert.deepEqual([report.valid, report.issues.length, report.warnings.length], [false, 2, 1])
  assert.equal((await here.config('validate', `${here.file}.missing`)).code, EXIT.configuration)
})

test('a file nobody can parse is shown as what it is, and can be replaced value by value only after repair', async () => {
  await using here = await place('{ gateway: ')
  assert.equal((await here.config('validate')).code, EXIT.configuration)
  const ran = await here.config('set', 'gateway.port', '1')
  assert.equal(ran.code, EXIT.failed)
  assert.match(ran.err, /repair it or replace it/)
  assert.equal(await here.text(), '{ gateway: ')
})

test('a disk that cannot be written is named', {
  skip: process.getuid?.() === 0 ? 'root may write anywhere' : false,
}, async () => {
  await using here = await place(TEXT)
  const directory = join(here.file, '..')
  await chmod(directory, 0o500)
  const ran = await here.config('set', 'gateway.port', '19005', '--json')
  await chmod(directory, 0o700)
  assert.equal(jsonOf(ran).error.code, 'CONFIG_NOT_WRITTEN')
})

test('the schema shows every key in words, and one section as data', async () => {
  await using here = await place()
  const all = await here.config('schema')
  assert.match(
    all.out,
    /gateway\.port\n {2}TCP port\. 0: any free port\.\n {2}an integer from 0 to 65535; default 18789/,
  )
  assert.equal(jsonOf(await here.config('schema', '--json')).type, 'object')
  const tls = jsonOf(await here.config('schema', 'gateway.tls', '--json'))
  assert.deepEqual(
    tls.children.map(({ key }: { key: string }) => key),
    ['enabled', 'autoGenerate', 'certPath', 'keyPath', 'caPath'],
  )
  assert.equal((await here.config('schema', 'gateway.tsl')).code, EXIT.failed)
})
