// A certificate that is replaced under open connections, over real sockets.

import assert from 'node:assert/strict'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { cliConnect, connectRaw, spawnGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'
import { LiveTls } from '../../src/listener/live-tls.ts'
import { silentLogger } from '../../src/observe/logger.ts'

const components = { clock: { nowMs: () => Date.now() }, log: silentLogger }

/** The pair of a gateway that was started once. */
async function makePair(directory: string) {
  const { fingerprintSha256, certPath } = await LiveTls.load({ autoGenerate: true }, directory, components)
  return { fingerprintSha256, certPath, keyPath: join(directory, 'tls', 'key.pem') }
}

function fingerprintOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase())
      socket.destroy()
    })
  })
}

test('new connections get the new certificate, open ones stay, and one that cannot be used changes nothing', async () => {
  await using first = await tempDir()
  await using second = await tempDir()
  const [before, after] = [await makePair(first.path), await makePair(second.path)]
  const config = (pair: { certPath: string; keyPath: string }) =>
    JSON.stringify({ gateway: { tls: { enabled: true, certPath: pair.certPath, keyPath: pair.keyPath } } })
  await using gateway = await spawnGateway({ config: config(before), args: ['--tls'] })
  const edit = async (text: string): Promise<void> => {
    const path = join(gateway.stateDir, 'breakwater.json')
    await writeFile(`${path}.edited`, text)
    await rename(`${path}.edited`, path)
  }
  await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
  assert.equal(await fingerprintOf(gateway.port), before.fingerprintSha256)

  await edit(config(after))
  for (let turn = 0; turn < 300 && !gateway.output().includes('certificate replaced'); turn += 1) await sleep(20)
  assert.equal(await fingerprintOf(gateway.port), after.fingerprintSha256)
  assert.equal((await client.request('health')).ok, true)

  await edit(config({ certPath: before.certPath, keyPath: after.keyPath }))
  for (let turn = 0; turn < 300 && !gateway.output().includes('could not be applied'); turn += 1) await sleep(20)
  assert.match(gateway.output(), /what was in effect stays \(paths=\["gateway\.tls\.certPath"\]/)
  assert.equal(await fingerprintOf(gateway.port), after.fingerprintSha256)
  assert.equal((await client.request('health')).ok, true)
})
