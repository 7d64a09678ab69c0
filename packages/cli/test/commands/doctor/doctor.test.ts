// `breakwater doctor`: for each thing that can be wrong, the first line names it and the command that helps.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnGateway, startTestGateway, type TempDir, tempDir } from '@breakwater/testkit'
import type { Finding } from '../../../src/commands/doctor/finding.ts'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'
import { pairedDevice, seedStore } from '../../support/seed-store.ts'

interface Report {
  readonly code: number
  readonly ok: boolean
  readonly worst: Finding | null
  readonly findings: readonly Finding[]
}

async function doctor(stateDir: string, env: Readonly<Record<string, string>> = {}): Promise<Report> {
  const ran = await run(['doctor', '--json'], { env: { BREAKWATER_STATE_DIR: stateDir, ...env } })
  assert.equal(ran.err, '')
  return { code: ran.code, ...jsonOf(ran) }
}

/** A state directory on a port nobody else uses. */
async function stateWith(config = '{ gateway: { port: 0 } }'): Promise<TempDir> {
  const dir = await tempDir()
  await chmod(dir.path, 0o700)
  await writeFile(join(dir.path, 'breakwater.json'), config, { mode: 0o600 })
  return dir
}

const find = ({ findings }: Report, check: string): Finding | undefined =>
  findings.find((finding) => finding.check === check && finding.severity !== 'ok')

test('a gateway that runs and is well', async () => {
  await using gateway = await spawnGateway({ config: '{ gateway: { port: 0 } }' })
  const report = await doctor(gateway.stateDir)
  assert.deepEqual([report.code, report.ok, report.worst], [EXIT.ok, true, null], JSON.stringify(report.findings))
  const ran = await run(['doctor'], { env: { BREAKWATER_STATE_DIR: gateway.stateDir } })
  assert.match(ran.out, /^All is well\.\n/)
  assert.match(ran.out, /ok +port +\d+, held by our gateway\n/)
})

test('no gateway: how to start one', async () => {
  await using dir = await stateWith()
  const { code, worst } = await doctor(dir.path)
  assert.equal(code, EXIT.failed)
  assert.deepEqual([worst?.check, worst?.message], ['gateway', 'no gateway is running here'])
  assert.match(worst?.nextStep ?? '', /^breakwater gateway /)
})

test('a configuration that cannot be used comes before the gateway it keeps from starting', async () => {
  await using dir = await stateWith('{ gateway: { port: "eighty" } }')
  const { worst } = await doctor(dir.path)
  assert.equal(worst?.check, 'configuration')
  assert.match(worst?.message ?? '', /gateway\.port: expected an integer/)
  assert.equal(worst?.nextCommand, 'breakwater config validate')
})

test('a state directory open to others, a token open to others, a token that can be guessed', async () => {
  await using dir = await stateWith('{ gateway: { port: 0, auth: { token: "short" } } }')
  await chmod(dir.path, 0o755)
  await writeFile(join(dir.path, 'device-token.key'), 'k'.repeat(43), { mode: 0o644 })
  const report = await doctor(dir.path)
  assert.match(find(report, 'state directory')?.message ?? '', /open to other users \(mode 755\)/)
  assert.equal(find(report, 'state directory')?.nextCommand, `chmod 700 ${dir.path}`)
  const secrets = report.findings.filter(({ check }) => check === 'secrets')
  assert.match(secrets[0]?.message ?? '', /the shared token has 5 characters/)
  assert.equal(secrets[1]?.nextCommand, `chmod 600 ${join(dir.path, 'device-token.key')}`)
  assert.ok(!JSON.stringify(report).includes('"short"'))
})

test('a file of secrets that others can read, and a network that can listen', async () => {
  await using dir = await stateWith('{ gateway: { port: 0, bind: "lan", auth: { token: "long-enough-0123456789" } } }')
  await chmod(join(dir.path, 'breakwater.json'), 0o644)
  const { findings } = await doctor(dir.path)
  const messages = findings.filter(({ check }) => check === 'configuration').map(({ message }) => message)
  assert.match(messages[0] ?? '', /holds secrets and is open to other users/)
  assert.match(messages[1] ?? '', /without TLS/)
})

test('a port somebody else holds', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await using dir = await stateWith(`{ gateway: { port: ${port} } }`)
  const { worst } = await doctor(dir.path)
  server.close()
  assert.equal(worst?.check, 'port')
  assert.match(worst?.message ?? '', new RegExp(`127\\.0\\.0\\.1:${port} is taken`))
})

test('a damaged store is found, with and without a gateway, and left as it is', async () => {
  await using dir = await stateWith()
  await seedStore(dir.path, { paired: Array.from({ length: 60 }, (_, index) => pairedDevice(`d${index}`)) })
  await delay(30)
  const whole = await doctor(dir.path)
  assert.match(whole.findings.find(({ check }) => check === 'store')?.message ?? '', /^whole; 60 devices/)
  const database = join(dir.path, 'store', 'gateway.sqlite')
  const bytes = await readFile(database)
  bytes.fill(0xa5, 4_096 * 2, 4_096 * 3)
  await writeFile(database, bytes)
  await delay(30)
  const { worst } = await doctor(dir.path)
  assert.equal(worst?.check, 'store')
  assert.match(worst?.message ?? '', /is damaged: /)
  assert.match(worst?.nextStep ?? '', /restart|restore/)
  assert.deepEqual(await readFile(database), bytes)
})

test('a certificate that is not there', async () => {
  await using dir = await stateWith(
    '{ gateway: { port: 0, tls: { enabled: true, certPath: "missing.pem", keyPath: "missing.key" } } }',
  )
  const { worst } = await doctor(dir.path)
  assert.equal(worst?.check, 'certificate')
})

test('a gateway that runs and refuses us is told from one that is down', async () => {
  await using fixture = await startTestGateway({ unixSocket: false })
  await writeFile(
    join(fixture.stateDir, 'breakwater.json'),
    `{ gateway: { port: ${fixture.port}, unixSocket: false, auth: { token: "another-0123456789abcdef" } } }`,
    { mode: 0o600 },
  )
  const { worst } = await doctor(fixture.stateDir)
  assert.equal(worst?.check, 'gateway')
  assert.match(worst?.message ?? '', /does not answer us: .*AUTH_TOKEN_MISMATCH/)
})

test('a directory nobody used yet is no problem of its own', async () => {
  await using dir = await tempDir()
  const report = await doctor(join(dir.path, 'new'))
  assert.equal(report.worst?.check, 'gateway')
})
