// Sockets that connect and vanish, at each leg of the way in and after it, all at once: afterwards the gateway holds what
// it held before, the next client is served at once, and the log has not grown with every one of them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { cliConnect, spawnGateway, TEST_TOKEN } from '@breakwater/testkit'
import { upgradeRequest, wireFrame } from '../wire-attempt.ts'
import { assertUnharmed, countDescriptors } from './unharmed.ts'

const SOCKETS = 200
const SETTLE_MS = 10_000
/** Lines of one leg in the log: ten records of each cause, and a little for other causes. */
const MAX_LINES = 60
const CONNECT = wireFrame(JSON.stringify({ type: 'req', id: 'c', method: 'connect', params: cliConnect(TEST_TOKEN) }))

interface Leg {
  readonly name: string
  readonly isTls?: true
  /** Takes one fresh connection as far as the leg. */
  readonly walk: (socket: Socket, port: number) => Promise<void> | void
}

const upgrade = async (socket: Socket, port: number): Promise<void> => {
  socket.write(upgradeRequest(port))
  await hears(socket, 'connect.challenge')
}

const LEGS: readonly Leg[] = [
  { name: 'right after the connection', walk: () => {} },
  { name: 'in the middle of a request', walk: (socket) => void socket.write('GET / HTTP/1.1\r\nHost: loc') },
  { name: 'right behind an upgrade request', walk: (socket, port) => void socket.write(upgradeRequest(port)) },
  { name: 'after the challenge', walk: upgrade },
  {
    name: 'in the middle of connect',
    walk: async (socket, port) => {
      await upgrade(socket, port)
      socket.write(CONNECT.subarray(0, 40))
    },
  },
  {
    name: 'right behind connect',
    walk: async (socket, port) => {
      await upgrade(socket, port)
      socket.write(CONNECT)
    },
  },
  {
    name: 'after hello',
    walk: async (socket, port) => {
      await upgrade(socket, port)
      socket.write(CONNECT)
      await hears(socket, 'hello-ok')
    },
  },
  {
    name: 'in the middle of a TLS greeting',
    isTls: true,
    walk: (socket) => void socket.write(Buffer.from('16030100c801', 'hex')),
  },
  { name: 'right behind the TLS handshake', isTls: true, walk: async (socket) => void (await secured(socket)) },
  {
    name: 'after the challenge inside TLS',
    isTls: true,
    walk: async (socket, port) => upgrade(await secured(socket), port),
  },
]

for (const { name, isTls, walk } of LEGS) {
  test(`${SOCKETS} sockets that vanish ${name} leave nothing behind`, async (t) => {
    await using gateway = await spawnGateway({ args: isTls ? ['--tls'] : [] })
    await assertUnharmed(gateway)
    const before = await settledDescriptors(gateway.pid)
    const linesBefore = gateway.output().split('\n').length
    await Promise.all(
      Array.from({ length: SOCKETS }, async (_, at) => {
        const socket = connect(gateway.port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        await walk(socket, gateway.port)
        if (at % 2 === 0) socket.resetAndDestroy()
        else socket.destroy()
      }),
    )
    await assertUnharmed(gateway)
    const startedAt = performance.now()
    let after = await countDescriptors(gateway.pid)
    while (after > before && performance.now() - startedAt < SETTLE_MS) {
      await sleep(20)
      after = await countDescriptors(gateway.pid)
    }
    const lines = gateway.output().split('\n').length - linesBefore
    t.diagnostic(
      `${before} descriptors before, ${after} after ${Math.round(performance.now() - startedAt)} ms, ${lines} lines`,
    )
    assert.ok(after <= before, `${after - before} descriptors are still open`)
    assert.ok(lines <= MAX_LINES, `${lines} lines in the log for ${SOCKETS} sockets`)
  })
}

/** The count once the clients of a check are gone. */
async function settledDescriptors(pid: number): Promise<number> {
  await sleep(300)
  return await countDescriptors(pid)
}

async function secured(socket: Socket): Promise<Socket> {
  const tls = connectTls({ socket, rejectUnauthorized: false })
  tls.on('error', () => {})
  await once(tls, 'secureConnect')
  return tls
}

/** Resolves when the text has arrived; rejects when the connection ends before. */
function hears(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (received.includes(text)) resolve()
    })
    socket.once('close', () => reject(new Error(`closed before ${text}`)))
  })
}
