import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialRequest } from '../../src/credentials/authenticator.ts'
import { MemoryCredentialStore } from '../../src/credentials/memory-credential-store.ts'
import { StoreAuthenticator } from '../../src/credentials/store-authenticator.ts'
import { parseEndpoint } from '../../src/url.ts'
import { refusal } from '../support/builders.ts'

const request = (over: Partial<CredentialRequest> = {}): CredentialRequest => ({
  endpoint: parseEndpoint('ws://127.0.0.1:18789'),
  isPinned: false,
  role: 'operator',
  deviceId: 'd1',
  ...over,
})
const grant = (deviceToken: string, scopes = ['operator.read']) => ({ role: 'operator', scopes, deviceToken })

test('a granted token is kept for its device and role, and used next time', async () => {
  const store = new MemoryCredentialStore()
  const authenticator = new StoreAuthenticator({ store }, {})
  await authenticator.accepted(request(), await authenticator.select(request()), grant('new'))
  assert.deepEqual((await authenticator.select(request())).auth, { token: 'new', deviceToken: 'new' })
  assert.equal((await authenticator.select(request({ role: 'node' }))).auth, undefined)
  assert.equal((await authenticator.select(request({ deviceId: 'd2' }))).auth, undefined)
})

test('the same token again keeps the scopes it was issued with', async () => {
  const store = new MemoryCredentialStore()
  const authenticator = new StoreAuthenticator({ store }, {})
  const used = await authenticator.select(request())
  await authenticator.accepted(request(), used, grant('t', ['operator.read', 'operator.write']))
  await authenticator.accepted(request(), used, grant('t', ['operator.read']))
  assert.deepEqual(await store.load({ deviceId: 'd1', role: 'operator' }), {
    token: 't',
    scopes: ['operator.read', 'operator.write'],
  })
  await authenticator.accepted(request(), used, grant('rotated', ['operator.read']))
  assert.deepEqual(await store.load({ deviceId: 'd1', role: 'operator' }), {
    token: 'rotated',
    scopes: ['operator.read'],
  })
})

test('without a device nothing is stored and nothing stored is used', async () => {
  const store = new MemoryCredentialStore()
  await store.save({ deviceId: 'd1', role: 'operator' }, { token: 's', scopes: [] })
  const authenticator = new StoreAuthenticator({ store }, {})
  const anonymous = request({ deviceId: undefined })
  const used = await authenticator.select(anonymous)
  assert.equal(used.source, 'none')
  await authenticator.accepted(anonymous, used, grant('x'))
  assert.deepEqual(await store.load({ deviceId: 'd1', role: 'operator' }), { token: 's', scopes: [] })
})

const withStored = async () => {
  const store = new MemoryCredentialStore()
  await store.save({ deviceId: 'd1', role: 'operator' }, { token: 's', scopes: ['operator.read'] })
  return new StoreAuthenticator({ store }, { token: 'shared' })
}

test('after a refused shared token exactly one attempt sends both; a hello makes the budget whole again', async () => {
  const authenticator = await withStored()
  const refused = refusal('AUTH_TOKEN_MISMATCH')
  const first = await authenticator.select(request())
  assert.deepEqual([first.source, first.hasFallback], ['token', true])
  await authenticator.refused(request(), first, refused)
  const second = await authenticator.select(request())
  assert.deepEqual(second.auth, { token: 'shared', deviceToken: 's' })
  await authenticator.refused(request(), second, refused)
  const third = await authenticator.select(request())
  assert.deepEqual([third.source, third.hasFallback], ['token', false])
  await authenticator.refused(request(), third, refused)
  assert.equal((await authenticator.select(request())).source, 'token')
  await authenticator.accepted(request(), third, { role: 'operator', scopes: [] })
  assert.equal((await authenticator.select(request())).hasFallback, true)
})

test('the stored token is not offered to an endpoint that is neither this machine nor pinned', async () => {
  const authenticator = await withStored()
  const remote = parseEndpoint('wss://gateway.example.com')
  assert.equal((await authenticator.select(request({ endpoint: remote }))).hasFallback, false)
  assert.equal((await authenticator.select(request({ endpoint: remote, isPinned: true }))).hasFallback, true)
})

test('other refusals spend nothing', async () => {
  const authenticator = await withStored()
  const first = await authenticator.select(request())
  await authenticator.refused(request(), first, refusal('PAIRING_REQUIRED'))
  assert.deepEqual(await authenticator.select(request()), first)
})
