import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandName, type ReadyFacts, renderWelcome } from '../../../src/commands/gateway/welcome.ts'
import { createStyle } from '../../../src/output/style.ts'

const FACTS: ReadyFacts = {
  version: '1.2.3',
  url: 'ws://127.0.0.1:18789',
  ownerSocket: '/s/run/gateway.sock',
  authMode: 'token',
  tokenPath: '/s/token',
  tlsFingerprint: undefined,
  stateDir: '/s',
  configPath: '/s/breakwater.json',
  hasConfigFile: false,
  logFile: '/s/logs/today.log',
  pid: 1,
  readyMs: 300,
  command: 'breakwater',
}
const textOf = (more: Partial<ReadyFacts> = {}): string => renderWelcome({ ...FACTS, ...more }, createStyle(false))

test('a new owner reads where it is, where the token lies and what to do next', () => {
  const text = textOf()
  assert.match(text, /Breakwater 1\.2\.3 is ready\./)
  assert.match(text, /address +ws:\/\/127\.0\.0\.1:18789\n/)
  assert.match(text, /others +the token in \/s\/token\n/)
  assert.match(text, /built-in defaults \(\/s\/breakwater\.json does not exist\)/)
  assert.match(text, / {2}breakwater status +see how it is doing\n/)
  assert.match(text, / {2}breakwater token show /)
  assert.doesNotMatch(text, /TLS pin/)
})

test('with TLS the fingerprint to pin is shown', () => {
  assert.match(textOf({ tlsFingerprint: 'ab'.repeat(32) }), /TLS pin +(ab){32}\n/)
})

test('how others get in is said for every mode, and a secret is never shown', () => {
  assert.match(textOf({ tokenPath: undefined }), /others +the token you set\n/)
  assert.match(textOf({ authMode: 'password' }), /others +the password you set\n/)
  assert.match(textOf({ authMode: 'trusted-proxy' }), /others +whoever your proxy lets in\n/)
  assert.match(textOf({ authMode: 'none' }), /others +everybody on this machine, without a secret\n/)
  assert.doesNotMatch(textOf({ authMode: 'password' }), /token show/)
})

test('from a checkout the commands are named as they work there', () => {
  assert.equal(commandName({}), 'breakwater')
  assert.equal(commandName({ npm_lifecycle_event: 'start' }), 'npx breakwater')
})
