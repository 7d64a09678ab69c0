import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProbeReport, renderProbe } from '../../../src/commands/gateway/probe-report.ts'
import { EXIT } from '../../../src/exit-codes.ts'
import { createStyle } from '../../../src/output/style.ts'

const PLAIN = createStyle(false)
const GOOD: ProbeReport = {
  url: 'unix:/s/run/gateway.sock',
  kind: 'owner-socket',
  ok: true,
  credentialFrom: 'owner socket, no secret needed',
  legs: { openMs: 3, challengeMs: 0.5, helloMs: 2, healthMs: 1 },
  server: { version: '1.2.3', protocol: 4, methodCount: 58 },
  auth: { method: 'none', role: 'operator', scopes: [] },
}
const REFUSED: ProbeReport = {
  url: 'ws://127.0.0.1:1',
  kind: 'tcp',
  ok: false,
  credentialFrom: 'command line',
  legs: { openMs: 3, challengeMs: 0.5, helloMs: 2 },
  error: {
    code: 'AUTH_TOKEN_MISMATCH',
    message: 'unauthorized: gateway token mismatch',
    exitCode: EXIT.refused,
    retryable: false,
    nextCommand: 'breakwater token show',
  },
}

test('an address that lets us in shows its legs, its server and how we were let in', () => {
  const text = renderProbe({ ok: true, targets: [GOOD] }, PLAIN)
  assert.match(text, /^A gateway answers and lets us in\.\n\nok {3}unix:\/s\/run\/gateway\.sock\n/)
  assert.match(text, /timing +open 3 ms, challenge 0\.5 ms, hello 2 ms, health 1 ms\n/)
  assert.match(text, /server +1\.2\.3, protocol 4, 58 methods\n/)
  assert.match(text, /let in as +operator, by none\n/)
})

test('a refusal shows its code, its sentence, whether to try again, and what to do', () => {
  const text = renderProbe({ ok: false, targets: [REFUSED] }, PLAIN)
  assert.match(text, /^No gateway lets us in\.\n\nfail ws:\/\/127\.0\.0\.1:1\n/)
  assert.match(text, /error +AUTH_TOKEN_MISMATCH: unauthorized: gateway token mismatch\n/)
  assert.match(text, /try again +does not help until something changes\n/)
  assert.match(text, /next +breakwater token show\n/)
})

test('how far an attempt got is seen by its last leg', () => {
  const text = renderProbe({ ok: false, targets: [{ ...REFUSED, legs: { openMs: 3 } }] }, PLAIN)
  assert.match(text, /timing +open 3 ms\n/)
})
