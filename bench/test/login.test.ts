import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { createDevices, signedLogin, tokenLogin } from '../login.ts'

const CHALLENGE = Buffer.from(
  JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: 7 } }),
)
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

test('a signed login proves the key its device id is made from', () => {
  const [device] = createDevices('any', 1)
  assert.ok(device)
  const { params } = JSON.parse(signedLogin('T', device)(CHALLENGE))
  const raw = Buffer.from(params.device.publicKey, 'base64url')
  assert.equal(params.device.id, createHash('sha256').update(raw).digest('hex'))
  assert.equal(params.device.signedAt, 7)
  const payload = `v3|${params.device.id}|cli|cli|operator|operator.admin|7|T|n|linux|`
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  assert.ok(verify(null, Buffer.from(payload), key, Buffer.from(params.device.signature, 'base64url')))
})

test('one seed gives the same devices every time and another seed gives others', () => {
  const ids = (seed: string) => createDevices(seed, 3).map(({ id }) => id)
  assert.deepEqual(ids('a'), ids('a'))
  assert.equal(new Set([...ids('a'), ...ids('b')]).size, 6)
})

test('a token login presents the token and no device', () => {
  const { params } = JSON.parse(tokenLogin('T')(CHALLENGE))
  assert.deepEqual(params.auth, { token: 'T' })
  assert.equal('device' in params, false)
})
