import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialSource } from '../../src/credentials/authenticator.ts'
import {
  type CredentialInput,
  hasSharedSecret,
  resolveCredentials,
  resolveScopes,
  withoutBootstrap,
} from '../../src/credentials/resolve.ts'

const stored = { token: 'stored', scopes: ['operator.read'] }
const resolve = (input: CredentialInput, over = {}) =>
  resolveCredentials(input, { stored: undefined, isFallback: false, ...over })

// Client notes 4.1, row by row.
const ROWS: [string, CredentialInput, object, CredentialSource, object | undefined][] = [
  [
    'bootstrap preferred',
    { bootstrapToken: 'b', preferBootstrapToken: true, token: 't', password: 'p', deviceToken: 'd' },
    { stored },
    'bootstrap-token',
    { bootstrapToken: 'b' },
  ],
  ['preferred but absent', { preferBootstrapToken: true, token: 't' }, {}, 'token', { token: 't' }],
  ['explicit token', { token: 't' }, { stored }, 'token', { token: 't' }],
  ['token and password', { token: 't', password: 'p' }, {}, 'token', { token: 't', password: 'p' }],
  ['token wins over bootstrap', { token: 't', bootstrapToken: 'b' }, {}, 'token', { token: 't' }],
  ['token and device token', { token: 't', deviceToken: 'd' }, { stored }, 'token', { token: 't', deviceToken: 'd' }],
  ['explicit device token', { deviceToken: 'd' }, { stored }, 'device-token', { token: 'd', deviceToken: 'd' }],
  [
    'device token and password',
    { deviceToken: 'd', password: 'p' },
    { stored },
    'device-token',
    { token: 'd', password: 'p', deviceToken: 'd' },
  ],
  [
    'device token wins over bootstrap',
    { deviceToken: 'd', bootstrapToken: 'b' },
    {},
    'device-token',
    { token: 'd', deviceToken: 'd' },
  ],
  ['stored token', {}, { stored }, 'stored-token', { token: 'stored', deviceToken: 'stored' }],
  ['password only', { password: 'p' }, { stored }, 'password', { password: 'p' }],
  ['password wins over bootstrap', { password: 'p', bootstrapToken: 'b' }, {}, 'password', { password: 'p' }],
  ['bootstrap only', { bootstrapToken: 'b' }, {}, 'bootstrap-token', { bootstrapToken: 'b' }],
  [
    'stored wins over bootstrap',
    { bootstrapToken: 'b' },
    { stored },
    'stored-token',
    { token: 'stored', deviceToken: 'stored' },
  ],
  [
    'one-shot retry',
    { token: 't' },
    { stored, isFallback: true },
    'token-with-stored',
    { token: 't', deviceToken: 'stored' },
  ],
  ['one-shot retry without anything stored', { token: 't' }, { isFallback: true }, 'token', { token: 't' }],
  ['nothing', {}, {}, 'none', undefined],
  ['blanks are nothing', { token: ' ', password: '', deviceToken: '\n', bootstrapToken: '\t' }, {}, 'none', undefined],
  ['values are trimmed', { token: ' t \n' }, {}, 'token', { token: 't' }],
]

for (const [title, input, context, source, auth] of ROWS) {
  test(`precedence: ${title}`, () => {
    const credentials = resolve(input, context)
    assert.equal(credentials.source, source)
    assert.deepEqual(credentials.auth, auth)
    assert.deepEqual(credentials.stored, (context as { stored?: object }).stored)
  })
}

test('scopes: as given, else those of the stored token when it is sent, else admin; a node asks for none', () => {
  const withStored = resolve({}, { stored })
  assert.deepEqual(resolveScopes('operator', ['operator.write'], withStored), ['operator.write'])
  assert.deepEqual(resolveScopes('operator', [], withStored), [])
  assert.deepEqual(resolveScopes('operator', undefined, withStored), ['operator.read'])
  const withBoth = resolve({ token: 't' }, { stored, isFallback: true })
  assert.deepEqual(resolveScopes('operator', undefined, withBoth), ['operator.read'])
  for (const input of [{ token: 't' }, { password: 'p' }, { deviceToken: 'd' }]) {
    assert.deepEqual(resolveScopes('operator', undefined, resolve(input, { stored })), ['operator.admin'])
  }
  const empty = resolve({}, { stored: { token: 's', scopes: [] } })
  assert.deepEqual(resolveScopes('operator', undefined, empty), ['operator.admin'])
  assert.deepEqual(resolveScopes('node', undefined, withStored), [])
  assert.deepEqual(resolveScopes('node', ['x'], withStored), ['x'])
})

test('a shared secret is a token or a password that is not blank', () => {
  assert.equal(hasSharedSecret({ token: 't' }), true)
  assert.equal(hasSharedSecret({ password: 'p' }), true)
  assert.equal(hasSharedSecret({ token: ' ', deviceToken: 'd', bootstrapToken: 'b' }), false)
})

test('a redeemed setup token leaves, and with it what it was preferred to', () => {
  const input = { token: 't', password: 'p', deviceToken: 'd', bootstrapToken: ' b ', preferBootstrapToken: true }
  assert.deepEqual(withoutBootstrap(input, 'b'), { deviceToken: 'd' })
  assert.equal(withoutBootstrap(input, 'another'), input)
  assert.equal(withoutBootstrap(input, undefined), input)
  const aside = { token: 't', password: undefined, deviceToken: undefined, bootstrapToken: 'b' }
  assert.deepEqual(withoutBootstrap(aside, 'b'), { token: 't', password: undefined, deviceToken: undefined })
})
