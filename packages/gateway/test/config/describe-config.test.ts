import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { configHints, configJsonSchema, describeConfig, lookupConfigSchema } from '../../src/config/describe-config.ts'
import { CONFIG_LEAVES } from '../../src/config/schema.ts'
import { assertValid, loadText } from './config-fixture.ts'

test('the reference has one row per leaf, with everything a reader needs', () => {
  const rows = describeConfig()
  assert.deepEqual(
    rows.map(({ path }) => path),
    CONFIG_LEAVES.map(({ path }) => path),
  )
  assert.deepEqual(
    rows.find(({ path }) => path === 'gateway.handshake.remoteMs'),
    {
      path: 'gateway.handshake.remoteMs',
      type: 'an integer from 250 to 60000',
      default: '3000',
      reload: 'live',
      owner: 'admission',
      secret: false,
      env: 'BREAKWATER_HANDSHAKE_TIMEOUT_MS',
      description: 'Milliseconds for each leg of the handshake of everybody else, proxied callers included.',
    },
  )
})

test('the JSON schema is one, accepts the defaults and refuses a wrong type', async () => {
  const validate = new Ajv({ strict: false }).compile(configJsonSchema())
  const load = await loadText('{}')
  assertValid(load)
  assert.equal(validate(JSON.parse(JSON.stringify(load.config))), true)
  assert.equal(validate({ gateway: { port: 'x' } }), false)
  assert.equal(validate({ unknown: 1 }), true)
})

test('every node has a hint, and secrets are marked', () => {
  const hints = configHints()
  assert.deepEqual(hints['gateway.nodes.pairing.autoApproveCidrs'], {
    label: 'Auto Approve CIDRs',
    help: 'Addresses whose new nodes are paired without a question. Empty: nobody is.',
  })
  assert.equal(hints['gateway.auth.token']?.sensitive, true)
  for (const { path } of CONFIG_LEAVES) assert.ok(hints[path] !== undefined, path)
})

test('a leaf is looked up with its type and what a change needs', () => {
  const help = 'TCP port. 0: any free port.'
  assert.deepEqual(lookupConfigSchema('gateway.port'), {
    path: 'gateway.port',
    schema: { type: 'integer', minimum: 0, maximum: 65_535, default: 18_789, description: help },
    reloadKind: 'restart',
    hint: { label: 'Port', help },
    hintPath: 'gateway.port',
    children: [],
  })
  assert.equal(lookupConfigSchema('gateway/auth/token')?.reloadKind, 'hot')
  assert.equal(lookupConfigSchema('gateway.remote.url')?.reloadKind, 'none')
})

test('sections, list entries and the whole are looked up, nonsense is not', () => {
  assert.deepEqual(
    lookupConfigSchema('gateway.tls')?.children.map(({ key }) => key),
    ['enabled', 'autoGenerate', 'certPath', 'keyPath', 'caPath'],
  )
  assert.deepEqual(
    lookupConfigSchema('.')?.children.map(({ path, hasChildren }) => [path, hasChildren]),
    [
      ['gateway', true],
      ['logging', true],
      ['metrics', true],
      ['discovery', true],
    ],
  )
  for (const path of ['gateway.trustedProxies[0]', 'gateway.trustedProxies.*', 'gateway.trustedProxies[]']) {
    assert.equal(lookupConfigSchema(path)?.path, 'gateway.trustedProxies.*')
  }
  for (const path of ['nope', 'gateway.port.x', 'gateway.trustedProxies[0].x', 'toString', 'gateway.constructor']) {
    assert.equal(lookupConfigSchema(path), undefined, path)
  }
})
