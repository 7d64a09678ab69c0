// The vectors of the protocol notes (2.3), written out again: a red test here means devices can no longer sign in.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { type SignedConnect, signaturePayload, signedToken, toBase64Url } from '@breakwater/protocol'

const seed = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
})
const rawPublicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12)

const DEVICE_ID = '56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c'
const NONCE = '7b1f0c2e-0000-4000-8000-000000000001'

const CLI: SignedConnect = {
  deviceId: DEVICE_ID,
  clientId: 'cli',
  clientMode: 'cli',
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  signedAtMs: 1_737_264_000_000,
  token: 't',
  nonce: NONCE,
  platform: 'linux',
  deviceFamily: 'Linux',
}
const NODE: SignedConnect = {
  ...CLI,
  clientId: 'node-host',
  clientMode: 'node',
  role: 'node',
  scopes: [],
  token: '',
  platform: 'macOS 15.3.1',
  deviceFamily: undefined,
}

const CASES = [
  {
    name: 'v3 of a command line',
    version: 'v3',
    connect: CLI,
    payload: `v3|${DEVICE_ID}|cli|cli|operator|operator.read,operator.write|1737264000000|t|${NONCE}|linux|linux`,
    signature: 'Bfum_U4MnDk0kKWbKZ3r34xIgKDDvGZu7Hs0dSzzw7WrYeuVNz2JWB_dCa1gVexKXc2yh50UII4bnJChlUK1Bg',
  },
  {
    name: 'v2 of a command line',
    version: 'v2',
    connect: CLI,
    payload: `v2|${DEVICE_ID}|cli|cli|operator|operator.read,operator.write|1737264000000|t|${NONCE}`,
    signature: 'JbPkYV4EAt7LEZp9MNFSSw4GT-3smd7EDs33DUvLdUxjmhorGst6X9InCP7VKv3J80PNGvOfXOTmK0aSelXqCw',
  },
  {
    name: 'v3 of a node without token and device family',
    version: 'v3',
    connect: NODE,
    payload: `v3|${DEVICE_ID}|node-host|node|node||1737264000000||${NONCE}|macos 15.3.1|`,
    signature: 'WH693TzIjtxKCXNbbLWXWtJ3ZYCySTLj-rgx1yZVAYObelkkOXwPIZOHss_AebJggf6CizZ2l1sgzcDL_opqBA',
  },
] as const

test('the key of the vectors is the published one', () => {
  assert.equal(toBase64Url(rawPublicKey), 'A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg')
  assert.equal(createHash('sha256').update(rawPublicKey).digest('hex'), DEVICE_ID)
})

describe('the signed payload', () => {
  for (const { name, version, connect, payload, signature } of CASES) {
    test(`${name} is the published one, and so is its signature`, () => {
      assert.equal(signaturePayload(version, connect), payload)
      const bytes = Buffer.from(signature, 'base64url')
      assert.ok(verify(null, Buffer.from(payload, 'utf8'), createPublicKey(privateKey), bytes))
      assert.equal(toBase64Url(sign(null, Buffer.from(payload, 'utf8'), privateKey)), signature)
    })
  }

  test('lower-cases only ASCII letters of platform and family, and trims them', () => {
    const payload = signaturePayload('v3', { ...CLI, platform: ' İOS Ä ', deviceFamily: '\tMÄC\n' })
    assert.ok(payload.endsWith('|İos Ä|mÄc'), payload)
  })

  test('keeps scopes as they were sent, in that order, and escapes nothing', () => {
    const payload = signaturePayload('v2', { ...CLI, scopes: ['b|c', 'a', 'a'] })
    assert.ok(payload.includes('|operator|b|c,a,a|1737264000000|'), payload)
  })
})

describe('the credential that takes part in the signature', () => {
  test('is the first one that is present; a password never is', () => {
    assert.equal(signedToken({ token: 'a', deviceToken: 'b', bootstrapToken: 'c' }), 'a')
    assert.equal(signedToken({ deviceToken: 'b', bootstrapToken: 'c' }), 'b')
    assert.equal(signedToken({ bootstrapToken: 'c' }), 'c')
    const withPassword: { token?: string; password: string } = { password: 'p' }
    assert.equal(signedToken(withPassword), '')
    assert.equal(signedToken(undefined), '')
  })

  test('an empty token is present', () => {
    assert.equal(signedToken({ token: '', deviceToken: 'b' }), '')
  })
})
