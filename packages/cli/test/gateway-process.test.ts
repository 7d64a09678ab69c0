// `breakwater gateway` as a process of its own: what it prints, how it ends, why it does not start.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { spawnGateway, tempDir } from '@breakwater/testkit'
import { EXIT } from '../src/exit-codes.ts'
import { jsonOf, run } from './support/run.ts'

const BIN = fileURLToPath(new URL('../src/bin.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--conditions=source', BIN, 'gateway', ...args], {
    // The welcome names the command as its reader has to type it, which is another under `npm start`.
    env: { ...process.env, npm_lifecycle_event: undefined, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { out: '', err: '' }
  child.stdout.on('data', (chunk) => {
    written.out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    written.err += String(chunk)
  })
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...written }))
  // A test that fails before it ends its gateway must not leave it running.
  after(() => child.kill('SIGKILL'))
  return { child, written, ended }
}

/** Resolves when the text was printed on standard output; fails when the process ends before. */
async function printed({ child, written, ended }: ReturnType<typeof start>, pattern: RegExp): Promise<void> {
  while (!pattern.test(written.out)) {
    const over = await Promise.race([once(child.stdout, 'data').then(() => undefined), ended])
    if (over !== undefined) assert.fail(`ended with ${over.code}: ${over.out}${over.err}`)
  }
}

test('a first start says what to do next, keeps its token to itself, and stops cleanly on SIGTERM', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const token = 'first-start-token-0123456789'
  const gateway = start(['--allow-unconfigured', '--port', '0', '--token', token], env)
  await printed(gateway, /Ctrl-C stops it/)
  assert.match(gateway.written.out, /\[gateway\] ready \(url=ws:\/\/127\.0\.0\.1:\d+ pid=\d+ readyMs=\d+\)\n/)
  assert.match(gateway.written.out, /Next, in another terminal:\n {2}breakwater status/)
  const ran = await run(['health', '--json'], { env })
  assert.equal(jsonOf(ran).ok, true)
  gateway.child.kill('SIGTERM')
  const { code, out, err } = await gateway.ended
  assert.equal(code, EXIT.ok)
  assert.match(out, /\[gateway\] stopping \(signal=SIGTERM\)\n[\s\S]*\[gateway\] stopped\n$/)
  assert.ok(!`${out}${err}`.includes(token))
})

test('the generated token is private, and a second start keeps it and is quiet', async () => {
  await using dir = await tempDir()
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const first = start(['--allow-unconfigured', '--port', '0'], env)
  await printed(first, /Ctrl-C stops it/)
  first.child.kill('SIGINT')
  assert.equal((await first.ended).code, EXIT.ok)
  const token = await readFile(join(dir.path, 'token'), 'utf8')
  assert.equal((await stat(join(dir.path, 'token'))).mode & 0o777, 0o600)
  assert.ok(!first.written.out.includes(token.trim()))

  const second = start(['--allow-unconfigured', '--port', '0'], env)
  await printed(second, /\[gateway\] ready/)
  second.child.kill('SIGTERM')
  const { code, out } = await second.ended
  assert.equal(code, EXIT.ok)
  assert.doesNotMatch(out, /Next, in another terminal/)
  assert.equal(await readFile(join(dir.path, 'token'), 'utf8'), token)
})

test('with --json standard output holds one document, and the log goes to standard error', async () => {
  await using dir = await tempDir()
  const gateway = start(['--allow-unconfigured', '--port', '0', '--tls', '--json'], {
    BREAKWATER_STATE_DIR: dir.path,
  })
  await printed(gateway, /\n}\n$/)
  gateway.child.kill('SIGTERM')
  const { code, out, err } = await gateway.ended
  assert.equal(code, EXIT.ok)
  const facts = JSON.parse(out)
  assert.equal(facts.ready, true)
  assert.match(facts.url, /^wss:\/\/127\.0\.0\.1:\d+$/)
  assert.match(facts.tlsFingerprint, /^[0-9a-f]{64}$/)
  assert.equal(facts.tokenPath, join(dir.path, 'token'))
  assert.match(err, /\[gateway\] ready/)
})

test('readiness is announced however quiet the log is set', async () => {
  await using gateway = await spawnGateway({ config: '{ logging: { level: "error" } }' })
  assert.match(gateway.output(), /\[gateway\] ready \(url=ws:/)
})

test('without a configuration file it does not start', async () => {
  await using dir = await tempDir()
  const { code, err } = await start([], { BREAKWATER_STATE_DIR: dir.path }).ended
  assert.equal(code, EXIT.configuration)
  assert.match(err, /^error: there is no configuration file: .*breakwater\.json\nnext: .*--allow-unconfigured/)
})

test('a port in use is named with the way out', async () => {
  await using dir = await tempDir()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  try {
    const args = ['--allow-unconfigured', '--port', String(port), '--json']
    const { code, out } = await start(args, { BREAKWATER_STATE_DIR: dir.path }).ended
    assert.equal(code, EXIT.cannotStart)
    assert.equal(JSON.parse(out).error.code, 'PORT_IN_USE')
    assert.match(JSON.parse(out).error.nextStep, /--port/)
  } finally {
    server.close()
  }
})

test('a second gateway on the same state directory is refused, and the first goes on', async () => {
  await using gateway = await spawnGateway()
  const second = await start(['--allow-unconfigured', '--port', '0', '--json'], {
    BREAKWATER_STATE_DIR: gateway.stateDir,
  }).ended
  assert.equal(second.code, EXIT.cannotStart)
  const { error } = JSON.parse(second.out)
  assert.equal(error.code, 'STORE_OWNED')
  assert.ok(error.nextStep.includes(`kill ${gateway.pid}`), error.nextStep)
  const ran = await run(['health'], { env: { BREAKWATER_STATE_DIR: gateway.stateDir } })
  assert.equal(ran.code, EXIT.ok, ran.err)
})

test('open to the network without authentication is refused', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { auth: { mode: "none" } } }')
  const { code, err } = await start(['--bind', 'lan', '--port', '0'], { BREAKWATER_STATE_DIR: dir.path }).ended
  assert.equal(code, EXIT.configuration)
  assert.match(err, /gateway\.auth\.mode/)
})

test('a state directory of somebody else is named', {
  skip: process.getuid?.() === 0 ? 'root may write anywhere' : false,
}, async () => {
  await using dir = await tempDir()
  await chmod(dir.path, 0o500)
  const state = join(dir.path, 'state')
  const { code, err } = await start(['--allow-unconfigured', '--port', '0'], { BREAKWATER_STATE_DIR: state }).ended
  assert.equal(code, EXIT.cannotStart)
  assert.match(err, /next: Make .*state/)
})

test('a state directory that is a file is named', async () => {
  await using dir = await tempDir()
  const state = join(dir.path, 'state')
  await writeFile(state, '')
  const { code, err } = await start(['--allow-unconfigured', '--port', '0'], { BREAKWATER_STATE_DIR: state }).ended
  assert.equal(code, EXIT.cannotStart)
  assert.match(err, /next: .*is not a directory/)
})
