import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialSource } from '../../src/credentials/authenticator.ts'
import {
  type CredentialInput,
  hasSharedSecret,
  resolveCredentials,
  resolveScopes,
} from '../../src/credentials/resolve.ts'

const stored = { token: 'stored', scopes: ['operator.read'] }
const resolve = (input: CredentialInput, over = {}) =>
  resolveCredentials(input, { stored: undefined, isFallback: false, isFallbackTrusted: true, ...over })

// Client notes 4.1, row by row.
const ROWS: [string, CredentialInput, object, CredentialSource, object | undefined][] = [
  [
    'bootstrap preferred',
    { bootstrapToken: 'b', preferBootstrapToken: true, token: 't', password: 'p' },
    { stored },
    'bootstrap-token',
    { bootstrapToken: 'b' },
  ],
  ['preferred but absent', { preferBootstrapToken: true, token: 't' }, {}, 'token', { token: 't' }],
  ['explicit token', { token: 't' }, { stored }, 'token', { token: 't' }],
  ['token and password', { token: 't', password: 'p' }, {}, 'token', { token: 't', password: 'p' }],
  ['token wins over bootstrap', { token: 't', bootstrapToken: 'b' }, {}, 'token', { token: 't' }],
  ['explicit device token', { deviceToken: 'd' }, { stored }, 'device-token', { token: 'd', deviceToken: 'd' }],
  ['stored token', {}, { stored }, 'stored-token', { token: 'stored', deviceToken: 'stored' }],
  ['password only', { password: 'p' }, { stored }, 'password', { password: 'p' }],
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
  ['nothing', {}, {}, 'none', undefined],
  ['blanks are nothing', { token: ' ', password: '', deviceToken: '\n', bootstrapToken: '\t' }, {}, 'none', undefined],
  ['values are trimmed', { token: ' t \n' }, {}, 'token', { token: 't' }],
]

for (const [title, input, context, source, auth] of ROWS) {
  test(`precedence: ${title}`, () => {
    const credentials = resolve(input, context)
    assert.equal(credentials.source, source)
    assert.deepEqual(credentials.auth, auth)
  })
}

test('a fallback exists only for a lone shared token, a stored one, and an endpoint that may see it', () => {
  assert.equal(resolve({ token: 't' }, { stored }).hasFallback, true)
  assert.equal(resolve({ token: 't' }, {}).hasFallback, false)
  assert.equal(resolve({ token: 't' }, { stored, isFallbackTrusted: false }).hasFallback, false)
  assert.equal(resolve({ token: 't', deviceToken: 'd' }, { stored }).hasFallback, false)
  assert.equal(resolve({ token: 't' }, { stored, isFallback: true }).hasFallback, false)
  assert.equal(resolve({ password: 'p' }, { stored }).hasFallback, false)
})

test('scopes: as given, else those of the stored token, else admin; a node asks for none', () => {
  const withStored = resolve({}, { stored })
  const withToken = resolve({ token: 't' }, { stored })
  assert.deepEqual(resolveScopes('operator', ['operator.write'], withStored), ['operator.write'])
  assert.deepEqual(resolveScopes('operator', [], withStored), [])
  assert.deepEqual(resolveScopes('operator', undefined, withStored), ['operator.read'])
  assert.deepEqual(resolveScopes('operator', undefined, withToken), ['operator.admin'])
  const empty = resolve({}, { stored: { token: 's', scopes: [] } })
  assert.deepEqual(resolveScopes('operator', undefined, empty), ['operator.admin'])
  assert.deepEqual(resolveScopes('node', undefined, withStored), [])
})

test('a shared secret is a token or a password that is not blank', () => {
  assert.equal(hasSharedSecret({ token: 't' }), true)
  assert.equal(hasSharedSecret({ password: 'p' }), true)
  assert.equal(hasSharedSecret({ token: ' ', deviceToken: 'd', bootstrapToken: 'b' }), false)
})
