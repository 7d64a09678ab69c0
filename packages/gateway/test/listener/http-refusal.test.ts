import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import { type HttpRefusal, refusalBody, refusalHeaders, refuseOnSocket } from '../../src/listener/http-refusal.ts'

const REFUSAL: HttpRefusal = {
  status: 503,
  type: 'too_many_connections',
  message: 'Zu viele Verbindungen – später wiederkommen.',
  retryAfterSeconds: 2,
  nextStep: 'Wait.',
}

/** A socket whose written side can be read. */
function fakeSocket(): { socket: Duplex; written: Promise<string> } {
  const out = new PassThrough()
  const socket = new Duplex({
    read() {},
    write: (chunk, _, done) => out.write(chunk, done),
    final: (done) => {
      out.end()
      done()
    },
  })
  const written = (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of out) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  })()
  return { socket, written }
}

describe('a refusal before the upgrade', () => {
  test('is JSON with a type, a sentence and what to do, and says when to come back', async () => {
    const { socket, written } = fakeSocket()
    refuseOnSocket(socket, REFUSAL)
    const [head = '', body = ''] = (await written).split('\r\n\r\n')
    assert.deepEqual(JSON.parse(body), {
      error: { type: REFUSAL.type, message: REFUSAL.message, nextStep: 'Wait.' },
    })
    const [status, ...lines] = head.split('\r\n')
    assert.equal(status, 'HTTP/1.1 503 Service Unavailable')
    const headers = Object.fromEntries(lines.map((line) => line.split(': ')))
    assert.equal(headers['Content-Length'], String(Buffer.byteLength(body)), 'in bytes, not characters')
    assert.deepEqual([headers['Retry-After'], headers.Connection, headers['Cache-Control']], ['2', 'close', 'no-store'])
  })

  test('ends the socket once it is written', async () => {
    const { socket, written } = fakeSocket()
    refuseOnSocket(socket, REFUSAL)
    await Promise.all([written, once(socket, 'close')])
    assert.ok(socket.destroyed)
  })

  test('just cuts a socket that takes nothing any more', () => {
    const { socket } = fakeSocket()
    socket.end()
    refuseOnSocket(socket, REFUSAL)
    assert.ok(socket.destroyed)
  })

  test('leaves out what it does not know', () => {
    const bare: HttpRefusal = { status: 403, type: 'x', message: 'y' }
    assert.deepEqual(JSON.parse(refusalBody(bare)), { error: { type: 'x', message: 'y' } })
    assert.ok(!('Retry-After' in refusalHeaders(bare)))
  })

  test('of a request that should have been an upgrade names the protocol', () => {
    assert.equal(refusalHeaders({ status: 426, type: 'x', message: 'y' }).Upgrade, 'websocket')
  })
})
