import assert from 'node:assert/strict'
import { createHash, createPublicKey, sign, verify } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { loadGatewayIdentity } from '../src/gateway-identity.ts'

async function state() {
  const stateDir = await mkdtemp(join(tmpdir(), 'breakwater-identity-'))
  return {
    stateDir,
    keyPath: join(stateDir, 'identity', 'gateway-key.pem'),
    [Symbol.asyncDispose]: () => rm(stateDir, { recursive: true, force: true }),
  }
}

describe("the gateway's identity", () => {
  test('is an Ed25519 key whose id is the hash of its public half', async () => {
    await using at = await state()
    const { deviceId, publicKey, privateKey } = await loadGatewayIdentity(at)
    const raw = Buffer.from(publicKey, 'base64url')
    assert.equal(raw.length, 32)
    assert.equal(deviceId, createHash('sha256').update(raw).digest('hex'))
    const signature = sign(null, Buffer.from('hello'), privateKey)
    assert.ok(verify(null, Buffer.from('hello'), createPublicKey(privateKey), signature))
  })

  test('is the same ever after, and readable by its owner only', async () => {
    await using at = await state()
    const first = await loadGatewayIdentity(at)
    await chmod(at.keyPath, 0o644)
    assert.equal((await loadGatewayIdentity(at)).deviceId, first.deviceId)
    assert.equal((await stat(at.keyPath)).mode & 0o777, 0o600)
  })

  test('is one, also when several processes make it at once', async () => {
    await using at = await state()
    const identities = await Promise.all(Array.from({ length: 8 }, () => loadGatewayIdentity(at)))
    assert.equal(new Set(identities.map(({ deviceId }) => deviceId)).size, 1)
    assert.deepEqual(await readdir(join(at.stateDir, 'identity')), ['gateway-key.pem'])
  })

  test('is never replaced: a file that holds no key is an error that says what to do', async () => {
    await using at = await state()
    await mkdir(join(at.stateDir, 'identity'))
    await writeFile(at.keyPath, 'not a key')
    await assert.rejects(loadGatewayIdentity(at), /holds no Ed25519 key; restore it/)
  })
})
