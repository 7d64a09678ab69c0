import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayKeyOf, gatewayLabel } from '../../src/credentials/gateway-key.ts'
import { parseEndpoint } from '../../src/url.ts'

const keyOf = (url: string) => gatewayKeyOf(parseEndpoint(url))

test('one address written in many ways is one gateway', () => {
  const same = [
    [
      'ws://localhost:18789',
      'ws://127.0.0.1:18789',
      'ws://[::1]:18789/',
      'ws://[::ffff:127.0.0.1]:18789',
      'ws://LOCALHOST.:18789//',
      'http://localhost:18789',
      'ws://user:secret@localhost:18789#x',
    ],
    ['wss://Gateway.Example.com', 'https://gateway.example.com:443/', 'wss://gateway.example.com.'],
    ['wss://gateway.example.com/a/', 'wss://gateway.example.com/a'],
  ]
  for (const urls of same) assert.equal(new Set(urls.map(keyOf)).size, 1, urls.map(keyOf).join(' '))
})

test('anything that may be another gateway is another one', () => {
  const different = [
    'ws://localhost:18789',
    'ws://localhost:18790',
    'wss://localhost:18789',
    'ws://localhost:18789/path',
    'ws://localhost:18789/Path',
    'ws://localhost:18789/?tenant=1',
    'ws://127.0.0.2:18789',
    'ws://192.168.1.5:18789',
    'wss://gateway.example.com',
    'unix:/run/gateway.sock',
    'unix:/run/other.sock',
  ]
  assert.equal(new Set(different.map(keyOf)).size, different.length)
})

test('neither the key nor what is shown of it holds a password, and a query is not shown', () => {
  const key = keyOf('wss://user:secret@gateway.example.com/a?token=hidden')
  assert.ok(!key.includes('secret'))
  assert.equal(gatewayLabel(key), 'wss://gateway.example.com:443/a')
})
