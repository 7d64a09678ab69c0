import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { WireError } from '@breakwater/protocol'
import { ParamsValidators } from '@breakwater/protocol/params-validators'
import { Ajv } from 'ajv'
import { LiveConfig } from '../../../src/config/live-config.ts'
import { REDACTED } from '../../../src/config/redacted.ts'
import { silentLogger } from '../../../src/observe/logger.ts'
import type { MethodHandler } from '../../../src/rpc/define-method.ts'
import { configMethods } from '../../../src/rpc/methods/config.ts'
import { assertValid, createConfigDirectory, testHasher } from '../../config/config-fixture.ts'

type Reply = Readonly<Record<string, unknown>>

async function serve(text?: string) {
  const directory = await createConfigDirectory()
  const initial = await directory.load(text)
  assertValid(initial)
  const config = new LiveConfig(
    { load: (options) => directory.load(undefined, {}, options), log: silentLogger },
    initial,
  )
  const published: unknown[] = []
  const events = { publish: (event: string, payload: unknown) => published.push([event, payload]) }
  const methods = configMethods({ config, hasher: testHasher, events, version: '1.2.3', now: () => 1_000 })
  const validators = new ParamsValidators()
  const call = async (name: string, params: unknown = {}): Promise<Reply> => {
    await validators.load(name)
    assert.equal(validators.check(name, params), undefined)
    const method = methods.find((definition) => definition.name === name)
    assert.ok(method, name)
    return (await (method.handler as MethodHandler)(params, {} as never)) as Reply
  }
  return { directory, config, published, call, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

const refused = async (call: Promise<unknown>) => {
  const error = await call.then(
    () => assert.fail('expected a refusal'),
    (thrown: unknown) => thrown,
  )
  assert.ok(WireError.is(error))
  return error.shape
}

const contract = JSON.parse(
  await readFile(
    new URL(
      '../protocol.schema.json',
      `file://${createRequire(new URL('../../../../protocol/package.json', import.meta.url)).resolve('@openclaw/gateway-protocol')}`,
    ),
    'utf8',
  ),
) as { definitions: Record<string, object> }

const assertFits = (definition: string, value: unknown): void => {
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const validate = ajv.compile({ $ref: `#/definitions/${definition}`, definitions: contract.definitions })
  assert.ok(validate(JSON.parse(JSON.stringify(value))), JSON.stringify(validate.errors))
}

test('without a file config.get says so and shows the defaults', async () => {
  await using gateway = await serve()
  const reply = await gateway.call('config.get')
  assert.deepEqual(Object.keys(reply).sort(), [
    'appliedConfigHash',
    'config',
    'configRevisionHash',
    'exists',
    'hash',
    'includedPaths',
    'issues',
    'legacyIssues',
    'parsed',
    'path',
    'pendingRestart',
    'raw',
    'resolved',
    'runtimeConfig',
    'sourceConfig',
    'valid',
    'warnings',
  ])
  assert.deepEqual([reply.exists, reply.raw, reply.parsed, reply.valid], [false, null, {}, true])
  assert.equal(reply.configRevisionHash, reply.appliedConfigHash)
})

test('config.get shows no secret: not in the text, a comment, a misspelt key or a section of another program', async () => {
  const text = `{
    // was: hunter2secret
    gateway: { auth: { token: 'hunter2secret' }, authh: { token: "mistyped" } },
    channels: { telegram: { botToken: "12345:telegram" } },
  }`
  await using gateway = await serve(text)
  const reply = await gateway.call('config.get')
  assert.doesNotMatch(JSON.stringify(reply), /hunter2|mistyped|12345/)
  assert.match(reply.raw as string, new RegExp(`// was: ${REDACTED}\\n`))
  assert.match(reply.raw as string, /gateway: \{ auth: \{ token: "__OPENCLAW_REDACTED__" \}/)
})

test('a text with thousands of secrets is shown without its comments rather than searched for each', async () => {
  const entries = Array.from(
    { length: 500 },
    (_, index) => `  k${index}: { apiKey: "key-number-${index}" }, // comment\n`,
  )
  await using gateway = await serve(`{\n${entries.join('')}  filler: "${'x'.repeat(50_000)}",\n}`)
  const { raw, parsed } = await gateway.call('config.get')
  assert.deepEqual(JSON.parse(raw as string), parsed)
  assert.doesNotMatch(raw as string, /key-number|comment/)
})

test('the revision in effect differs from the one in the file while a restart is due or the file is invalid', async () => {
  await using gateway = await serve('{ gateway: { port: 1 } }')
  gateway.config.accept(await gateway.directory.load('{ gateway: { port: 2 } }'))
  const pending = await gateway.call('config.get')
  assert.notEqual(pending.configRevisionHash, pending.appliedConfigHash)
  assert.deepEqual(pending.pendingRestart, ['gateway.port'])
  gateway.config.accept(await gateway.directory.load('{ gateway: { port: '))
  const broken = await gateway.call('config.get')
  assert.deepEqual([broken.valid, broken.raw], [false, null])
  assert.notEqual(broken.configRevisionHash, broken.appliedConfigHash)
  assert.match((broken.issues as { message: string }[])[0]?.message ?? '', /^not valid JSON5/)
})

test('config.schema and config.schema.lookup fit the published contract', async () => {
  await using gateway = await serve()
  assertFits('ConfigSchemaResponse', await gateway.call('config.schema'))
  for (const path of ['.', 'gateway', 'gateway.port', 'gateway.auth.token', 'gateway.trustedProxies[0]']) {
    assertFits('ConfigSchemaLookupResult', await gateway.call('config.schema.lookup', { path }))
  }
  const shape = await refused(gateway.call('config.schema.lookup', { path: 'nope' }))
  assert.deepEqual([shape.code, shape.message], ['INVALID_REQUEST', 'config schema path not found: nope'])
})

test('what config.get shows can be written back with config.set, and the secrets are still there', async () => {
  const text = '{\n  // mine\n  gateway: { auth: { token: "abcdef" } },\n}\n'
  await using gateway = await serve(text)
  const { raw, hash } = await gateway.call('config.get')
  const reply = await gateway.call('config.set', { raw: raw as string, baseHash: hash })
  assert.deepEqual([reply.ok, reply.hash, reply.changedPaths, reply.noop], [true, hash, [], true])
  assert.equal(await gateway.directory.read(), text)
  assert.deepEqual(gateway.published, [])
  const changed = (raw as string).replace('gateway:', 'metrics: { enabled: true }, gateway:')
  const second = await gateway.call('config.apply', { raw: changed, baseHash: hash })
  assert.deepEqual([second.changedPaths, second.restart], [['metrics'], { required: false, paths: [] }])
  assert.match(await gateway.directory.read(), /\/\/ mine\n {2}metrics: .*token: "abcdef"/)
})

test('config.patch merges, needs the hash, guards lists, and announces the change once', async () => {
  await using gateway = await serve('{ gateway: { trustedProxies: ["10.0.0.1", "10.0.0.2"] } }')
  const raw = '{ gateway: { trustedProxies: ["10.0.0.1"], port: 7 } }'
  const noHash = await refused(gateway.call('config.patch', { raw }))
  assert.deepEqual(
    [noHash.code, noHash.message, (noHash.details as Reply).reason],
    ['INVALID_REQUEST', 'config base hash required; re-run config.get and retry', 'base-hash-required'],
  )
  const { hash } = await gateway.call('config.get')
  const dropped = await refused(gateway.call('config.patch', { raw, baseHash: hash }))
  assert.match(dropped.message, /^gateway\.trustedProxies: the patch drops 1 entries/)
  const reply = await gateway.call('config.patch', { raw, baseHash: hash, replacePaths: ['gateway.trustedProxies'] })
  assert.deepEqual(reply.changedPaths, ['gateway.trustedProxies', 'gateway.port'])
  assert.deepEqual(reply.restart, { required: true, paths: ['gateway.port'] })
  const payload = { path: gateway.directory.configPath, hash: reply.hash, ts: 1_000 }
  assert.deepEqual(gateway.published, [['config.changed', payload]])
  gateway.config.accept(await gateway.config.load())
  assert.equal(gateway.published.length, 1)
  const stale = await refused(gateway.call('config.patch', { raw: '{ a: 1 }', baseHash: hash }))
  assert.equal(stale.message, 'config changed since last load; re-run config.get and retry')
})

test('a write that would be invalid is refused with every path, without showing a secret', async () => {
  await using gateway = await serve('{}')
  const { hash } = await gateway.call('config.get')
  const raw = '{ gateway: { port: "x", auth: { token: " hunter2 " } } }'
  const shape = await refused(gateway.call('config.set', { raw, baseHash: hash }))
  const { reason, issues } = shape.details as { reason: string; issues: { path: string }[] }
  assert.deepEqual([reason, issues.map(({ path }) => path)], ['invalid-config', ['gateway.port', 'gateway.auth.token']])
  assert.doesNotMatch(JSON.stringify(shape), /hunter2/)
})
