// The client commands against a gateway that runs: results, shapes, exit codes.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'
import { EXIT } from '../src/exit-codes.ts'
import { jsonOf, run } from './support/run.ts'

test('status says that all is well, over the socket of the owner', async () => {
  await using fixture = await startTestGateway()
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const ran = await run(['status', '--json'], { env })
  assert.equal(ran.code, EXIT.ok, ran.err)
  const status = jsonOf(ran)
  assert.equal(status.reachable, true)
  assert.equal(status.url, `unix:${join(fixture.stateDir, 'run', 'gateway.sock')}`)
  assert.equal(status.version, '0.0.0-test')
  assert.deepEqual(status.auth, {
    mode: 'token',
    method: 'none',
    credentialFrom: 'owner socket, no secret needed',
  })
  assert.equal(status.pid, process.pid)
  assert.equal(status.stateDir, fixture.stateDir)
  assert.deepEqual(status.clients, [])
  assert.equal(status.sessionCount, 0)
  assert.equal(typeof status.eventLoop.delayP99Ms, 'number')
  assert.equal(typeof status.uptimeMs, 'number')
  assert.equal(typeof status.limits, 'object')
  const text = await run(['status'], { env })
  assert.match(text.out, /^The gateway \(0\.0\.0-test\) is running/)
})

test('status over TCP asks for the right to read only and is not told where files lie', async () => {
  await using fixture = await startTestGateway({ unixSocket: false })
  const ran = await run(['status', '--url', fixture.url, '--token', TEST_TOKEN, '--json'])
  assert.equal(ran.code, EXIT.ok, ran.out)
  const status = jsonOf(ran)
  assert.equal(status.auth.method, 'token')
  assert.equal(status.auth.credentialFrom, 'command line')
  assert.equal(status.stateDir, undefined)
})

test('health is one answer with the time it took', async () => {
  await using fixture = await startTestGateway()
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const ran = await run(['health', '--json'], { env })
  assert.equal(ran.code, EXIT.ok, ran.err)
  const health = jsonOf(ran)
  assert.equal(health.ok, true)
  assert.equal(health.health.ok, true)
  assert.equal(typeof health.connectMs, 'number')
  assert.equal(typeof health.requestMs, 'number')
  assert.match((await run(['health'], { env })).out, /^The gateway \(0\.0\.0-test\) is healthy\.\n/)
})

test('health reads the port from the configuration and the token from the environment when there is no socket', async () => {
  await using fixture = await startTestGateway({ unixSocket: false })
  await using elsewhere = await tempDir()
  await writeFile(join(elsewhere.path, 'breakwater.json'), `{ gateway: { port: ${fixture.port} } }`)
  const env = { BREAKWATER_STATE_DIR: elsewhere.path, BREAKWATER_GATEWAY_TOKEN: TEST_TOKEN }
  const ran = await run(['health', '--json'], { env })
  assert.equal(ran.code, EXIT.ok, ran.out)
  assert.equal(jsonOf(ran).url, `ws://127.0.0.1:${fixture.port}`)
})

test('a socket nobody listens on any more is passed over', async () => {
  await using fixture = await startTestGateway({ unixSocket: false })
  await using elsewhere = await tempDir()
  await writeFile(join(elsewhere.path, 'breakwater.json'), `{ gateway: { port: ${fixture.port} } }`)
  const dead = await startTestGateway({ stateDir: elsewhere.path })
  await dead.gateway.stop()
  const env = { BREAKWATER_STATE_DIR: elsewhere.path, BREAKWATER_GATEWAY_TOKEN: TEST_TOKEN }
  const ran = await run(['health', '--json'], { env })
  assert.equal(ran.code, EXIT.ok, ran.out)
})

test('call prints the answer, with the least scope the method needs', async () => {
  await using fixture = await startTestGateway()
  const base = ['--url', fixture.url, '--token', TEST_TOKEN]
  const listed = await run(['call', 'sessions.list', '--params', '{"limit":5}', ...base])
  assert.equal(listed.code, EXIT.ok, listed.err)
  assert.equal(typeof jsonOf(listed), 'object')
  const connects = fixture.lines.filter((line) => line.startsWith('[ws] connect'))
  assert.equal(connects.length, 1)
})

test('call shows what the gateway refuses, with its code', async () => {
  await using fixture = await startTestGateway()
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const unknown = await run(['call', 'no.such.method', '--json'], { env })
  assert.equal(unknown.code, EXIT.failed)
  assert.equal(jsonOf(unknown).error.code, 'INVALID_REQUEST')
  const invalid = await run(['call', 'sessions.list', '--params', '{"limit":"many"}', '--json'], { env })
  assert.equal(invalid.code, EXIT.failed)
  assert.match(jsonOf(invalid).error.message, /limit/)
})

test('a wrong token is a refusal with its code, whether retrying helps, and what to do', async () => {
  await using fixture = await startTestGateway()
  const ran = await run(['status', '--url', fixture.url, '--token', 'wrong', '--json'])
  assert.equal(ran.code, EXIT.refused)
  const { error } = jsonOf(ran)
  assert.equal(error.code, 'AUTH_TOKEN_MISMATCH')
  assert.equal(error.retryable, false)
  assert.equal(error.nextCommand, 'breakwater token show')
})

test('where no gateway runs, every address that was tried is named', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { port: 1 } }')
  const ran = await run(['status', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } })
  assert.equal(ran.code, EXIT.unreachable)
  const { error } = jsonOf(ran)
  assert.equal(error.code, 'CONNECT_FAILED')
  assert.match(error.message, /ws:\/\/127\.0\.0\.1:1\b/)
  assert.match(error.nextStep, /^breakwater gateway/)
})

test('somebody who accepts and says nothing is given up on in time', async () => {
  const silent = createServer().listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  try {
    const startedAt = performance.now()
    const args = ['health', '--url', `ws://127.0.0.1:${port}`, '--token', 't', '--timeout', '300', '--json']
    const ran = await run(args)
    assert.equal(ran.code, EXIT.unreachable)
    assert.equal(jsonOf(ran).error.code, 'CONNECT_TIMEOUT')
    assert.ok(performance.now() - startedAt >= 300)
  } finally {
    silent.close()
  }
})

test('probe tries the socket and the port the gateway really listens on, and times each leg', async () => {
  await using fixture = await startTestGateway({ auth: { mode: 'token', token: undefined } })
  const ran = await run(['probe', '--json'], { env: { BREAKWATER_STATE_DIR: fixture.stateDir } })
  assert.equal(ran.code, EXIT.ok, ran.out)
  const { targets } = jsonOf(ran)
  assert.deepEqual(
    targets.map(({ kind, url, ok }: { kind: string; url: string; ok: boolean }) => [kind, url, ok]),
    [
      ['owner-socket', `unix:${join(fixture.stateDir, 'run', 'gateway.sock')}`, true],
      ['tcp', fixture.url, true],
    ],
  )
  for (const { legs, server } of targets) {
    assert.deepEqual(Object.keys(legs), ['openMs', 'challengeMs', 'helloMs', 'healthMs'])
    assert.equal(server.protocol, 4)
  }
})

test('probe of a typed address needs no secret and shows the verdict', async () => {
  await using fixture = await startTestGateway()
  const ran = await run(['probe', '--url', fixture.url, '--json'])
  assert.equal(ran.code, EXIT.refused)
  const [target] = jsonOf(ran).targets
  assert.equal(target.ok, false)
  assert.ok(target.legs.challengeMs !== undefined)
  assert.equal(typeof target.error.code, 'string')
  assert.equal(target.error.nextCommand, 'breakwater token show')
  assert.equal(target.error.exitCode, undefined)
})

test('token show prints the token and nothing else; a person is warned besides', async () => {
  await using fixture = await startTestGateway({ auth: { mode: 'token', token: undefined } })
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const piped = await run(['token', 'show'], { env })
  assert.match(piped.out, /^[A-Za-z0-9_-]{43}\n$/)
  assert.equal(piped.err, '')
  const watched = await run(['token', 'show'], { env, isTty: true })
  assert.equal(watched.out, piped.out)
  assert.match(watched.err, /do not share it/)
})

test('token rotate replaces the token of the running gateway and closes what the old one let in', async () => {
  await using fixture = await startTestGateway({ auth: { mode: 'token', token: undefined } })
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const oldToken = (await run(['token', 'show'], { env })).out.trim()
  const ran = await run(['token', 'rotate', '--json'], { env })
  assert.equal(ran.code, EXIT.ok, ran.out)
  assert.deepEqual(jsonOf(ran), { rotated: true, place: join(fixture.stateDir, 'token'), gateway: 'replaced' })
  assert.ok(!ran.out.includes(oldToken))
  const newToken = (await run(['token', 'show'], { env })).out.trim()
  assert.notEqual(newToken, oldToken)
  const health = (token: string) => run(['health', '--url', fixture.url, '--token', token, '--json'])
  assert.equal((await health(oldToken)).code, EXIT.refused)
  assert.equal((await health(newToken)).code, EXIT.ok)
})

test('token rotate without a gateway changes the file for the next start', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { port: 1 } }')
  await writeFile(join(dir.path, 'token'), 'old\n', { mode: 0o600 })
  const ran = await run(['token', 'rotate', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } })
  assert.equal(ran.code, EXIT.ok, ran.out)
  assert.equal(jsonOf(ran).gateway, 'not-running')
})

test('token rotate does not touch a gateway that was given its token, and says so', async () => {
  await using fixture = await startTestGateway()
  await writeFile(join(fixture.stateDir, 'token'), 'left over\n', { mode: 0o600 })
  const ran = await run(['token', 'rotate', '--json'], { env: { BREAKWATER_STATE_DIR: fixture.stateDir } })
  assert.equal(ran.code, EXIT.failed)
  assert.equal(jsonOf(ran).gateway, 'unchanged')
})

test('a token set in the configuration is changed there', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { auth: { token: "mine" } } }')
  const ran = await run(['token', 'rotate', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } })
  assert.equal(ran.code, EXIT.failed)
  assert.equal(jsonOf(ran).error.code, 'TOKEN_NOT_GENERATED')
})

test('over TLS the certificate on disk is pinned without a question, and a wrong pin is refused', async () => {
  await using fixture = await startTestGateway({ tls: { autoGenerate: true }, unixSocket: false })
  await writeFile(
    join(fixture.stateDir, 'breakwater.json'),
    `{ gateway: { port: ${fixture.port}, tls: { enabled: true }, auth: { token: "${TEST_TOKEN}" } } }`,
  )
  const env = { BREAKWATER_STATE_DIR: fixture.stateDir }
  const pinned = await run(['health', '--json'], { env })
  assert.equal(pinned.code, EXIT.ok, pinned.out)
  assert.equal(jsonOf(pinned).url, `wss://127.0.0.1:${fixture.port}`)
  const wrong = await run(['health', '--json', '--tls-fingerprint', 'ab'.repeat(32)], { env })
  assert.equal(wrong.code, EXIT.unreachable)
  assert.equal(jsonOf(wrong).error.code, 'TLS_PIN_MISMATCH')
  const unknown = await run(['health', '--json', '--url', fixture.url, '--token', TEST_TOKEN])
  assert.equal(jsonOf(unknown).error.code, 'TLS_UNTRUSTED')
})
