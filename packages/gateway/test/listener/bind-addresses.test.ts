import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bindAddresses, isLoopbackBind } from '../../src/listener/bind-addresses.ts'

describe('where a gateway listens', () => {
  test('on this machine: both families, of which IPv6 may be missing', () => {
    assert.deepEqual(bindAddresses('loopback'), [
      { host: '127.0.0.1', ipv6Only: false, isRequired: true },
      { host: '::1', ipv6Only: true, isRequired: false },
    ])
  })

  test('on every address: one wildcard per family', () => {
    assert.deepEqual(bindAddresses('lan'), [
      { host: '0.0.0.0', ipv6Only: false, isRequired: true },
      { host: '::', ipv6Only: true, isRequired: false },
    ])
  })

  test('on one address, which it must get', () => {
    assert.deepEqual(bindAddresses('192.0.2.7'), [{ host: '192.0.2.7', ipv6Only: false, isRequired: true }])
    assert.deepEqual(bindAddresses('fd00::7'), [{ host: 'fd00::7', ipv6Only: true, isRequired: true }])
  })
})

describe('a bind that only this machine reaches', () => {
  for (const bind of ['loopback', 'localhost', '127.0.0.1', '127.8.9.10', '::1']) {
    test(`is ${bind}`, () => assert.ok(isLoopbackBind(bind)))
  }
  for (const bind of ['lan', '0.0.0.0', '::', '192.168.1.2', '1127.0.0.1', '127.0.0.1.example', 'fd00::1', '']) {
    test(`is not ${JSON.stringify(bind)}`, () => assert.ok(!isLoopbackBind(bind)))
  }
})
