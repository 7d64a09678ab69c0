import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createConfigHasher, openConfigHasher } from '../../src/config/config-hash.ts'
import { createConfigDirectory } from './config-fixture.ts'

test('a hash has the shape of the wire and depends on key, subject and text', () => {
  const hasher = createConfigHasher(Buffer.alloc(32, 1))
  assert.match(hasher('raw', '{}'), /^hmac-sha256:v1:[\w-]{43}$/)
  const others = [hasher('revision', '{}'), hasher('raw', '{ }'), createConfigHasher(Buffer.alloc(32, 2))('raw', '{}')]
  assert.equal(new Set([hasher('raw', '{}'), ...others]).size, 4)
})

test('the key is made once, for its owner only, and survives a restart', async () => {
  await using directory = await createConfigDirectory()
  const state = join(directory.path, 'state')
  const first = await openConfigHasher(state)
  const second = await openConfigHasher(state)
  assert.equal(first.problem, undefined)
  assert.equal(first.hasher('raw', 'x'), second.hasher('raw', 'x'))
  if (process.platform !== 'win32') {
    assert.equal((await stat(join(state, 'config-hash.key'))).mode & 0o777, 0o600)
    assert.equal((await stat(state)).mode & 0o777, 0o700)
  }
})

test('gateways that start together agree on one key', async () => {
  await using directory = await createConfigDirectory()
  const opened = await Promise.all(Array.from({ length: 8 }, () => openConfigHasher(directory.path)))
  assert.equal(new Set(opened.map(({ hasher }) => hasher('raw', 'x'))).size, 1)
  assert.deepEqual(await readdir(directory.path), ['config-hash.key'])
})

test('a torn key is replaced, and without a usable directory the key is the process’s own', async () => {
  await using directory = await createConfigDirectory()
  await writeFile(join(directory.path, 'config-hash.key'), 'short')
  const repaired = await openConfigHasher(directory.path)
  assert.equal(repaired.problem, undefined)
  assert.equal((await readFile(join(directory.path, 'config-hash.key'))).length, 32)
  const homeless = await openConfigHasher(join(directory.path, 'config-hash.key', 'below'))
  assert.match(homeless.problem ?? '', /config-hash\.key/)
  assert.match(homeless.hasher('raw', 'x'), /^hmac-sha256:v1:/)
})
