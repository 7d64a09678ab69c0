import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AddressWish,
  chooseSetupAddress,
  type GatewayAddress,
  mayCarryCode,
} from '../../src/pairing/setup-address.ts'

const LAN: GatewayAddress = {
  bind: 'lan',
  port: 18_789,
  isTls: false,
  tlsFingerprint: undefined,
  lanAddresses: ['192.168.1.20', '10.0.0.5'],
  remoteUrl: undefined,
}
const FINGERPRINT = 'ab'.repeat(32)

const choose = (gateway: Partial<GatewayAddress>, wish: AddressWish = {}) => {
  const choice = chooseSetupAddress({ ...LAN, ...gateway }, wish)
  return choice.ok ? choice.address : choice.refusal
}

describe('a setup code names', () => {
  test('every address of the network the gateway listens on', () => {
    assert.deepEqual(choose({}), {
      url: 'ws://192.168.1.20:18789',
      urls: ['ws://192.168.1.20:18789', 'ws://10.0.0.5:18789'],
      source: 'gateway.bind=lan',
      tlsFingerprint: undefined,
      isPrivate: false,
    })
  })

  test('the certificate when the gateway speaks TLS itself, and then anything may be granted', () => {
    assert.deepEqual(choose({ isTls: true, tlsFingerprint: FINGERPRINT, lanAddresses: ['192.168.1.20'] }), {
      url: 'wss://192.168.1.20:18789',
      urls: ['wss://192.168.1.20:18789'],
      source: 'gateway.bind=lan',
      tlsFingerprint: FINGERPRINT,
      isPrivate: true,
    })
  })

  test('the one address that is bound, IPv6 in brackets', () => {
    assert.equal((choose({ bind: 'fd00::5' }) as { url: string }).url, 'ws://[fd00::5]:18789')
  })

  test('the address it is told, in one spelling and without our certificate', () => {
    const address = choose({ bind: 'loopback', tlsFingerprint: FINGERPRINT }, { publicUrl: 'https://gw.example.com/' })
    assert.deepEqual(address, {
      url: 'wss://gw.example.com',
      urls: ['wss://gw.example.com'],
      source: 'publicUrl',
      tlsFingerprint: undefined,
      isPrivate: true,
    })
    assert.equal(
      (choose({ bind: 'loopback' }, { publicUrl: 'ws://127.0.0.1:1' }) as { isPrivate: boolean }).isPrivate,
      true,
    )
  })

  test('the remote address when that is preferred and known', () => {
    const wish = { preferRemoteUrl: true }
    assert.equal((choose({ remoteUrl: 'wss://far.example' }, wish) as { source: string }).source, 'gateway.remote.url')
    assert.equal((choose({}, wish) as { source: string }).source, 'gateway.bind=lan')
  })

  test('nothing when only this machine could use it, nothing that others could read, no nonsense', () => {
    assert.deepEqual(choose({ bind: 'loopback' }), { reason: 'loopback-only' })
    assert.deepEqual(choose({ bind: '127.0.0.1' }), { reason: 'loopback-only' })
    assert.deepEqual(choose({ lanAddresses: [] }), { reason: 'loopback-only' })
    assert.deepEqual(choose({ bind: '203.0.113.9' }), { reason: 'insecure-url', url: 'ws://203.0.113.9:18789' })
    assert.deepEqual(choose({}, { publicUrl: 'http://gw.example.com' }), {
      reason: 'insecure-url',
      url: 'ws://gw.example.com',
    })
    assert.deepEqual(choose({}, { publicUrl: 'gw.example.com' }), { reason: 'bad-url', url: 'gw.example.com' })
  })

  test('only the addresses that may carry it', () => {
    const mixed = choose({ lanAddresses: ['10.0.0.5', '203.0.113.9'] }) as unknown as { urls: string[] }
    assert.deepEqual(mixed.urls, ['ws://10.0.0.5:18789'])
  })
})

describe('plain ws://', () => {
  const plain: Readonly<Record<string, boolean>> = {
    'wss://anything.example': true,
    'ws://localhost:1': true,
    'ws://127.0.0.1': true,
    'ws://[::1]': true,
    'ws://10.0.2.2': true,
    'ws://10.9.8.7': true,
    'ws://172.16.0.1': true,
    'ws://192.168.0.1': true,
    'ws://169.254.1.1': true,
    'ws://[fe80::1]': true,
    'ws://[fd12::1]': true,
    'ws://desk.local': true,
    'ws://local': false,
    'ws://172.32.0.1': false,
    'ws://100.64.0.1': false,
    'ws://203.0.113.1': false,
    'ws://[2001:db8::1]': false,
    'ws://desk.example.com': false,
  }
  for (const [url, isAllowed] of Object.entries(plain)) {
    test(`${isAllowed ? 'may' : 'may not'} carry a code: ${url}`, () => assert.equal(mayCarryCode(url), isAllowed))
  }
})
