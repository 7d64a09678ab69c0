import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_OWNERS } from '../../src/config/leaf.ts'
import { CONFIG_LEAVES, CONFIG_SCHEMA, type ResolvedConfig, UNREAD_SECTIONS } from '../../src/config/schema.ts'
import { assertValid, loadText } from './config-fixture.ts'

/** Frozen here on purpose: a key, a default or a reload kind that changes is a change users notice. */
const PINNED: readonly (readonly [path: string, fallback: unknown, reload: string])[] = [
  ['gateway.mode', 'local', 'live'],
  ['gateway.port', 18_789, 'process'],
  ['gateway.bind', 'loopback', 'process'],
  ['gateway.unixSocket', true, 'process'],
  ['gateway.auth.mode', 'token', 'component'],
  ['gateway.auth.token', undefined, 'component'],
  ['gateway.auth.password', undefined, 'component'],
  ['gateway.auth.trustedProxy.userHeader', undefined, 'component'],
  ['gateway.auth.trustedProxy.requiredHeaders', [], 'component'],
  ['gateway.auth.trustedProxy.allowUsers', [], 'component'],
  ['gateway.auth.trustedProxy.allowLoopback', false, 'component'],
  ['gateway.auth.trustedProxy.deviceAutoApprove.enabled', false, 'live'],
  [
    'gateway.auth.trustedProxy.deviceAutoApprove.scopes',
    ['operator.read', 'operator.write', 'operator.approvals', 'operator.questions'],
    'live',
  ],
  ['gateway.tls.enabled', false, 'process'],
  ['gateway.tls.autoGenerate', true, 'component'],
  ['gateway.tls.certPath', undefined, 'component'],
  ['gateway.tls.keyPath', undefined, 'component'],
  ['gateway.tls.caPath', undefined, 'component'],
  ['gateway.trustedProxies', [], 'component'],
  ['gateway.allowRealIpFallback', false, 'component'],
  ['gateway.controlUi.allowedOrigins', [], 'component'],
  ['gateway.allowedHosts', [], 'component'],
  ['gateway.handshake.localMs', 10_000, 'live'],
  ['gateway.handshake.remoteMs', 3_000, 'live'],
  ['gateway.nodes.pairing.autoApproveLocal', true, 'live'],
  ['gateway.nodes.pairing.autoApproveCidrs', [], 'live'],
  ['gateway.nodes.commands.allow', [], 'live'],
  ['gateway.nodes.commands.deny', [], 'live'],
  ['gateway.remote.url', undefined, 'live'],
  ['gateway.remote.token', undefined, 'live'],
  ['gateway.remote.password', undefined, 'live'],
  ['gateway.remote.tlsFingerprint', undefined, 'live'],
  ['logging.level', 'info', 'component'],
  ['logging.dir', undefined, 'process'],
  ['logging.retentionDays', 14, 'component'],
  ['logging.maxBytes', 268_435_456, 'component'],
  ['logging.consoleStyle', 'pretty', 'component'],
  ['metrics.enabled', false, 'component'],
  ['discovery.mdns.enabled', true, 'component'],
]

const SECRETS = ['gateway.auth.token', 'gateway.auth.password', 'gateway.remote.token', 'gateway.remote.password']

test('the table has exactly the pinned leaves with their defaults and reload kinds', () => {
  const actual = CONFIG_LEAVES.map(({ path, leaf }) => [path, leaf.default, leaf.reload])
  assert.deepEqual(actual.toSorted(), [...PINNED].map((row) => [...row]).toSorted())
})

test('exactly the pinned leaves are secret', () => {
  assert.deepEqual(
    CONFIG_LEAVES.filter(({ leaf }) => leaf.secret).map(({ path }) => path),
    SECRETS,
  )
})

test('every leaf is described in a sentence and owned by a known component that owns something', () => {
  for (const { path, leaf } of CONFIG_LEAVES) assert.match(leaf.description, /^[A-Z`].*\.$/s, path)
  assert.deepEqual(new Set(CONFIG_LEAVES.map(({ leaf }) => leaf.owner)), new Set(CONFIG_OWNERS))
})

test('every default passes the check of its own leaf', async () => {
  const defaults = await loadText('{}')
  assertValid(defaults)
  const again = await loadText(JSON.stringify(defaults.config))
  assertValid(again)
  assert.deepEqual(again.config, defaults.config)
  assert.deepEqual(again.warnings, [])
})

test('no section that is announced as unread is read', () => {
  for (const key of Object.keys(CONFIG_SCHEMA.children)) assert.equal(UNREAD_SECTIONS.has(key), false, key)
})

test('the TypeScript type follows the table', async () => {
  const load = await loadText('{}')
  assertValid(load)
  const { gateway, logging } = load.config
  // Each line fails to compile when the derived type is wider or narrower than the table says.
  const port: number = gateway.port
  const mode: 'token' | 'password' | 'trusted-proxy' | 'none' = gateway.auth.mode
  const token: string | undefined = gateway.auth.token
  const proxies: readonly string[] = gateway.trustedProxies
  const level: 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' = logging.level
  type Exact<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
  const isExact: [
    Exact<ResolvedConfig['gateway']['port'], number>,
    Exact<ResolvedConfig['gateway']['auth']['token'], string | undefined>,
    Exact<ResolvedConfig['gateway']['tls']['enabled'], boolean>,
    Exact<ResolvedConfig['logging']['consoleStyle'], 'pretty' | 'json'>,
    Exact<keyof ResolvedConfig, 'gateway' | 'logging' | 'metrics' | 'discovery'>,
  ] = [true, true, true, true, true]
  assert.deepEqual([port, mode, token, proxies, level, isExact.length], [18_789, 'token', undefined, [], 'info', 5])
})

test('the resolved configuration is frozen all the way down', async () => {
  const load = await loadText('{ gateway: { trustedProxies: ["10.0.0.1"] } }')
  assertValid(load)
  assert.throws(() => Object.assign(load.config.gateway.auth, { mode: 'none' }), TypeError)
  assert.throws(() => (load.config.gateway.trustedProxies as string[]).push('0.0.0.0'), TypeError)
})
