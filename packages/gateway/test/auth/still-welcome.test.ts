import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AuthPolicy, TrustedProxyPolicy } from '../../src/auth/auth-policy.ts'
import { isStillWelcome } from '../../src/auth/still-welcome.ts'
import type { AuthMethod, PeerIdentity } from '../../src/connection/peer.ts'

const token = (text: string | undefined): AuthPolicy => ({ mode: 'token', token: text })
const password = (text: string | undefined): AuthPolicy => ({ mode: 'password', password: text })
const none: AuthPolicy = { mode: 'none' }
const proxy = (changes: Partial<TrustedProxyPolicy> = {}, secret?: string): AuthPolicy => ({
  mode: 'trusted-proxy',
  proxy: {
    userHeader: 'x-user',
    requiredHeaders: ['x-a'],
    allowUsers: ['ann', 'bob'],
    allowLoopback: true,
    ...changes,
  },
  password: secret,
})

type Locality = PeerIdentity['locality']
const LOCAL: Locality = { kind: 'local', via: 'loopback' }
const REMOTE: Locality = { kind: 'remote', clientAddress: '203.0.113.7' }
const SOCKET: Locality = { kind: 'local', via: 'unix-socket' }
const PROXIED: Locality = { kind: 'proxied', clientAddress: '203.0.113.7', proxyAddress: '127.0.0.1' }
const FAR_PROXIED: Locality = { kind: 'proxied', clientAddress: '203.0.113.7', proxyAddress: '10.0.0.9' }

type Row = readonly [
  what: string,
  method: AuthMethod,
  locality: Locality,
  from: AuthPolicy,
  to: AuthPolicy,
  stays: boolean,
]

const ROWS: readonly Row[] = [
  ['the same token', 'token', REMOTE, token('a'), token('a'), true],
  ['the same token with white space', 'token', REMOTE, token('a'), token(' a\n'), true],
  ['another token', 'token', REMOTE, token('a'), token('b'), false],
  ['another token, from this machine', 'token', LOCAL, token('a'), token('b'), false],
  ['a password instead of a token', 'token', REMOTE, token('a'), password('a'), false],
  ['a proxy instead of a token', 'token', REMOTE, token('a'), proxy(), false],
  ['no authentication any more', 'token', REMOTE, token('a'), none, true],
  ['a token after none, with one from before', 'token', REMOTE, none, token('a'), false],
  ['the same password', 'password', REMOTE, password('a'), password('a'), true],
  ['another password', 'password', REMOTE, password('a'), password('b'), false],
  ['the same password beside a proxy, from this machine', 'password', LOCAL, password('a'), proxy({}, 'a'), true],
  ['the same password beside a proxy, from elsewhere', 'password', REMOTE, password('a'), proxy({}, 'a'), false],
  ['a password that was taken away', 'password', LOCAL, proxy({}, 'a'), proxy(), false],
  ['no password before or after', 'password', LOCAL, proxy(), proxy(), false],
  ['a token instead of none', 'none', LOCAL, none, token('a'), false],
  ['none instead of none', 'none', LOCAL, none, none, true],
  ['another token, on the owner socket', 'none', SOCKET, token('a'), token('b'), true],
  ['a proxy, on the owner socket', 'none', SOCKET, none, proxy(), true],
  ['another token, inside the process', 'none', { kind: 'in-process' }, token('a'), token('b'), true],
  ['another token, with a device token', 'device-token', REMOTE, token('a'), token('b'), true],
  ['a proxy, with a device token', 'device-token', REMOTE, token('a'), proxy(), true],
  ['another token, with a setup code', 'bootstrap-token', REMOTE, token('a'), token('b'), true],
  ['an unchanged proxy', 'trusted-proxy', PROXIED, proxy(), proxy(), true],
  ['more users', 'trusted-proxy', PROXIED, proxy(), proxy({ allowUsers: ['ann', 'bob', 'cy'] }), true],
  ['every user', 'trusted-proxy', PROXIED, proxy(), proxy({ allowUsers: [] }), true],
  ['fewer users', 'trusted-proxy', PROXIED, proxy(), proxy({ allowUsers: ['ann'] }), false],
  ['some users instead of all', 'trusted-proxy', PROXIED, proxy({ allowUsers: [] }), proxy(), false],
  ['fewer required headers', 'trusted-proxy', PROXIED, proxy(), proxy({ requiredHeaders: [] }), true],
  ['another required header', 'trusted-proxy', PROXIED, proxy(), proxy({ requiredHeaders: ['x-a', 'x-b'] }), false],
  ['another user header', 'trusted-proxy', PROXIED, proxy(), proxy({ userHeader: 'x-b' }), false],
  ['no proxy on this machine', 'trusted-proxy', PROXIED, proxy(), proxy({ allowLoopback: false }), false],
  [
    'no proxy on this machine, behind another',
    'trusted-proxy',
    FAR_PROXIED,
    proxy(),
    proxy({ allowLoopback: false }),
    true,
  ],
  ['a token instead of a proxy', 'trusted-proxy', PROXIED, proxy(), token('a'), false],
]

describe('after a change of authentication', () => {
  for (const [what, authMethod, locality, from, to, stays] of ROWS) {
    test(`${what}: ${authMethod} ${stays ? 'stays' : 'goes'}`, () => {
      assert.equal(isStillWelcome({ authMethod, locality }, from, to), stays)
    })
  }
})
