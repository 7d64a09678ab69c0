import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropSharedSecretPeers } from '../../src/auth/drop-shared-secret-peers.ts'
import type { AuthMethod, Peer } from '../../src/connection/peer.ts'

test('only connections that the shared secret let in are closed, with the reason the wire gives', () => {
  const closed: unknown[] = []
  const methods: readonly AuthMethod[] = [
    'none',
    'token',
    'password',
    'device-token',
    'bootstrap-token',
    'trusted-proxy',
  ]
  const peers = methods.map(
    (authMethod) =>
      ({
        identity: { authMethod },
        close: (code: number, reason: string) => closed.push([authMethod, code, reason]),
      }) as unknown as Peer,
  )
  assert.equal(dropSharedSecretPeers(peers), 2)
  assert.deepEqual(closed, [
    ['token', 4001, 'gateway auth changed'],
    ['password', 4001, 'gateway auth changed'],
  ])
})
