import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResolvedConfig } from '../src/config/schema.ts'
import { loadLocalConfig } from '../src/local.ts'
import { GATEWAY_DEFAULTS } from '../src/options.ts'
import { type StartPlace, toGatewayOptions } from '../src/options-from-config.ts'

const PLACE: StartPlace = { stateDir: '/s', configPath: '/s/breakwater.json' }

async function configOf(value: object): Promise<ResolvedConfig> {
  const paths = { homeDir: '/home/o', ...PLACE }
  const load = await loadLocalConfig(paths, {}, { rootText: JSON.stringify(value) })
  assert.ok(load.valid, JSON.stringify(load.issues))
  return load.config
}

test('an empty configuration gives the built-in defaults, so that both tables agree', async () => {
  const { stateDir, configPath, ...options } = toGatewayOptions(await configOf({}), PLACE)
  assert.deepEqual({ stateDir, configPath }, PLACE)
  assert.deepEqual(options, { ...GATEWAY_DEFAULTS, unixSocket: process.platform !== 'win32' })
})

test('each way of authenticating brings exactly what it needs', async () => {
  const authOf = async (gateway: object) => toGatewayOptions(await configOf({ gateway }), PLACE).auth
  assert.deepEqual(await authOf({ auth: { mode: 'none' } }), { mode: 'none' })
  assert.deepEqual(await authOf({ auth: { token: 't' } }), { mode: 'token', token: 't' })
  assert.deepEqual(await authOf({ auth: { mode: 'password', password: 'p' } }), { mode: 'password', password: 'p' })
  const proxied = {
    trustedProxies: ['10.0.0.1'],
    auth: {
      mode: 'trusted-proxy',
      trustedProxy: { userHeader: 'X-User', requiredHeaders: ['X-Via'], allowUsers: ['ann'] },
    },
  }
  assert.deepEqual(await authOf(proxied), {
    mode: 'trusted-proxy',
    proxy: { userHeader: 'x-user', requiredHeaders: ['x-via'], allowUsers: ['ann'], allowLoopback: false },
    password: undefined,
  })
})

test('TLS is undefined until it is switched on, whatever else is set', async () => {
  const files = { certPath: '/c.pem', keyPath: '/k.pem', caPath: '/ca.pem' }
  assert.equal(toGatewayOptions(await configOf({ gateway: { tls: files } }), PLACE).tls, undefined)
  assert.deepEqual(toGatewayOptions(await configOf({ gateway: { tls: { ...files, enabled: true } } }), PLACE).tls, {
    ...files,
    autoGenerate: true,
  })
})

test('every level of the configuration is one the log knows', async () => {
  const levelOf = async (level: string) => toGatewayOptions(await configOf({ logging: { level } }), PLACE).logging.level
  const levels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']
  assert.deepEqual(await Promise.all(levels.map(levelOf)), [
    'silent',
    'error',
    'error',
    'warn',
    'info',
    'debug',
    'debug',
  ])
})
