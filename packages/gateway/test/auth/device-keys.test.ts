import assert from 'node:assert/strict'
import { createPublicKey, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { ConnectParams, SignedConnect } from '@breakwater/protocol'
import { TestDevice } from '@breakwater/testkit'
import fc from 'fast-check'
import { DeviceKeys } from '../../src/auth/device-keys.ts'
import { connectParams, NONCE, NOW_MS } from '../admission/candidates.ts'

const signed = (device: TestDevice): SignedConnect => ({
  deviceId: device.deviceId,
  clientId: 'openclaw-macos',
  clientMode: 'ui',
  role: 'operator',
  scopes: [],
  signedAtMs: NOW_MS,
  token: '',
  nonce: NONCE,
  platform: 'macOS 15.3.1',
})

const signatureOf = (device: TestDevice, version: 'v3' | 'v2'): string => {
  const params: ConnectParams = device.sign(connectParams(), { nonce: NONCE, ts: NOW_MS }, { version })
  return params.device?.signature ?? ''
}

const spkiPem = (device: TestDevice): string =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(device.publicKey, 'base64url')]),
    format: 'der',
    type: 'spki',
  })
    .export({ format: 'pem', type: 'spki' })
    .toString()

describe('a device key', () => {
  test('is known by the hash of its raw bytes, in whatever form it is presented', () => {
    const device = new TestDevice()
    const keys = new DeviceKeys()
    const raw = Buffer.from(device.publicKey, 'base64url')
    for (const form of [device.publicKey, raw.toString('base64'), spkiPem(device)]) {
      const key = keys.parse(form)
      assert.deepEqual([key?.publicKey, key?.deviceId], [device.publicKey, device.deviceId])
    }
  })

  test('that is none is undefined, and never an error', () => {
    const keys = new DeviceKeys()
    const other = Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), randomBytes(32)]).toString('base64')
    for (const text of [
      '',
      'x',
      'A'.repeat(42),
      'A'.repeat(44),
      'A'.repeat(10_000),
      other,
      '-----BEGIN PUBLIC KEY-----',
    ]) {
      assert.equal(keys.parse(text), undefined, text.slice(0, 40))
    }
    fc.assert(fc.property(fc.string({ maxLength: 80 }), (text) => void keys.parse(text)))
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const key = keys.parse(Buffer.from(bytes).toString('base64url'))
        assert.ok(key, 'any 32 bytes may be a key')
        keys.verify(key, signed(new TestDevice()), randomBytes(64).toString('base64url'))
      }),
      { numRuns: 20 },
    )
  })
})

describe('a signature', () => {
  for (const version of ['v3', 'v2'] as const) {
    test(`over the ${version} payload verifies`, () => {
      const device = new TestDevice()
      const keys = new DeviceKeys()
      const key = keys.parse(device.publicKey) ?? assert.fail()
      assert.ok(keys.verify(key, signed(device), signatureOf(device, version)))
      assert.equal(key.lastVersion, version, 'and that version is tried first from now on')
      assert.equal(keys.parse(device.publicKey), key)
    })
  }

  test('may come as standard base64, but not as hex', () => {
    const device = new TestDevice()
    const keys = new DeviceKeys()
    const key = keys.parse(device.publicKey) ?? assert.fail()
    const bytes = Buffer.from(signatureOf(device, 'v3'), 'base64url')
    assert.ok(keys.verify(key, signed(device), bytes.toString('base64')))
    assert.ok(!keys.verify(key, signed(device), bytes.toString('hex')))
  })

  test('does not verify once any signed field differs', () => {
    const device = new TestDevice()
    const keys = new DeviceKeys()
    const key = keys.parse(device.publicKey) ?? assert.fail()
    const signature = signatureOf(device, 'v3')
    const changes: Partial<SignedConnect>[] = [
      { deviceId: 'x' },
      { clientId: 'cli' },
      { clientMode: 'cli' },
      { role: 'node' },
      { scopes: ['operator.admin'] },
      { signedAtMs: NOW_MS + 1 },
      { token: 't' },
      { nonce: 'other' },
      { platform: 'linux' },
      { deviceFamily: 'Mac' },
    ]
    for (const change of changes) {
      assert.ok(!keys.verify(key, { ...signed(device), ...change }, signature), JSON.stringify(change))
    }
    const other = keys.parse(new TestDevice().publicKey) ?? assert.fail()
    assert.ok(!keys.verify(other, signed(device), signature), 'nor with another key')
    for (const wrong of ['', 'x', signature.slice(1), `${signature}AA`]) {
      assert.ok(!keys.verify(key, signed(device), wrong))
    }
  })
})

test('keys that are remembered are bounded, and a forgotten one is read again', () => {
  const keys = new DeviceKeys({ maxRemembered: 8 })
  const device = new TestDevice()
  const first = keys.parse(device.publicKey)
  for (let count = 0; count < 7; count += 1) keys.parse(randomBytes(32).toString('base64url'))
  assert.equal(keys.parse(device.publicKey), first)
  for (let count = 0; count < 8; count += 1) keys.parse(randomBytes(32).toString('base64url'))
  const again = keys.parse(device.publicKey)
  assert.notEqual(again, first)
  assert.equal(again?.deviceId, device.deviceId)
})
