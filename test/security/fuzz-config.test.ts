// Any text as the configuration file: a verdict, never a throw; what is accepted keeps the rules that make a gateway safe;
// what is refused names its place and never repeats a secret.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIssue, type LoadResult, loadConfig, type ResolvedConfig, toGatewayOptions } from '@breakwater/gateway'
import json5 from 'json5'
import { fuzz } from './fuzz/fuzz.ts'
import { mutateJson, mutateText, ODD_TEXTS, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const SECRET = 'SECRET0123456789'
/** Where a secret belongs; anywhere else it is ordinary text that may be quoted. */
const SECRET_PATHS = ['gateway.auth.token', 'gateway.auth.password', 'gateway.remote.token', 'gateway.remote.password']

const CONFIGS: readonly unknown[] = [
  {},
  { gateway: { port: 18_789, bind: 'loopback', auth: { mode: 'token', token: SECRET } } },
  { gateway: { bind: 'lan', auth: { mode: 'password', password: SECRET }, tls: { enabled: true } } },
  {
    gateway: {
      auth: { mode: 'trusted-proxy', trustedProxy: { userHeader: 'X-User', allowUsers: ['a'] }, password: SECRET },
      trustedProxies: ['10.0.0.0/8', '::1'],
      allowedHosts: ['gw.example:8443'],
      controlUi: { allowedOrigins: ['https://gw.example', '*'] },
    },
  },
  { gateway: { auth: { mode: 'none' }, bind: '127.0.0.1', handshake: { localMs: 250, remoteMs: 60_000 } } },
  { gateway: { bind: 'custom', customBindHost: '0.0.0.0', auth: { token: { source: 'env', id: 'FUZZ_TOKEN' } } } },
  { gateway: { mode: 'remote', remote: { url: 'wss://gw.example', token: SECRET, tlsFingerprint: 'ab'.repeat(32) } } },
  { gateway: { tls: { enabled: true, certPath: '~/cert.pem', keyPath: 'key.pem' }, port: '\x24{FUZZ_PORT}' } },
  { channels: { telegram: { botToken: 'x' } }, logging: { level: 'debug', maxBytes: 0 }, $schema: 'x', a: { b: [1] } },
  { $include: ['a.json5', '../../etc/passwd'], gateway: { $include: 'b.json5' } },
]
const TEXTS = [
  ...CONFIGS.map((config) => JSON.stringify(config)),
  ...CONFIGS.map((config) => `// note\n${json5.stringify(config, null, 2)}/* end */`),
  "{ gateway: { port: 0x4965, bind: 'lan', auth: { mode: 'token', }, }, 'logging': { retentionDays: +7 } }",
]
const ENV = { FUZZ_TOKEN: SECRET, FUZZ_PORT: '4711', FUZZ_EMPTY: '' }
const INCLUDED: Readonly<Record<string, string>> = {
  '/etc/breakwater/a.json5': '{ gateway: { port: 1 }, $include: "b.json5" }',
  '/etc/breakwater/b.json5': "{ bind: 'loopback', $include: './a.json5' }",
}

function makeText(random: Random): string {
  if (random.chance(0.03)) return randomText(random)
  if (random.chance(0.4)) return mutateText(random, random.pick(TEXTS), [...TEXTS, ...ODD_TEXTS])
  const value = mutateJson(random, random.pick(CONFIGS))
  return random.chance(0.2) ? (json5.stringify(value) ?? '') : (JSON.stringify(value) ?? '')
}

test('any configuration text is judged: accepted only within the rules, refused with a place and without secrets', async (t) => {
  await fuzz(t, {
    outcomes: ['valid', 'refused', 'unreadable'],
    mustOccur: ['valid', 'refused', 'unreadable'],
    make: makeText,
    judge: async (text) => {
      const load = await loadConfig(
        {
          env: ENV,
          homeDir: '/home/somebody',
          hasher: () => '',
          readText: async (path) => {
            const included = INCLUDED[path]
            return included === undefined
              ? { ok: false, problem: 'missing', message: 'there is no such file' }
              : { ok: true, text: included, realPath: path }
          },
        },
        { configPath: '/etc/breakwater/breakwater.json', rootText: text },
      )
      assertKeepsSecrets(load, text)
      if (load.valid) {
        assertSafe(load.config)
        return 'valid'
      }
      assert.ok(load.issues.length > 0)
      for (const issue of load.issues) assert.ok(issue.message.length > 5, formatIssue(issue))
      return load.isReadable ? 'refused' : 'unreadable'
    },
  })
  assert.equal(Object.keys(Object.prototype).length, 0, 'no prototype was touched')
})

/** What no accepted configuration may hold, whatever the schema says about it. */
function assertSafe(config: ResolvedConfig): void {
  const { auth, bind, port, trustedProxies, handshake } = config.gateway
  assert.ok(Number.isInteger(port) && port >= 0 && port <= 65_535)
  assert.ok(['token', 'password', 'trusted-proxy', 'none'].includes(auth.mode))
  assert.ok(
    auth.mode !== 'none' || ['loopback', '::1'].includes(bind) || bind.startsWith('127.'),
    'open to the network',
  )
  assert.ok(auth.mode !== 'password' || (auth.password ?? '') !== '', 'a password that is not there')
  assert.ok(auth.mode !== 'trusted-proxy' || (trustedProxies.length > 0 && auth.token === undefined))
  assert.ok(
    trustedProxies.every((range) => !/\/0+$/.test(range)),
    'everybody is a trusted proxy',
  )
  for (const legMs of [handshake.localMs, handshake.remoteMs]) assert.ok(legMs >= 250 && legMs <= 60_000)
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.gateway.auth))
  toGatewayOptions(config, { stateDir: '/s', configPath: '/c' })
}

function assertKeepsSecrets(load: LoadResult, text: string): void {
  const told = [...load.issues, ...load.warnings].map(formatIssue).join('\n')
  if (told.includes(SECRET)) assert.ok(!isSecretInPlaceOnly(text), told)
}

/** Whether every secret in the text stands where secrets stand. Text that does not parse has no places: all are. */
function isSecretInPlaceOnly(text: string): boolean {
  let value: unknown
  try {
    value = json5.parse(text)
  } catch {
    return true
  }
  const visit = (node: unknown, path: string): boolean => {
    if (typeof node === 'string') return !node.includes(SECRET) || SECRET_PATHS.includes(path)
    if (typeof node !== 'object' || node === null) return true
    return Object.entries(node).every(
      ([key, child]) => !key.includes(SECRET) && visit(child, path === '' ? key : `${path}.${key}`),
    )
  }
  return visit(value, '')
}
