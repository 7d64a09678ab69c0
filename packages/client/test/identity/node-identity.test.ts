import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadIdentity, loadOrCreateIdentity, nodeIdentity } from '../../src/identity/node-identity.ts'

const temporary = () => mkdtempDisposable(join(tmpdir(), 'breakwater-identity-'))

test('a missing key is created once, private to its owner, and read back the same', async () => {
  await using directory = await temporary()
  const path = join(directory.path, 'identity', 'device.json')
  assert.equal(await loadIdentity(path), undefined)
  const created = await loadOrCreateIdentity(path)
  const loaded = await loadOrCreateIdentity(path)
  assert.equal(loaded.deviceId, created.deviceId)
  assert.equal(await loaded.sign('x'), await created.sign('x'))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await stat(join(directory.path, 'identity'))).mode & 0o777, 0o700)
  assert.deepEqual(await readdir(join(directory.path, 'identity')), ['device.json'], 'nothing temporary is left')
})

test('many that create at the same time end up with one key', async () => {
  await using directory = await temporary()
  const path = join(directory.path, 'device.json')
  const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateIdentity(path)))
  assert.equal(new Set(all.map(({ deviceId }) => deviceId)).size, 1)
})

test('a file that makes no sense blocks and is never replaced', async () => {
  await using directory = await temporary()
  const path = join(directory.path, 'device.json')
  const good = JSON.parse(await readFile(await created(directory.path), 'utf8'))
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const broken = [
    '',
    '{}',
    'not json',
    JSON.stringify({ ...good, version: 2 }),
    JSON.stringify({ ...good, privateKeyPem: 'x' }),
    JSON.stringify({ ...good, privateKeyPem: rsa }),
    JSON.stringify({ ...good, deviceId: 'f'.repeat(64) }),
    JSON.stringify({ ...good, deviceId: undefined }),
  ]
  for (const text of broken) {
    await writeFile(path, text)
    await assert.rejects(loadOrCreateIdentity(path), { code: 'IDENTITY_UNAVAILABLE' }, text.slice(0, 40))
    assert.equal(await readFile(path, 'utf8'), text)
  }
})

const created = async (directory: string): Promise<string> => {
  const path = join(directory, 'good.json')
  await loadOrCreateIdentity(path)
  return path
}

test('a path that cannot be used is reported, not worked around', async () => {
  await using directory = await temporary()
  await writeFile(join(directory.path, 'file'), 'x')
  await assert.rejects(loadOrCreateIdentity(join(directory.path, 'file', 'device.json')), {
    code: 'IDENTITY_UNAVAILABLE',
  })
})

test('only an Ed25519 private key is a device key', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.throws(() => nodeIdentity(privateKey), { code: 'IDENTITY_UNAVAILABLE' })
  assert.throws(() => nodeIdentity(generateKeyPairSync('ed25519').publicKey), { code: 'IDENTITY_UNAVAILABLE' })
})
