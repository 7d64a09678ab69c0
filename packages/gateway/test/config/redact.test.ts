// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to the environment are what is tested.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { redact, restoreSecrets, secretTexts } from '../../src/config/redact.ts'
import { REDACTED } from '../../src/config/redacted.ts'

const shown = { hasReferences: false }

test('declared secrets are hidden whatever their type, their neighbours are not', () => {
  const value = {
    gateway: {
      port: 1,
      auth: { mode: 'token', token: 'abc', password: 5, trustedProxy: { userHeader: 'x-token-user' } },
    },
  }
  assert.deepEqual(redact(value, shown), {
    gateway: {
      port: 1,
      auth: { mode: 'token', token: REDACTED, password: REDACTED, trustedProxy: { userHeader: 'x-token-user' } },
    },
  })
  assert.equal(redact(undefined, shown), undefined)
})

test('keys nobody declared go by name: misspelt ones, channels, providers, headers, URLs with credentials', () => {
  const value = {
    gateway: { auth: { tokn: 'short', tokenn: 'abc' } },
    channels: {
      telegram: { botToken: '1:a', name: 'bot', accounts: [{ apiKey: 'k' }] },
      slack: { signingSecret: 's' },
    },
    models: { providers: { x: { headers: { 'x-whatever': 'v' }, maxTokens: 5, baseUrl: 'https://me:pw@host/v1' } } },
    env: { vars: { ANYTHING: 'v' } },
    other: { password: 1234, tokens: ['a', 'b'], pin: 99 },
  }
  assert.deepEqual(redact(value, shown), {
    gateway: { auth: { tokn: 'short', tokenn: REDACTED } },
    channels: {
      telegram: { botToken: REDACTED, name: 'bot', accounts: [{ apiKey: REDACTED }] },
      slack: { signingSecret: REDACTED },
    },
    models: { providers: { x: { headers: { 'x-whatever': REDACTED }, maxTokens: 5, baseUrl: REDACTED } } },
    env: { vars: { ANYTHING: REDACTED } },
    other: { password: REDACTED, tokens: [REDACTED, REDACTED], pin: REDACTED },
  })
})

test('a reference to the environment is shown as written, and hidden once it has been replaced', () => {
  const value = { gateway: { auth: { token: '${TOKEN}', password: 'x${TOKEN}' } } }
  assert.deepEqual(redact(value, { hasReferences: true }), {
    gateway: { auth: { token: '${TOKEN}', password: REDACTED } },
  })
  assert.deepEqual(redact(value, shown), { gateway: { auth: { token: REDACTED, password: REDACTED } } })
})

test('the secrets of a value are listed, longest first', () => {
  const value = { gateway: { auth: { token: 'abc', password: 'longer' } }, a: 'abcdef' }
  assert.deepEqual(secretTexts(value, shown), ['longer', 'abc'])
})

const anyConfig = fc.object({
  maxDepth: 4,
  key: fc.constantFrom(
    'gateway',
    'auth',
    'token',
    'password',
    'remote',
    'channels',
    'apiKey',
    'list',
    'name',
    'headers',
  ),
  values: [fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 })],
})

test('what was hidden comes back when it is written unchanged', () => {
  fc.assert(
    fc.property(anyConfig, (stored) => {
      assert.deepEqual(restoreSecrets(redact(stored, shown), stored, {}), { ok: true, value: stored })
    }),
    { numRuns: 500 },
  )
})

test('no secret text survives hiding', () => {
  fc.assert(
    fc.property(anyConfig, (value) => {
      assert.deepEqual(secretTexts(redact(value, shown), shown), [])
    }),
  )
})

test('a placeholder never fetches a secret from another place', () => {
  const stored = { gateway: { auth: { token: 'abc' } }, list: [{ token: 'one' }, { token: 'two' }] }
  const refused = (next: unknown) => restoreSecrets(next, stored, {})
  assert.deepEqual(refused({ name: REDACTED }), { ok: false, path: 'name' })
  assert.deepEqual(refused({ gateway: { auth: { password: REDACTED } } }), { ok: false, path: 'gateway.auth.password' })
  assert.deepEqual(refused({ list: [{ token: REDACTED }] }), { ok: false, path: 'list[0].token' })
  assert.deepEqual(restoreSecrets({ list: [{ token: 'new' }, { token: REDACTED }] }, stored, {}), {
    ok: true,
    value: { list: [{ token: 'new' }, { token: 'two' }] },
  })
})

test('a placeholder of a secret that is set elsewhere leaves it there', () => {
  const effective = { gateway: { auth: { token: 'from an include' } } }
  const next = { gateway: { auth: { mode: 'token', token: REDACTED } } }
  assert.deepEqual(restoreSecrets(next, { gateway: {} }, effective), {
    ok: true,
    value: { gateway: { auth: { mode: 'token' } } },
  })
})
