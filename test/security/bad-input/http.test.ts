// HTTP that is wrong, hostile or not HTTP at all: each is answered with a status, a machine-readable type, a sentence and
// what to do next, before anything is upgraded; and the gateway is unharmed afterwards.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { cliConnect, connectRaw, RawClient, startTestGateway, TEST_TOKEN } from '@breakwater/testkit'
import { upgradeRequest, WireAttempt } from '../wire-attempt.ts'
import { assertHttpRefusal, assertUnharmed, assertWireError, exchange } from './unharmed.ts'

const HOST_NOT_ALLOWED = {
  status: 403,
  type: 'host_not_allowed',
  message: /host name it does not answer to/,
  nextStep: /localhost or 127\.0\.0\.1/,
}
const NOT_HTTP = { status: 400, type: 'invalid_http_request', message: /not an HTTP request/ }

test('a page under a rebound host name is refused, at the upgrade and over plain HTTP', async () => {
  await using gateway = await startTestGateway()
  const { port } = gateway
  const rebound = { Host: `rebound.example:${port}`, Origin: `http://rebound.example:${port}` }
  assertHttpRefusal(await exchange(port, upgradeRequest(port, rebound)), HOST_NOT_ALLOWED)
  for (const path of ['/', '/readyz']) {
    const answer = await exchange(port, `GET ${path} HTTP/1.1\r\nHost: rebound.example:${port}\r\n\r\n`)
    assertHttpRefusal(answer, HOST_NOT_ALLOWED)
  }
  await assertUnharmed(gateway)
})

test('a foreign Host without a page behind it connects, but not as a caller on this machine', async () => {
  await using gateway = await startTestGateway()
  const headers = { Host: 'gateway.example' }
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN), { headers })
  const hello = client.frames.find(({ type }) => type === 'res')
  assert.deepEqual(hello?.payload.auth.scopes, [])
  await assertUnharmed(gateway)
})

test('a page of another origin is told so in full, whatever it knows', async () => {
  await using gateway = await startTestGateway()
  for (const origin of ['https://evil.example', 'null', `http://localhost.evil.example:${gateway.port}`, 'file://']) {
    await using page = await RawClient.open(gateway.url, { headers: { Origin: origin } })
    const refused = await page.connect(() => cliConnect(TEST_TOKEN))
    assertWireError(refused.error, {
      code: 'INVALID_REQUEST',
      detailCode: 'CONTROL_UI_ORIGIN_NOT_ALLOWED',
      message: /^origin not allowed/,
      recovery: 'fix-request',
      retryable: false,
      nextCommand: /^breakwater config set gateway\.controlUi\.allowedOrigins /,
    })
    assert.match((await page.closed).reason, /^origin not allowed/)
    assert.equal((await page.closed).code, 1008)
  }
  await assertUnharmed(gateway)
})

for (const [name, value] of [
  ['X-Forwarded-For', '203.0.113.7'],
  ['X-Forwarded-For', ''],
  ['X-Forwarded-Proto', 'https'],
  ['x-forwarded-whatever', '1'],
  ['Forwarded', 'for=127.0.0.1'],
  ['X-Real-IP', '127.0.0.1'],
  ['Tailscale-User-Login', 'me@example.com'],
] as const) {
  test(`${name}: ${value || '(empty)'} of a peer nobody trusts is refused, at the upgrade and over plain HTTP`, async () => {
    await using gateway = await startTestGateway()
    const { port } = gateway
    const expected = {
      status: 403,
      type: 'proxy_attribution_required',
      message: /carries proxy headers, but it does not come from a proxy this gateway trusts/,
      nextStep: /gateway\.trustedProxies/,
    }
    assertHttpRefusal(await exchange(port, upgradeRequest(port, { [name]: value })), expected)
    const request = `GET /readyz HTTP/1.1\r\nHost: localhost\r\n${name}: ${value}\r\n\r\n`
    assertHttpRefusal(await exchange(port, request), expected)
    await assertUnharmed(gateway)
  })
}

for (const [what, bytes] of [
  ['nothing an HTTP parser knows', 'EHLO mail.example\r\n\r\n'],
  ['a TLS greeting', Buffer.from('16030100c8010000c403037a', 'hex')],
  ['an SSH greeting', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  [
    'a length and chunks',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['a broken header line', 'GET / HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n'],
  ['a header with a NUL', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n'],
  ['bare random bytes', Buffer.from(Array.from({ length: 512 }, (_, index) => (index * 197 + 13) % 256))],
] as const) {
  test(`${what} instead of HTTP is answered as no HTTP request`, async () => {
    await using gateway = await startTestGateway()
    assertHttpRefusal(await exchange(gateway.port, bytes), NOT_HTTP)
    await assertUnharmed(gateway)
  })
}

test('headers over 16 KiB are refused with their limit', async () => {
  await using gateway = await startTestGateway()
  const expected = { status: 431, type: 'headers_too_large', message: /16384 bytes/ }
  for (const bulk of [
    { Cookie: 'x'.repeat(20_000) },
    Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`X-${at}`, 'y'.repeat(20)])),
  ]) {
    assertHttpRefusal(await exchange(gateway.port, upgradeRequest(gateway.port, bulk)), expected)
  }
  await assertUnharmed(gateway)
})

test('headers that never end are cut at the deadline, with the leg, its time and when to return', async () => {
  await using gateway = await startTestGateway({ handshake: { localMs: 400, remoteMs: 400 } })
  for (const start of ['', 'GET / HTTP/1.1\r\n', upgradeRequest(gateway.port).slice(0, -4)]) {
    const startedAt = performance.now()
    const answer = await exchange(gateway.port, start)
    const tookMs = performance.now() - startedAt
    assertHttpRefusal(answer, {
      status: 408,
      type: 'handshake_timeout',
      message: /^handshake timeout \(upgrade, 400 ms\)$/,
      retryAfter: '1',
    })
    assert.ok(tookMs >= 350 && tookMs < 1_500, `cut after ${Math.round(tookMs)} ms`)
  }
  await assertUnharmed(gateway)
})

test('a second request on one connection is not served, whether it waits for its turn or not', async () => {
  await using gateway = await startTestGateway()
  const { port } = gateway
  const get = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'
  for (const second of [get.repeat(100), upgradeRequest(port), 'EHLO mail.example\r\n\r\n']) {
    const { http } = await exchange(port, get + second)
    assert.equal(http?.status, 200)
    assert.match(http.head, /\r\nConnection: close/i)
    assert.equal(http.body, '{"ok":true,"status":"live"}')
  }
  await assertUnharmed(gateway)
})

test('CONNECT, unknown methods and bodies are turned down without reading them', async () => {
  await using gateway = await startTestGateway()
  const { port } = gateway
  const refused = { status: 405, type: 'method_not_allowed' }
  assertHttpRefusal(await exchange(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n'), {
    ...refused,
    message: /not a proxy/,
  })
  using upload = await WireAttempt.dial(port)
  upload.send('POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n')
  const startedAt = performance.now()
  const answer = await upload.until(() => upload.isEnded, 5_000)
  assert.equal(answer.http?.status, 405)
  assert.match(answer.http.head, /\r\nallow: GET, HEAD/i)
  assert.equal(JSON.parse(answer.http.body).error.type, 'method_not_allowed')
  assert.ok(upload.isEnded && performance.now() - startedAt < 2_000, 'waits for a body nobody reads')
  await assertUnharmed(gateway)
})

test('an upgrade that is not a WebSocket handshake names what is wrong with it', async () => {
  await using gateway = await startTestGateway()
  const { port } = gateway
  const invalid = { status: 400, type: 'invalid_websocket_handshake' }
  assertHttpRefusal(await exchange(port, upgradeRequest(port, { 'Sec-WebSocket-Key': 'short' })), {
    ...invalid,
    message: /Sec-WebSocket-Key/,
  })
  assertHttpRefusal(await exchange(port, upgradeRequest(port, { Upgrade: 'h2c' })), { ...invalid, message: /Upgrade/ })
  const wrongVersion = await exchange(port, upgradeRequest(port, { 'Sec-WebSocket-Version': '7' }))
  assertHttpRefusal(wrongVersion, { ...invalid, status: 426, message: /Sec-WebSocket-Version/ })
  assert.match(
    wrongVersion.http?.head ?? '',
    /\r\nSec-WebSocket-Version: 13/i,
    'names the version it speaks (RFC 6455, 4.4)',
  )
  const post = upgradeRequest(port).replace('GET', 'POST')
  assertHttpRefusal(await exchange(port, post), { ...invalid, message: /method/i })
  await assertUnharmed(gateway)
})

test('a byte at a time, a request still is a request', async () => {
  await using gateway = await startTestGateway()
  using attempt = await WireAttempt.dial(gateway.port)
  for (const byte of 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n') {
    attempt.send(byte)
    await sleep(1)
  }
  const { http } = await attempt.until(() => attempt.isEnded, 5_000)
  assert.equal(http?.status, 200)
  await assertUnharmed(gateway)
})
