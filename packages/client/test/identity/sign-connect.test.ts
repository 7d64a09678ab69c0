import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { test } from 'node:test'
import type { ClientInfo } from '@breakwater/protocol'
import { nodeIdentity } from '../../src/identity/node-identity.ts'
import { signConnect } from '../../src/identity/sign-connect.ts'
import { generateDeviceKeyPair, webCryptoIdentity } from '../../src/identity/web-crypto-identity.ts'

// Pins of the wire (protocol notes 2.3): the key with seed 00..1f and what it signs, byte for byte.
const SEED = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const PKCS8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), SEED])
const DEVICE_ID = '56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c'
const PUBLIC_KEY = 'A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg'
const NONCE = '7b1f0c2e-0000-4000-8000-000000000001'
const OPERATOR_V3 = 'Bfum_U4MnDk0kKWbKZ3r34xIgKDDvGZu7Hs0dSzzw7WrYeuVNz2JWB_dCa1gVexKXc2yh50UII4bnJChlUK1Bg'
const OPERATOR_V2 = 'JbPkYV4EAt7LEZp9MNFSSw4GT-3smd7EDs33DUvLdUxjmhorGst6X9InCP7VKv3J80PNGvOfXOTmK0aSelXqCw'
const NODE_V3 = 'WH693TzIjtxKCXNbbLWXWtJ3ZYCySTLj-rgx1yZVAYObelkkOXwPIZOHss_AebJggf6CizZ2l1sgzcDL_opqBA'

const cli: ClientInfo = { id: 'cli', mode: 'cli', version: '1', platform: 'linux', deviceFamily: 'Linux' }
const operator = {
  client: cli,
  role: 'operator',
  scopes: ['operator.read', 'operator.write'],
  auth: { token: 't', password: 'never signed' },
  nonce: NONCE,
  signedAtMs: 1_737_264_000_000,
}
const node = {
  client: { id: 'node-host', mode: 'node', version: '1', platform: 'macOS 15.3.1' } as const,
  role: 'node',
  scopes: [],
  auth: undefined,
  nonce: NONCE,
  signedAtMs: 1_737_264_000_000,
}

const identities = {
  'node:crypto': async () => nodeIdentity(createPrivateKey({ key: PKCS8, format: 'der', type: 'pkcs8' })),
  WebCrypto: async () => {
    const raw = Buffer.from(PUBLIC_KEY, 'base64url')
    return webCryptoIdentity({
      privateKey: await crypto.subtle.importKey('pkcs8', PKCS8, { name: 'Ed25519' }, false, ['sign']),
      publicKey: await crypto.subtle.importKey('raw', raw, { name: 'Ed25519' }, true, ['verify']),
    })
  },
}

for (const [platform, load] of Object.entries(identities)) {
  test(`${platform}: the proof of an operator and of a node match the wire's vectors`, async () => {
    const identity = await load()
    assert.deepEqual(await signConnect(identity, operator), {
      id: DEVICE_ID,
      publicKey: PUBLIC_KEY,
      signature: OPERATOR_V3,
      signedAt: 1_737_264_000_000,
      nonce: NONCE,
    })
    assert.equal((await signConnect(identity, operator, 'v2')).signature, OPERATOR_V2)
    assert.equal((await signConnect(identity, node)).signature, NODE_V3)
  })
}

test('a generated browser key cannot be exported unless asked for', async () => {
  const kept = await generateDeviceKeyPair()
  await assert.rejects(crypto.subtle.exportKey('pkcs8', kept.privateKey))
  const movable = await generateDeviceKeyPair({ extractable: true })
  assert.ok((await crypto.subtle.exportKey('pkcs8', movable.privateKey)).byteLength > 0)
  const identity = await webCryptoIdentity(kept)
  assert.match(identity.deviceId, /^[0-9a-f]{64}$/)
  assert.match(identity.publicKey, /^[A-Za-z0-9_-]{43}$/)
  assert.match(await identity.sign('x'), /^[A-Za-z0-9_-]{86}$/)
})
