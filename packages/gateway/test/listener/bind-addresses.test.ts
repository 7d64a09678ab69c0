import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bindAddresses, hostOfBind, isLoopbackBind } from '../../src/listener/bind-addresses.ts'

test('loopback and lan take a socket of each family, and do without IPv6 where there is none', () => {
  for (const [bind, ipv4, ipv6] of [
    ['loopback', '127.0.0.1', '::1'],
    ['lan', '0.0.0.0', '::'],
  ] as const) {
    assert.deepEqual(bindAddresses(bind), [
      { host: ipv4, ipv6Only: false, isRequired: true },
      { host: ipv6, ipv6Only: true, isRequired: false },
    ])
  }
})

test('the IPv6 wildcard alone takes both families, any other address only its own', () => {
  assert.deepEqual(bindAddresses('::'), [{ host: '::', ipv6Only: false, isRequired: true }])
  assert.deepEqual(bindAddresses('fd00::7'), [{ host: 'fd00::7', ipv6Only: true, isRequired: true }])
  assert.deepEqual(bindAddresses('192.0.2.7'), [{ host: '192.0.2.7', ipv6Only: false, isRequired: true }])
})

test('the address shown is one that answers', () => {
  const shown = ['loopback', 'lan', '0.0.0.0', '::', '::1', 'fd00::7', '192.0.2.7'].map((bind) => [
    bind,
    hostOfBind(bind),
  ])
  assert.deepEqual(shown, [
    ['loopback', '127.0.0.1'],
    ['lan', '127.0.0.1'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '[::1]'],
    ['fd00::7', '[fd00::7]'],
    ['192.0.2.7', '192.0.2.7'],
  ])
})

test('only loopback addresses are out of reach of the network', () => {
  assert.deepEqual(
    [
      'loopback',
      'localhost',
      '::1',
      '127.0.0.1',
      '127.9.8.7',
      'lan',
      '::',
      '0.0.0.0',
      '127.0.0.1.example',
      '192.0.2.7',
    ].filter(isLoopbackBind),
    ['loopback', 'localhost', '::1', '127.0.0.1', '127.9.8.7'],
  )
})
