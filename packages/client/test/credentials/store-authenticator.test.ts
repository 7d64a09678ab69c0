// What is kept, replaced and dropped after each answer of a gateway: client notes 4.3, row by row, and law 5.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CredentialRequest } from '../../src/credentials/authenticator.ts'
import type { CredentialStore, KeptBootstrap } from '../../src/credentials/credential-store.ts'
import { MemoryCredentialStore } from '../../src/credentials/memory-credential-store.ts'
import type { CredentialInput } from '../../src/credentials/resolve.ts'
import { type CredentialInputSource, StoreAuthenticator } from '../../src/credentials/store-authenticator.ts'
import { parseEndpoint } from '../../src/url.ts'
import { refusal } from '../support/builders.ts'
import { GATEWAY_URL, keep, kept, keyOf } from '../support/kept-tokens.ts'
import { RudeStore } from '../support/rude-store.ts'

const request = (over: Partial<CredentialRequest> & { url?: string } = {}): CredentialRequest => {
  const { url = GATEWAY_URL, ...rest } = over
  return { endpoint: parseEndpoint(url), isPinned: false, role: 'operator', deviceId: 'd1', ...rest }
}
const node = request({ role: 'node' })
const REMOTE = 'wss://gateway.example.com'
const PLAIN_LAN = 'ws://192.168.1.5:18789'

const grant = (deviceToken: string, scopes = ['operator.read'], role = 'operator') => ({ role, scopes, deviceToken })
const HANDOFF = {
  role: 'node',
  scopes: [],
  deviceToken: 'n',
  deviceTokens: [{ role: 'operator', deviceToken: 'o', scopes: ['operator.read', 'operator.write'], issuedAtMs: 1 }],
}

function setup<S extends CredentialStore>(input: CredentialInputSource, store: S) {
  const authenticator = new StoreAuthenticator({ store }, input)
  return {
    store,
    authenticator,
    select: (of = request()) => authenticator.select(of),
    /** One attempt the gateway says hello to. */
    accept: async (auth: object, of = request()) => {
      const used = await authenticator.select(of)
      await authenticator.accepted(of, used, auth as Parameters<typeof authenticator.accepted>[2])
      return used
    },
    /** One attempt it refuses. */
    refuse: async (code: string | undefined, of = request(), over = {}) => {
      const used = await authenticator.select(of)
      return { used, ...(await authenticator.refused(of, used, refusal(code, over))) }
    },
  }
}
const inMemory = (input: CredentialInputSource = {}) => setup(input, new MemoryCredentialStore())

test('a granted token is kept for its device and role, and used next time', async () => {
  const { accept, select } = inMemory()
  await accept(grant('new'))
  assert.deepEqual((await select()).auth, { token: 'new', deviceToken: 'new' })
  assert.equal((await select(node)).auth, undefined)
  assert.equal((await select(request({ deviceId: 'd2' }))).auth, undefined)
  assert.equal((await select(request({ url: 'ws://127.0.0.1:18790' }))).auth, undefined)
  assert.deepEqual((await select(request({ url: 'ws://localhost:18789' }))).source, 'stored-token')
})

test('a granted token belongs to the role the gateway names, else to the one that was asked for', async () => {
  const { accept, store } = inMemory()
  await accept(grant('named', [], 'node'))
  assert.deepEqual(await kept(store, { role: 'node' }), { token: 'named', scopes: [] })
  await accept({ deviceToken: 'unnamed', scopes: [] })
  assert.deepEqual(await kept(store), { token: 'unnamed', scopes: [] })
})

test('the same token again keeps the scopes it was issued with; a new one brings its own', async () => {
  const { accept, store } = inMemory()
  await accept(grant('t', ['operator.read', 'operator.write']))
  await accept(grant('t', ['operator.read']))
  assert.deepEqual(await kept(store), { token: 't', scopes: ['operator.read', 'operator.write'] })
  await accept(grant('rotated', ['operator.read']))
  assert.deepEqual(await kept(store), { token: 'rotated', scopes: ['operator.read'] })
})

test('a reconnect that brings nothing new writes nothing', async () => {
  const { accept, store } = setup({}, new RudeStore())
  await accept(grant('t'))
  const written = store.changes.length
  await accept(grant('t', []))
  await accept({ role: 'operator', scopes: [] })
  assert.equal(store.changes.length, written)
})

test('without a device nothing is stored and nothing stored is used', async () => {
  const { accept, store } = inMemory()
  await keep(store, { token: 's', scopes: [] })
  const used = await accept(grant('x'), request({ deviceId: undefined }))
  assert.equal(used.source, 'none')
  assert.deepEqual(await kept(store), { token: 's', scopes: [] })
})

test('a hello with a bad shared token never happens, and a refused one changes nothing that is kept', async () => {
  const { refuse, store } = setup({ token: 'bad' }, new RudeStore())
  await keep(store, { token: 's', scopes: ['operator.read'] })
  await keep(store, { token: 'n', scopes: [] }, { role: 'node' })
  const written = store.changes.length
  for (let attempt = 0; attempt < 3; attempt += 1) await refuse('AUTH_TOKEN_MISMATCH')
  assert.equal(store.changes.length, written)
})

for (const url of [GATEWAY_URL, REMOTE]) {
  test(`a setup token over ${url} buys the tokens of every role, stored as one`, async () => {
    const { accept, store } = setup({ bootstrapToken: 'b' }, new RudeStore())
    await accept(HANDOFF, request({ role: 'node', url }))
    assert.deepEqual(await kept(store, { url, role: 'node' }), { token: 'n', scopes: [] })
    assert.deepEqual(await kept(store, { url }), { token: 'o', scopes: ['operator.read', 'operator.write'] })
    assert.deepEqual(
      store.changes.map(({ type }) => type),
      ['keep-token', 'keep-token', 'clear-bootstrap'],
    )
  })
}

test('tokens of other roles are not taken over plain ws, nor without a setup token', async () => {
  const plain = inMemory({ bootstrapToken: 'b' })
  await plain.accept(HANDOFF, request({ role: 'node', url: PLAIN_LAN }))
  assert.equal(await kept(plain.store, { url: PLAIN_LAN }), undefined)
  assert.deepEqual(await kept(plain.store, { url: PLAIN_LAN, role: 'node' }), { token: 'n', scopes: [] })
  const shared = inMemory({ token: 't' })
  await shared.accept(HANDOFF, node)
  assert.equal(await kept(shared.store), undefined)
})

const PREFERRED = { token: 't', password: 'p', bootstrapToken: 'b', preferBootstrapToken: true }

test('after the first success a preferred setup token is dropped with what it superseded', async () => {
  const { accept, select } = inMemory(PREFERRED)
  assert.deepEqual((await select(node)).auth, { bootstrapToken: 'b' })
  await accept(HANDOFF, node)
  assert.deepEqual((await select(node)).auth, { token: 'n', deviceToken: 'n' })
})

test('a caller that goes on giving a redeemed setup token is not taken at his word', async () => {
  let given: CredentialInput = PREFERRED
  const { accept, select } = inMemory(async () => given)
  await accept(HANDOFF, node)
  assert.deepEqual((await select(node)).auth, { token: 'n', deviceToken: 'n' })
  given = { ...PREFERRED, bootstrapToken: 'another' }
  assert.deepEqual((await select(node)).auth, { bootstrapToken: 'another' })
})

const codeFor = (role: 'node' | 'operator', isPreferred = true): KeptBootstrap => ({ token: 'b', role, isPreferred })
const applyCode = (store: CredentialStore, bootstrap: KeptBootstrap) =>
  store.apply(keyOf(), [{ type: 'keep-bootstrap', bootstrap }])

test('a kept setup token is sent by its role alone, before what is stored, and cleared once its tokens are read back', async () => {
  const { accept, select, store } = inMemory({ token: 'shared' })
  await keep(store, { token: 'earlier', scopes: [] }, { role: 'node' })
  await applyCode(store, codeFor('node'))
  assert.deepEqual((await select()).auth, { token: 'shared' })
  assert.deepEqual((await accept(HANDOFF, node)).auth, { bootstrapToken: 'b' })
  const { bootstrap, tokens } = await store.load(keyOf())
  assert.equal(bootstrap, undefined)
  assert.deepEqual(tokens.map(({ token }) => token).sort(), ['n', 'o'])
})

for (const mode of ['full', 'forgetful'] as const) {
  test(`law 5: a setup token stays while a token it bought is not on disk (${mode}); this process goes on with them`, async () => {
    const { accept, select, store } = setup({}, new RudeStore())
    await applyCode(store, codeFor('node'))
    store.mode = mode
    await assert.rejects(accept(HANDOFF, node))
    assert.equal((await store.inner.load(keyOf())).bootstrap?.token, 'b')
    assert.deepEqual((await select(node)).auth, { token: 'n', deviceToken: 'n' }, 'it is spent, whatever the disk says')
    store.mode = 'fine'
    await select(node)
    assert.deepEqual(await kept(store, { role: 'node' }), { token: 'n', scopes: [] }, 'written at the next chance')
    assert.deepEqual(await kept(store), { token: 'o', scopes: ['operator.read', 'operator.write'] })
  })
}

test('a setup token that bought nothing stays', async () => {
  const { accept, select, store } = inMemory()
  await applyCode(store, codeFor('node'))
  await accept({ role: 'node', scopes: [] }, node)
  assert.deepEqual((await select(node)).auth, { bootstrapToken: 'b' })
  assert.equal((await store.load(keyOf())).bootstrap?.token, 'b')
})

test('a kept setup token that was redeemed just before a crash gives way to what it bought', async () => {
  const { refuse, select, store } = inMemory()
  await applyCode(store, codeFor('node'))
  await keep(store, { token: 'n', scopes: [] }, { role: 'node' })
  assert.equal((await refuse('AUTH_BOOTSTRAP_TOKEN_INVALID', node)).hasFallback, true)
  assert.deepEqual((await select(node)).auth, { token: 'n', deviceToken: 'n' })
  assert.deepEqual((await store.load(keyOf())).bootstrap, codeFor('node', false), 'nothing proved that it may go')
})

test('a refused setup token leaves every other credential as it is, and its giver is told', async () => {
  const { refuse, store } = setup(PREFERRED, new RudeStore())
  await keep(store, { token: 'n', scopes: [] }, { role: 'node' })
  const written = store.changes.length
  assert.equal((await refuse('AUTH_BOOTSTRAP_TOKEN_INVALID', node)).hasFallback, false)
  assert.equal(store.changes.length, written)
})

test('a device token the gateway does not know deletes that one of that role only', async () => {
  const { refuse, store, select } = inMemory()
  for (const place of [{}, { role: 'node' }, { deviceId: 'd2' }, { url: REMOTE }] as const) {
    await keep(store, { token: 's', scopes: [] }, place)
  }
  assert.deepEqual((await refuse('AUTH_DEVICE_TOKEN_MISMATCH')).hasFallback, false)
  assert.equal(await kept(store), undefined)
  for (const place of [{ role: 'node' }, { deviceId: 'd2' }, { url: REMOTE }] as const) {
    assert.deepEqual(await kept(store, place), { token: 's', scopes: [] })
  }
  assert.equal((await select()).source, 'none')
})

test('a stored token that was not sent survives the refusal of an explicit one', async () => {
  for (const input of [{ deviceToken: 'd' }, { token: 't' }, { password: 'p' }]) {
    const { refuse, store } = inMemory(input)
    await keep(store, { token: 's', scopes: [] })
    await refuse('AUTH_DEVICE_TOKEN_MISMATCH')
    assert.deepEqual(await kept(store), { token: 's', scopes: [] })
  }
})

test('a token that another process has replaced meanwhile is not deleted but tried', async () => {
  const { authenticator, store } = inMemory()
  await keep(store, { token: 'old', scopes: [] })
  const used = await authenticator.select(request())
  await keep(store, { token: 'rotated elsewhere', scopes: ['operator.read'] })
  const after = await authenticator.refused(request(), used, refusal('AUTH_DEVICE_TOKEN_MISMATCH'))
  assert.deepEqual(after, { hasFallback: true })
  assert.equal((await authenticator.select(request())).auth?.deviceToken, 'rotated elsewhere')
})

test('after a stale device token a setup token is tried, but not over plain ws', async () => {
  for (const [url, hasFallback] of [
    [GATEWAY_URL, true],
    [REMOTE, true],
    [PLAIN_LAN, false],
  ] as const) {
    const { refuse, store } = inMemory({ bootstrapToken: 'b' })
    await keep(store, { token: 's', scopes: [] }, { url })
    assert.equal((await refuse('AUTH_DEVICE_TOKEN_MISMATCH', request({ url }))).hasFallback, hasFallback, url)
    assert.equal((await refuse('AUTH_BOOTSTRAP_TOKEN_INVALID', request({ url }))).hasFallback, false)
  }
})

const withStored = async (input: CredentialInputSource = { token: 'shared' }, place = {}) => {
  const made = inMemory(input)
  await keep(made.store, { token: 's', scopes: ['operator.read'] }, place)
  return made
}

test('after a refused shared token exactly one attempt sends both; a hello makes the budget whole again', async () => {
  const { refuse, accept, store } = await withStored()
  const first = await refuse('AUTH_TOKEN_MISMATCH')
  assert.deepEqual([first.used.auth, first.hasFallback], [{ token: 'shared' }, true])
  const second = await refuse('AUTH_TOKEN_MISMATCH')
  assert.deepEqual([second.used.auth, second.hasFallback], [{ token: 'shared', deviceToken: 's' }, false])
  const third = await refuse('AUTH_TOKEN_MISMATCH')
  assert.deepEqual([third.used.auth, third.hasFallback], [{ token: 'shared' }, false])
  await accept({ role: 'operator', scopes: [] })
  assert.equal((await refuse('AUTH_TOKEN_MISMATCH')).hasFallback, true)
  assert.deepEqual(await kept(store), { token: 's', scopes: ['operator.read'] })
})

test('another shared token has a budget of its own', async () => {
  let token = 'first'
  const { refuse } = await withStored(() => ({ token }))
  await refuse('AUTH_TOKEN_MISMATCH')
  await refuse('AUTH_TOKEN_MISMATCH')
  assert.equal((await refuse('AUTH_TOKEN_MISMATCH')).hasFallback, false)
  token = 'second'
  assert.equal((await refuse('AUTH_TOKEN_MISMATCH')).hasFallback, true)
})

test('the attempt with both is not used up by a gateway that did not look at it', async () => {
  const { refuse } = await withStored()
  await refuse('AUTH_TOKEN_MISMATCH')
  await refuse(undefined, request(), { code: 'UNAVAILABLE' })
  await refuse('AUTH_RATE_LIMITED')
  const judged = await refuse('AUTH_TOKEN_MISMATCH')
  assert.deepEqual(judged.used.auth, { token: 'shared', deviceToken: 's' })
})

test('the stored token is not shown to a peer that is neither this machine nor pinned', async () => {
  const { refuse } = await withStored({ token: 'shared' }, { url: REMOTE })
  assert.equal((await refuse('AUTH_TOKEN_MISMATCH', request({ url: REMOTE }))).hasFallback, false)
  assert.equal((await refuse('AUTH_TOKEN_MISMATCH', request({ url: REMOTE, isPinned: true }))).hasFallback, true)
})

test('a stored token refused beside the shared one is deleted, and that is the end of it', async () => {
  const { refuse, store } = await withStored()
  await refuse('AUTH_TOKEN_MISMATCH')
  assert.equal((await refuse('AUTH_DEVICE_TOKEN_MISMATCH')).hasFallback, false)
  assert.equal(await kept(store), undefined)
})

test('a scope mismatch, pairing and everything else delete nothing and spend nothing', async () => {
  const { refuse, store } = await withStored({})
  for (const code of ['AUTH_SCOPE_MISMATCH', 'PAIRING_REQUIRED', 'AUTH_TOKEN_MISMATCH', 'DEVICE_AUTH_NONCE_MISMATCH']) {
    const { used, hasFallback } = await refuse(code)
    assert.deepEqual([used.source, hasFallback], ['stored-token', false], code)
  }
  assert.deepEqual(await kept(store), { token: 's', scopes: ['operator.read'] })
})

test('a rotated token replaces the stored one with its own scopes, also when the gateway clock went back', async () => {
  const { authenticator, select, store } = inMemory()
  await keep(store, { token: 's', scopes: ['operator.read', 'operator.write'], issuedAtMs: 2_000 })
  await select()
  const issued = {
    deviceId: 'd1',
    role: 'operator',
    token: 'rotated',
    scopes: ['operator.read'],
    issuedAtMs: 1,
  } as const
  await authenticator.reissued(request(), issued)
  assert.deepEqual(await kept(store), { token: 'rotated', scopes: ['operator.read'] })
})

test('on a full disk this process goes on with the token it was given, but only when the one on disk is refused', async () => {
  const { authenticator, refuse, select, store } = setup({}, new RudeStore())
  await keep(store, { token: 'on disk', scopes: [] })
  await select()
  store.mode = 'full'
  const issued = { deviceId: 'd1', role: 'operator', token: 'new', scopes: ['operator.read'] } as const
  await assert.rejects(authenticator.reissued(request(), issued))
  assert.equal((await select()).auth?.deviceToken, 'on disk', 'its successor may never be found again')
  const { hasFallback, fault } = await refuse('AUTH_DEVICE_TOKEN_MISMATCH')
  assert.equal(hasFallback, true)
  assert.match(String(fault), /disk full/)
  assert.equal((await select()).auth?.deviceToken, 'new')
  store.mode = 'fine'
  assert.equal((await select()).auth?.deviceToken, 'new')
  assert.deepEqual(await kept(store), { token: 'new', scopes: ['operator.read'] })
})

test('a store that cannot be read sends nothing', async () => {
  const { select, store } = setup({ token: 't' }, new RudeStore())
  store.mode = 'unreadable'
  await assert.rejects(select())
})

test('a token that makes no sense is reported, and the good ones beside it are kept', async () => {
  const { accept, store } = inMemory({ bootstrapToken: 'b' })
  const auth = { ...HANDOFF, deviceTokens: [{ role: 'operator', deviceToken: 7, scopes: [] }] }
  await assert.rejects(accept(auth, node), { code: 'INVALID_RESPONSE' })
  assert.deepEqual(await kept(store, { role: 'node' }), { token: 'n', scopes: [] })
})

test('what a slower connection was granted does not replace what a faster one stored', async () => {
  const { authenticator, store } = inMemory()
  await keep(store, { token: 't0', scopes: [], issuedAtMs: 10 })
  const used = await authenticator.select(request())
  await keep(store, { token: 't2', scopes: [], issuedAtMs: 30 })
  await authenticator.accepted(request(), used, { ...grant('t1'), issuedAtMs: 20 })
  assert.equal((await kept(store))?.token, 't2')
})
