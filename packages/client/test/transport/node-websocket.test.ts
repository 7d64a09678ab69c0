import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { ClientError } from '../../src/errors.ts'
import { connectOnce, type NodeConnectOnceOptions } from '../../src/node.ts'
import { parseRetryAfter } from '../../src/transport/upgrade-rejection.ts'
import { CLIENT } from '../support/builders.ts'
import { makeCertificate } from '../support/certificate.ts'
import { StandInGateway } from '../support/stand-in-gateway.ts'

const ours = makeCertificate()
const theirs = makeCertificate()

const failure = async (options: Omit<NodeConnectOnceOptions, 'client'>): Promise<ClientError> => {
  try {
    const connection = await connectOnce({ client: CLIENT, ...options })
    await connection.close()
  } catch (error) {
    assert.ok(ClientError.is(error), String(error))
    return error
  }
  throw new Error('expected the connection to fail')
}

test('a pinned certificate is accepted although nobody signed it and its name is another', async () => {
  await using gateway = await StandInGateway.start({ tls: ours })
  for (const tlsPin of [ours.fingerprint, `sha256:${ours.fingerprint.replaceAll(':', '').toLowerCase()}`]) {
    await using connection = await connectOnce({ url: gateway.url, client: CLIENT, tlsPin })
    assert.deepEqual(await connection.call('echo', { a: 1 }), { echo: { a: 1 } })
  }
})

/** A tap in front of a TLS server that keeps what the client writes, to be judged record by record. */
const tapped = async (version: 'TLSv1.2' | 'TLSv1.3') => {
  const decrypted: Buffer[] = []
  const written: Buffer[] = []
  const options = { key: theirs.key, cert: theirs.cert, minVersion: version, maxVersion: version }
  const server = createTlsServer(options, (socket) => {
    socket.on('data', (chunk) => decrypted.push(chunk))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const tap = createTcpServer((client) => {
    const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('data', (chunk) => written.push(chunk))
    client.on('error', () => upstream.destroy()).on('close', () => upstream.end())
    upstream.on('error', () => client.destroy())
    client.pipe(upstream).pipe(client)
  })
  tap.listen(0, '127.0.0.1')
  await once(tap, 'listening')
  const port = (tap.address() as AddressInfo).port
  const close = async (): Promise<void> => {
    await new Promise((resolve) => tap.close(resolve))
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `wss://127.0.0.1:${port}`, decrypted, written, close }
}

const APPLICATION_DATA = 23

/** Sizes of the TLS records of type application data. TLS 1.3 disguises the end of its handshake as one. */
function applicationRecords(stream: Buffer): number[] {
  const sizes: number[] = []
  for (let at = 0; at + 5 <= stream.length; at += 5 + stream.readUInt16BE(at + 3)) {
    if (stream[at] === APPLICATION_DATA) sizes.push(stream.readUInt16BE(at + 3))
  }
  return sizes
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a certificate that is not the pinned one gets a handshake and not one byte of the upgrade`, async () => {
    const server = await tapped(version)
    const error = await failure({
      url: server.url,
      tlsPin: ours.fingerprint,
      credentials: { token: 'must never leave' },
      headers: { 'x-edge-auth': 'must never leave either' },
    })
    await server.close()
    assert.equal(error.code, 'TLS_PIN_MISMATCH')
    assert.match(error.message, /^gateway tls fingerprint mismatch/)
    assert.equal(Buffer.concat(server.decrypted).length, 0)
    const stream = Buffer.concat(server.written)
    assert.ok(stream.length > 100, 'a handshake did happen')
    const records = applicationRecords(stream)
    // The finished message of TLS 1.3 is far below the size of any upgrade request.
    assert.ok(records.length <= (version === 'TLSv1.3' ? 1 : 0) && records.every((size) => size < 100), String(records))
  })
}

test('the tap does see the upgrade when the pin matches', async () => {
  const server = await tapped('TLSv1.2')
  const failing = failure({ url: server.url, tlsPin: theirs.fingerprint, openTimeoutMs: 500 })
  assert.equal((await failing).phase, 'open')
  await server.close()
  assert.match(Buffer.concat(server.decrypted).toString(), /^GET \/ HTTP\/1\.1/)
  assert.equal(applicationRecords(Buffer.concat(server.written)).length >= 1, true)
})

test('without a pin an unknown certificate is refused with the way out', async () => {
  await using gateway = await StandInGateway.start({ tls: ours })
  const error = await failure({ url: gateway.url })
  assert.equal(error.code, 'TLS_UNTRUSTED')
  assert.match(error.message, /pin the certificate/)
  assert.equal(gateway.connects.length, 0)
})

test('a pin or extra headers on a plain URL contradict each other before any I/O', async () => {
  const url = 'ws://127.0.0.1:1'
  assert.equal((await failure({ url, tlsPin: ours.fingerprint })).code, 'INVALID_OPTIONS')
  assert.equal((await failure({ url, headers: { authorization: 'x' } })).code, 'INVALID_OPTIONS')
  assert.equal((await failure({ url: 'wss://127.0.0.1:1', tlsPin: 'short' })).code, 'INVALID_OPTIONS')
})

test('a Unix socket carries the same protocol', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'breakwater-socket-'))
  const path = join(directory.path, 'gateway:1.sock')
  await using gateway = await StandInGateway.start({ path })
  await using connection = await connectOnce({ url: `unix:${path}`, client: CLIENT })
  assert.deepEqual(await connection.call('echo'), { echo: null })
  assert.equal(gateway.connects.length, 1)
})

test('a missing listener, a missing socket file and a TLS mix-up say what they look like', async () => {
  const server = createTcpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const refused = await failure({ url: `ws://127.0.0.1:${port}` })
  assert.equal(refused.code, 'CONNECT_FAILED')
  assert.match(refused.message, /ECONNREFUSED: nothing listens there/)
  const missing = await failure({ url: 'unix:/nonexistent/gateway.sock' })
  assert.match(missing.message, /ENOENT: no such socket/)
  await using gateway = await StandInGateway.start()
  const mixedUp = await failure({ url: `wss://127.0.0.1:${gateway.port}` })
  assert.equal(mixedUp.code, 'CONNECT_FAILED')
  assert.match(mixedUp.message, /TLS failed/)
})

/** Answers every upgrade with raw bytes and leaves the connection as it is. */
const answering = async (bytes: string) => {
  const sockets: Duplex[] = []
  const server = createServer().on('upgrade', (_, socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(bytes)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const http = (status: string, body: string, headers = ''): string =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}Connection: close\r\n\r\n${body}`

test('a rejected upgrade carries status, type, message and when to come back', async () => {
  const body = JSON.stringify({ error: { type: 'proxy_attribution_required', message: 'say who\u001b[1m asks' } })
  await using server = await answering(http('403 Forbidden', body, 'Retry-After: 7\r\n'))
  const error = await failure({ url: server.url })
  assert.equal(error.code, 'UPGRADE_REJECTED')
  assert.deepEqual(error.upgrade, {
    httpStatus: 403,
    type: 'proxy_attribution_required',
    message: 'say who [1m asks',
    retryAfterMs: 7_000,
  })
  assert.equal(error.retryAfterMs, 7_000)
})

test('a plain text refusal becomes the message, an HTML page does not', async () => {
  await using plain = await answering(http('503 Service Unavailable', 'Too many unauthenticated sockets'))
  assert.equal((await failure({ url: plain.url })).upgrade?.message, 'Too many unauthenticated sockets')
  await using page = await answering(http('404 Not Found', '<html>no</html>'))
  assert.deepEqual((await failure({ url: page.url })).upgrade, { httpStatus: 404 })
})

test('redirects are reported without their secrets and never followed', async () => {
  await using server = await answering(http('302 Found', '', 'Location: https://u:p@other.example/login?token=s\r\n'))
  const error = await failure({ url: server.url })
  assert.equal(error.upgrade?.location, 'https://other.example/login')
})

test('the body of a refusal is read up to 2,048 bytes and for one second at most', async () => {
  await using endless = await answering(`HTTP/1.1 500 Oops\r\nContent-Length: 10000000\r\n\r\n${'x'.repeat(100_000)}`)
  const startedLongAt = performance.now()
  const long = await failure({ url: endless.url })
  assert.ok(performance.now() - startedLongAt < 900, 'enough was read long before the second was over')
  assert.equal(long.upgrade?.httpStatus, 500)
  assert.equal(long.upgrade?.message?.length, 512)
  await using stuck = await answering('HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\npartial')
  const startedAt = performance.now()
  const slow = await failure({ url: stuck.url })
  assert.equal(slow.upgrade?.message, 'partial')
  assert.ok(performance.now() - startedAt < 5_000)
})

test('Retry-After is read as seconds or as a date', () => {
  assert.equal(parseRetryAfter('2', 0), 2_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:05 GMT', 1_000), 4_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 1_000), 0)
  for (const header of [undefined, '', 'soon', '-1 s']) assert.equal(parseRetryAfter(header, 0), undefined)
})

test('a server that accepts and never speaks ends in a timeout of the phase it is stuck in', async () => {
  const server = createTcpServer((socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const stuck = await failure({ url: `ws://127.0.0.1:${port}`, openTimeoutMs: 250 })
  assert.deepEqual([stuck.code, stuck.phase], ['CONNECT_TIMEOUT', 'open'])
  const stuckTls = await failure({ url: `wss://127.0.0.1:${port}`, openTimeoutMs: 250, tlsPin: ours.fingerprint })
  assert.deepEqual([stuckTls.code, stuckTls.phase], ['CONNECT_TIMEOUT', 'open'])
  server.close()
})
