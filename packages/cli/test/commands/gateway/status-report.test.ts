import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderStatus, type StatusInput, toReport } from '../../../src/commands/gateway/status-report.ts'
import { createStyle } from '../../../src/output/style.ts'

const PLAIN = createStyle(false)
const LOOP = { degraded: false, reasons: [], delayP99Ms: 1.2, delayMaxMs: 4, utilization: 0.05 }

const input = (more: { answer?: unknown; presence?: unknown; snapshot?: object } = {}): StatusInput => ({
  hello: {
    server: { version: '1.2.3' },
    snapshot: { uptimeMs: 3_600_000, ...more.snapshot },
    auth: { method: 'token', role: 'operator', scopes: [] },
  } as unknown as StatusInput['hello'],
  target: { kind: 'tcp', url: 'ws://127.0.0.1:1', credentialFrom: 'gateway.auth.token', isOurMachine: true },
  connectMs: 12.4,
  answer: more.answer ?? {
    pid: 7,
    eventLoop: LOOP,
    processMemory: { rssBytes: 100 * 1_024 ** 2 },
    limits: { acceptDropped: 0 },
  },
  presence: more.presence ?? [],
})

test('the first line says that all is well', () => {
  const text = renderStatus(toReport(input()), PLAIN)
  assert.match(text, /^The gateway \(1\.2\.3\) is running and well\.\n {2}address/)
  assert.match(text, /\n {2}up for +1 h\n/)
  assert.match(text, /\n {2}process +pid 7, 100 MiB\n/)
  assert.match(text, /\n {2}limits hit +none\n/)
})

test('the first line names the problem, the second what to do', () => {
  const eventLoop = { ...LOOP, degraded: true, reasons: ['event_loop_delay'] }
  const report = toReport(input({ answer: { eventLoop } }))
  assert.equal(report.ok, false)
  assert.match(
    renderStatus(report, PLAIN),
    /^The gateway \(1\.2\.3\) is running, but its event loop is overloaded \(event_loop_delay\)\.\nnext: breakwater call diagnostics\.stability\n/,
  )
})

test('limits that bit are shown, those that never did are not', () => {
  const report = toReport(input({ answer: { limits: { acceptDropped: 0, 'handshake.timeout': 3 } } }))
  assert.deepEqual(report.limits, { 'handshake.timeout': 3 })
  assert.match(renderStatus(report, PLAIN), /\n {2}limits hit +handshake\.timeout 3\n/)
})

test('everybody but the gateway itself is a client', () => {
  const presence = [
    { mode: 'gateway', host: 'vm' },
    { mode: 'ui', host: 'phone', roles: ['operator'], platform: 'ios', version: '9', ts: 1 },
  ]
  const report = toReport(input({ presence }))
  assert.deepEqual(
    report.clients.map(({ host }) => host),
    ['phone'],
  )
  assert.match(renderStatus(report, PLAIN), /1 client connected\n\n {2}CLIENT .*\n {2}phone +operator +ui +ios +9\n$/)
})

test('what only administrators are told is shown when it was told', () => {
  const told = toReport(input({ snapshot: { authMode: 'token', stateDir: '/s', configPath: '/s/c.json' } }))
  assert.match(renderStatus(told, PLAIN), /auth mode +token\n[\s\S]*state +\/s\n +config +\/s\/c\.json\n/)
  assert.doesNotMatch(renderStatus(toReport(input()), PLAIN), /auth mode|config/)
})

test('a gateway that answers less is shown with less', () => {
  const report = toReport(input({ answer: {}, presence: null }))
  assert.equal(report.ok, true)
  assert.match(renderStatus(report, PLAIN), /none connected/)
})
