// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigEdit } from '../../src/config/edit-config.ts'
import { type ConfigChange, LiveConfig, MAX_WAITING_WRITES } from '../../src/config/live-config.ts'
import type { Environment } from '../../src/config/paths.ts'
import { REDACTED } from '../../src/config/redacted.ts'
import type { WriteOptions } from '../../src/config/write-config.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { assertValid, type ConfigDirectory, createConfigDirectory } from './config-fixture.ts'

async function start(directory: ConfigDirectory, text?: string, env: Environment = {}) {
  const initial = await directory.load(text, env)
  assertValid(initial)
  const warnings: unknown[] = []
  const log = { ...silentLogger, warn: (_: string, fields?: unknown) => warnings.push(fields) }
  const live = new LiveConfig({ load: (options) => directory.load(undefined, env, options), log }, initial)
  const changes: ConfigChange[] = []
  const hashes: string[] = []
  live.onChange((change) => changes.push(change))
  live.onFileChange(({ hash }) => hashes.push(hash))
  const edit = async (edit: ConfigEdit, options?: WriteOptions) => {
    const result = await live.edit(edit, options)
    if (result === 'busy') throw new Error('busy')
    return result
  }
  return { live, changes, hashes, warnings, edit }
}

const refusal = (result: { ok: boolean; message?: string; reason?: string }) => [
  result.ok,
  result.reason,
  result.message,
]

test('a valid change takes effect and is announced with its plan; the old value stays where a restart is needed', async () => {
  await using directory = await createConfigDirectory()
  const { live, changes, hashes } = await start(directory, '{ gateway: { port: 1 } }')
  live.accept(await directory.load('{ gateway: { port: 2, handshake: { localMs: 500 }, auth: { token: "abc" } } }'))
  assert.deepEqual(
    [live.current.gateway.port, live.current.gateway.handshake.localMs, live.current.gateway.auth.token],
    [1, 500, 'abc'],
  )
  assert.deepEqual(live.pendingRestart, ['gateway.port'])
  assert.deepEqual(changes[0]?.plan, {
    live: ['gateway.handshake.localMs'],
    components: new Map([['auth', ['gateway.auth.token']]]),
    process: ['gateway.port'],
  })
  assert.equal(hashes.length, 1)
  live.accept(await directory.load('{ gateway: { port: 1, handshake: { localMs: 500 }, auth: { token: "abc" } } }'))
  assert.deepEqual(live.pendingRestart, [])
  assert.equal(changes.length, 1)
})

test('an invalid file keeps the last good configuration and says which path failed', async () => {
  await using directory = await createConfigDirectory()
  const { live, changes, warnings } = await start(directory, '{ gateway: { port: 1 } }')
  const good = live.current
  live.accept(await directory.load('{ gateway: { port: "x" } }'))
  assert.equal(live.current, good)
  assert.deepEqual([live.latest.valid, changes.length], [false, 0])
  assert.deepEqual(warnings, [
    {
      path: directory.configPath,
      issues: ['gateway.port: expected an integer from 0 to 65535, got "x"'],
      warnings: [],
    },
  ])
})

test('a file that disappears is no return to the defaults', async () => {
  await using directory = await createConfigDirectory()
  const { live } = await start(directory, '{ gateway: { port: 1 } }')
  await directory[Symbol.asyncDispose]()
  live.accept(await live.load())
  assert.deepEqual([live.latest.valid, live.current.gateway.port], [false, 1])
})

test('a listener that fails keeps nobody else from the news', async () => {
  await using directory = await createConfigDirectory()
  const { live, hashes } = await start(directory, '{}')
  const heard: string[] = []
  live.onChange(() => {
    throw new Error('mine')
  })
  live.onChange(() => heard.push('second'))
  live.accept(await directory.load('{ metrics: { enabled: true } }'))
  assert.deepEqual([heard, hashes.length], [['second'], 1])
})

test('an edit is on disk and in effect when it resolves, and keeps the comments', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory, '{\n  // mine\n  gateway: { port: 1 },\n}\n')
  const result = await edit({ kind: 'patch', raw: '{ metrics: { enabled: true } }' })
  assert.ok(result.ok)
  assert.deepEqual(result.changedPaths, ['metrics'])
  assert.equal(live.current.metrics.enabled, true)
  assert.equal(
    await directory.read(),
    '{\n  // mine\n  gateway: { port: 1 },\n  "metrics": {\n    "enabled": true\n  },\n}\n',
  )
  assert.equal(live.latest.hash, result.load.hash)
})

test('the first edit creates the file', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory)
  assert.ok((await edit({ kind: 'set', path: 'gateway.trustedProxies[0]', value: '10.0.0.1' })).ok)
  assert.deepEqual(live.current.gateway.trustedProxies, ['10.0.0.1'])
  assert.ok((await edit({ kind: 'unset', path: 'gateway.trustedProxies' })).ok)
  assert.equal(await directory.read(), '{\n  "gateway": {}\n}\n')
})

test('an edit that would make the file invalid is refused with the path, and nothing is written', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory, '{ gateway: { port: 1 } }')
  const result = await edit({ kind: 'set', path: 'gateway.port', value: 'x' })
  assert.deepEqual(refusal(result), [
    false,
    'invalid-config',
    'invalid config: gateway.port: expected an integer from 0 to 65535, got "x"',
  ])
  assert.equal(await directory.read(), '{ gateway: { port: 1 } }')
  assert.equal(live.latest.valid, true)
})

test('a base hash guards against lost updates', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory, '{}')
  const guarded = { isBaseHashRequired: true }
  const patch: ConfigEdit = { kind: 'patch', raw: '{ metrics: { enabled: true } }' }
  assert.deepEqual(refusal(await edit(patch, guarded)), [
    false,
    'base-hash-required',
    'config base hash required; re-run config.get and retry',
  ])
  const baseHash = live.latest.hash
  await directory.write('breakwater.json', '{ /* by hand */ }')
  assert.deepEqual(refusal(await edit(patch, { ...guarded, baseHash })), [
    false,
    'base-hash-stale',
    'config changed since last load; re-run config.get and retry',
  ])
  assert.notEqual(live.latest.hash, baseHash)
  assert.ok((await edit(patch, { ...guarded, baseHash: live.latest.hash })).ok)
})

test('the placeholder keeps the stored secret, reference to the environment included', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory, '{ gateway: { auth: { token: "${T}", password: "pw" } } }', {
    T: 'abc',
  })
  const shown = { gateway: { port: 5, auth: { token: REDACTED, password: REDACTED } } }
  assert.ok((await edit({ kind: 'replace', raw: JSON.stringify(shown) })).ok)
  assert.deepEqual(JSON.parse(await directory.read()), {
    gateway: { port: 5, auth: { token: '${T}', password: 'pw' } },
  })
  assert.equal(live.current.gateway.auth.token, 'abc')
  const moved = await edit({ kind: 'set', path: 'gateway.remote.token', value: REDACTED })
  assert.deepEqual(refusal(moved).slice(0, 2), [false, 'bad-edit'])
})

test('what an included file sets cannot be removed from here, and its secrets stay there', async () => {
  await using directory = await createConfigDirectory()
  await directory.write('secret.json5', '{ token: "abc" }')
  const { edit } = await start(directory, '{ gateway: { auth: { $include: "secret.json5" } } }')
  const unset = await edit({ kind: 'unset', path: 'gateway.auth.token' })
  assert.deepEqual(refusal(unset), [
    false,
    'bad-edit',
    'gateway.auth.token: is set by an included file; remove it there',
  ])
  const patch = await edit({ kind: 'patch', raw: '{ gateway: { auth: { token: null } } }' })
  assert.equal(patch.ok, false)
  const kept = await edit({
    kind: 'patch',
    raw: JSON.stringify({ gateway: { auth: { mode: 'token', token: REDACTED } } }),
  })
  assert.ok(kept.ok)
  assert.doesNotMatch(await directory.read(), /abc|REDACTED/)
})

test('a broken file can be replaced as a whole but not edited', async () => {
  await using directory = await createConfigDirectory()
  const { live, edit } = await start(directory, '{ gateway: { port: 1 } }')
  await directory.write('breakwater.json', '{ broken')
  assert.match(refusal(await edit({ kind: 'set', path: 'gateway.port', value: 2 }))[2] as string, /cannot be read/)
  assert.ok((await edit({ kind: 'replace', raw: '{ gateway: { port: 2 } }' })).ok)
  assert.equal(live.latest.valid, true)
})

test('edits that arrive together are done one after the other and none is lost', async () => {
  await using directory = await createConfigDirectory()
  const { live } = await start(directory, '{}')
  const results = await Promise.all(
    Array.from({ length: MAX_WAITING_WRITES + 2 }, (_, index) =>
      live.edit({ kind: 'set', path: `x.k${index}`, value: index }),
    ),
  )
  assert.equal(results.filter((result) => result === 'busy').length, 2)
  const written = JSON.parse(await directory.read()) as { x: object }
  assert.equal(Object.keys(written.x).length, MAX_WAITING_WRITES)
})

test('a failing disk fails that edit alone', async () => {
  await using directory = await createConfigDirectory()
  const initial = await directory.load('{}')
  assertValid(initial)
  let isBroken = true
  const write = async (): Promise<void> => {
    if (isBroken) throw new Error('disk full')
  }
  const live = new LiveConfig(
    { load: (options) => directory.load(undefined, {}, options), log: silentLogger, write },
    initial,
  )
  const first = live.edit({ kind: 'set', path: 'metrics.enabled', value: true })
  await assert.rejects(first, /disk full/)
  assert.equal(live.current.metrics.enabled, false)
  isBroken = false
  const second = await live.edit({ kind: 'set', path: 'metrics.enabled', value: true })
  assert.ok(second !== 'busy' && second.ok)
})
