// Who speaks the wrong language at a port: plain text to TLS, TLS to plain text, half a greeting, garbage. Nobody waits
// longer than the deadline, nobody else notices.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { startTestGateway } from '@breakwater/testkit'
import { upgradeRequest, WireAttempt } from '../wire-attempt.ts'
import { assertHttpRefusal, assertUnharmed, dialTls, exchange } from './unharmed.ts'

const TLS = { autoGenerate: true }

test('plain HTTP to a TLS port is told, in plain HTTP, what is spoken there', async () => {
  await using gateway = await startTestGateway({ tls: TLS })
  for (const request of ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', upgradeRequest(gateway.port)]) {
    assertHttpRefusal(await exchange(gateway.port, request), {
      status: 400,
      type: 'tls_required',
      message: /TLS/,
      nextStep: /wss:\/\/ or https:\/\//,
    })
  }
  await assertUnharmed(gateway)
})

test('garbage to a TLS port is let go at once', async () => {
  await using gateway = await startTestGateway({ tls: TLS })
  for (const bytes of [Buffer.alloc(64), Buffer.alloc(64, 0xff), Buffer.from('\x00EHLO mail.example\r\n')]) {
    const startedAt = performance.now()
    using attempt = await WireAttempt.dial(gateway.port)
    attempt.send(bytes)
    await attempt.until(() => false, 5_000)
    assert.ok(attempt.isEnded && performance.now() - startedAt < 2_000, `${bytes.toString('hex')} is still held`)
  }
  await assertUnharmed(gateway)
})

test('TLS to a plain port ends in an error of the client, not in a wait', async () => {
  await using gateway = await startTestGateway()
  const client = connectTls({ port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false })
  const [error] = await once(client, 'error')
  assert.match(error.code, /^(ERR_SSL_|ECONNRESET|EPROTO)/)
  await assertUnharmed(gateway)
})

test('half a TLS greeting is cut at the deadline of that leg', async () => {
  await using gateway = await startTestGateway({ tls: TLS, handshake: { localMs: 400, remoteMs: 400 } })
  for (const start of ['', '16030100c8', '16030100c8010000c40303']) {
    const socket = connect(gateway.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    const startedAt = performance.now()
    socket.write(Buffer.from(start, 'hex'))
    await once(socket, 'close')
    const tookMs = performance.now() - startedAt
    assert.ok(tookMs >= 350 && tookMs < 1_500, `cut after ${Math.round(tookMs)} ms`)
  }
  assert.equal(gateway.lines.filter((line) => line.includes('handshake timeout (tls, 400 ms)')).length >= 3, true)
  await assertUnharmed(gateway)
})

test('a version of TLS that is no longer safe is turned down', async () => {
  await using gateway = await startTestGateway({ tls: TLS })
  const client = connectTls({
    port: gateway.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  const [error] = await once(client, 'error')
  assert.match(String(error), /version|handshake|alert/i)
  await assertUnharmed(gateway)
})

test('inside TLS the refusals are the same', async () => {
  await using gateway = await startTestGateway({ tls: TLS })
  using attempt = await dialTls(gateway.port)
  attempt.send(upgradeRequest(gateway.port, { 'X-Forwarded-For': '203.0.113.7' }))
  assertHttpRefusal(await attempt.until(() => attempt.isEnded, 5_000), {
    status: 403,
    type: 'proxy_attribution_required',
    message: /proxy/,
    nextStep: /trustedProxies/,
  })
  await assertUnharmed(gateway)
})
