import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentSecrets, type GatewayFlags, toOverrides } from '../../../src/commands/gateway/gateway-flags.ts'
import { CommandError } from '../../../src/failure.ts'

const valuesOf = (flags: GatewayFlags): Record<string, unknown> =>
  Object.fromEntries(toOverrides(flags, '/work').map(({ path, value }) => [path, value]))

test('no flag changes nothing', () => {
  assert.deepEqual(toOverrides({}, '/work'), [])
})

test('each flag names the setting it replaces and where the value came from', () => {
  assert.deepEqual(toOverrides({ port: '0', bind: 'lan' }, '/work'), [
    { path: 'gateway.port', value: '0', origin: '--port' },
    { path: 'gateway.bind', value: 'lan', origin: '--bind' },
  ])
})

test('a typed secret decides the mode as well', () => {
  assert.deepEqual(valuesOf({ token: 't' }), { 'gateway.auth.token': 't', 'gateway.auth.mode': 'token' })
  assert.deepEqual(valuesOf({ password: 'p' }), { 'gateway.auth.password': 'p', 'gateway.auth.mode': 'password' })
})

test('a certificate implies TLS, and its files are looked for where the command was typed', () => {
  assert.deepEqual(valuesOf({ tls: true }), { 'gateway.tls.enabled': true })
  assert.deepEqual(valuesOf({ tlsCert: 'c.pem', tlsKey: '/k.pem' }), {
    'gateway.tls.enabled': true,
    'gateway.tls.certPath': '/work/c.pem',
    'gateway.tls.keyPath': '/k.pem',
  })
})

test('flags that contradict each other are refused', () => {
  assert.throws(() => toOverrides({ token: 't', password: 'p' }, '/'), CommandError)
  assert.throws(() => toOverrides({ tlsCert: 'c.pem' }, '/'), CommandError)
  assert.throws(() => toOverrides({ tlsKey: 'k.pem' }, '/'), CommandError)
})

const ENV = { token: 'env-token', password: 'env-password' }
const pathsOf = (
  source: Readonly<Record<string, unknown>>,
  env: { token: string | undefined; password: string | undefined } = ENV,
) => environmentSecrets(source, env).map(({ path }) => path)

test('the environment fills what the file leaves open', () => {
  assert.deepEqual(pathsOf({}), ['gateway.auth.token', 'gateway.auth.password'])
  assert.deepEqual(pathsOf({ gateway: { auth: { token: 'file' } } }), ['gateway.auth.password'])
  assert.deepEqual(pathsOf({ gateway: { auth: { password: 'file' } } }), ['gateway.auth.token'])
})

test('blank variables fill nothing', () => {
  assert.deepEqual(pathsOf({}, { token: ' ', password: undefined }), [])
})

test('behind a trusted proxy no token of the environment opens a way around it', () => {
  assert.deepEqual(pathsOf({ gateway: { auth: { mode: 'trusted-proxy' } } }), ['gateway.auth.password'])
})
