// The real announcement, asked for by a question on the multicast address as a phone asks it.

import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openCiaoService } from '../../src/discovery/ciao-service.ts'

const GROUP = '224.0.0.251'
const PORT = 5_353
const QUESTION_NAME = ['_openclaw-gw', '_tcp', 'local']

const address = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** A question for pointers of the service type. */
function question(): Buffer {
  const labels = QUESTION_NAME.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const header = Buffer.alloc(12)
  header.writeUInt16BE(1, 4)
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 12, 0, 1])])
}

async function listen(on: string) {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  socket.bind(PORT)
  await once(socket, 'listening')
  socket.addMembership(GROUP, on)
  socket.setMulticastInterface(on)
  socket.setMulticastLoopback(true)
  const heard: string[] = []
  socket.on('message', (message) => heard.push(message.toString('latin1')))
  const hears = async (text: string, withinMs: number): Promise<boolean> => {
    const deadline = performance.now() + withinMs
    while (!heard.some((message) => message.includes(text))) {
      if (performance.now() > deadline) return false
      await delay(50)
    }
    return true
  }
  return { socket, hears, [Symbol.dispose]: () => socket.close() }
}

/** Whether this machine hears its own multicast at all. */
async function hasMulticast(): Promise<string | false> {
  if (address === undefined) return 'no network interface but loopback'
  try {
    using probe = await listen(address)
    probe.socket.send(question(), PORT, GROUP)
    return (await probe.hears('_openclaw-gw', 1_000)) ? false : 'multicast does not come back on this machine'
  } catch (error) {
    return `no multicast on this machine: ${(error as Error).message}`
  }
}

test('the service answers with its name and what it says about itself', { skip: await hasMulticast() }, async () => {
  using phone = await listen(address ?? '')
  const service = await openCiaoService({
    name: 'desk (Breakwater)',
    port: 18_789,
    txt: { role: 'gateway', gatewayPort: '18789' },
    address: address ?? '',
  })
  try {
    await service.advertise()
    for (let waited = 0; service.state !== 'announced' && waited < 5_000; waited += 50) await delay(50)
    assert.equal(service.state, 'announced')
    phone.socket.send(question(), PORT, GROUP)
    assert.ok(await phone.hears('desk (Breakwater)', 3_000))
    assert.ok(await phone.hears('gatewayPort=18789', 3_000))
  } finally {
    await service.end()
  }
})
