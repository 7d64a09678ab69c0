// Verdicts that need another time or another machine: judged from facts.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestGateway, tempDir } from '@breakwater/testkit'
import { checkCertificate } from '../../../src/commands/doctor/checks/certificate.ts'
import { checkClock } from '../../../src/commands/doctor/checks/clock.ts'
import { checkGateway } from '../../../src/commands/doctor/checks/gateway.ts'
import { checkLimits } from '../../../src/commands/doctor/checks/limits.ts'
import { checkPairing } from '../../../src/commands/doctor/checks/pairing.ts'
import { type DoctorFacts, gatherFacts, type RunningFacts } from '../../../src/commands/doctor/doctor-facts.ts'
import { type Finding, renderFindings, worstOf } from '../../../src/commands/doctor/finding.ts'
import { Output } from '../../../src/output/output.ts'
import { createStyle } from '../../../src/output/style.ts'
import { fakeIo } from '../../support/run.ts'

const DAY_MS = 86_400_000

const running = (more: Partial<RunningFacts> = {}): RunningFacts => ({
  state: 'running',
  url: 'wss://gateway.example',
  isOurMachine: false,
  version: '1.0.0',
  connectMs: 5,
  pid: 1,
  port: 18_789,
  eventLoop: undefined,
  limits: {},
  clockAheadMs: 0,
  pendingRestart: [],
  devices: { pending: [], paired: [] },
  ...more,
})

async function factsOf(stateDir: string, more: Partial<DoctorFacts> = {}): Promise<DoctorFacts> {
  const env = { BREAKWATER_STATE_DIR: stateDir }
  const io = fakeIo()
  const facts = await gatherFacts({
    io,
    env,
    output: new Output(io, { isJson: true, env }),
    version: '1.0.0',
    flags: {},
    timeoutMs: undefined,
  })
  return { ...facts, ...more }
}

test('a certificate of ours outlives its dates, one that somebody signed does not', async () => {
  await using fixture = await startTestGateway({ tls: { autoGenerate: true } })
  const { stateDir } = fixture
  const certificate = join(stateDir, 'tls', 'cert.pem')
  const made = await factsOf(stateDir)
  assert.ok(made.config !== undefined)
  const tls = (files: object) =>
    ({
      ...made.config,
      gateway: { ...made.config?.gateway, tls: { enabled: true, ...files } },
    }) as DoctorFacts['config']
  const at = async (files: object, nowMs: number) =>
    (await checkCertificate({ ...made, config: tls(files), nowMs }))[0]?.severity
  const nowMs = Date.now()
  const named = { certPath: certificate, keyPath: join(stateDir, 'tls', 'key.pem') }
  assert.equal(await at({}, nowMs), 'ok')
  assert.equal(await at({}, nowMs + 11 * 365 * DAY_MS), 'warning')
  assert.equal(await at(named, nowMs), 'ok')
  assert.equal(await at(named, nowMs + 11 * 365 * DAY_MS), 'problem')
  assert.equal(await at(named, nowMs - 2 * 365 * DAY_MS), 'problem')
  const { validTo } = new (await import('node:crypto')).X509Certificate(
    await (await import('node:fs/promises')).readFile(certificate),
  )
  assert.equal(await at(named, Date.parse(validTo) - 3 * DAY_MS), 'warning')
})

test('clocks apart by more than signatures allow are a problem, by half of it a warning', async () => {
  await using dir = await tempDir()
  const facts = await factsOf(dir.path)
  const severity = async (clockAheadMs: number) =>
    (await checkClock({ ...facts, gateway: running({ clockAheadMs }) }))[0]?.severity
  assert.equal(await severity(500), 'ok')
  assert.equal(await severity(-61_000), 'warning')
  assert.equal(await severity(121_000), 'problem')
})

test('a clock that was set back shows in the files', async () => {
  await using dir = await tempDir()
  await writeFile(join(dir.path, 'x'), '')
  const facts = await factsOf(dir.path)
  assert.equal((await checkClock({ ...facts, nowMs: Date.now() - DAY_MS }))[0]?.severity, 'warning')
  assert.equal((await checkClock(facts))[0]?.severity, 'ok')
})

test('what a running gateway is troubled by is named', async () => {
  await using dir = await tempDir()
  const facts = await factsOf(dir.path)
  const findings = await checkGateway({
    ...facts,
    gateway: running({
      isOurMachine: true,
      version: '0.9.0',
      eventLoop: { degraded: true, reasons: ['delay'], delayP99Ms: 900, delayMaxMs: 2_000, utilization: 1 },
      pendingRestart: ['gateway.port'],
    }),
  })
  assert.deepEqual(
    findings.map(({ severity, nextCommand }) => [severity, nextCommand]),
    [
      ['ok', undefined],
      ['warning', 'breakwater call diagnostics.stability'],
      ['warning', 'breakwater gateway restart'],
      ['note', 'breakwater gateway restart'],
    ],
  )
  const bites = await checkLimits({
    ...facts,
    isHere: false,
    gateway: running({ limits: { acceptDropped: 2, 'handshake.x': 9 } }),
  })
  assert.equal(bites[0]?.message, 'hit since the start: acceptDropped 2')
})

test('devices that wait are named with the command that answers them', async () => {
  await using dir = await tempDir()
  const facts = await factsOf(dir.path)
  const row = { requestId: 'req-1', deviceId: 'dev-1', displayName: 'phone', ts: 0 }
  const one = await checkPairing({ ...facts, gateway: running({ devices: { pending: [row], paired: [] } }) })
  assert.equal(one[0]?.nextCommand, 'breakwater devices approve req-1')
  const two = await checkPairing({ ...facts, gateway: running({ devices: { pending: [row, row], paired: [] } }) })
  assert.equal(two[0]?.nextCommand, 'breakwater devices approve')
})

test('the first of the worst leads, and everything is listed', () => {
  const findings: Finding[] = [
    { check: 'a', severity: 'ok', message: 'fine' },
    { check: 'b', severity: 'warning', message: 'odd', nextCommand: 'breakwater b' },
    { check: 'c', severity: 'problem', message: 'broken', nextCommand: 'breakwater c' },
    { check: 'd', severity: 'problem', message: 'therefore broken', nextCommand: 'breakwater d' },
  ]
  assert.equal(worstOf(findings)?.check, 'c')
  assert.equal(
    renderFindings(findings, createStyle(false)),
    'problem: broken\nnext: breakwater c\n\n' +
      '  ok    a  fine\n  warn  b  odd\n           -> breakwater b\n  fail  c  broken\n  fail  d  therefore broken\n           -> breakwater d\n',
  )
  assert.equal(worstOf([{ check: 'a', severity: 'note', message: 'x' }]), undefined)
})
