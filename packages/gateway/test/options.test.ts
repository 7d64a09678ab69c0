import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GATEWAY_DEFAULTS, handshakeTiers } from '../src/options.ts'

describe('the deadline tiers', () => {
  test('by default give this machine ten seconds a leg, and everybody else three, ten in all', () => {
    assert.deepEqual(handshakeTiers(GATEWAY_DEFAULTS.handshake), {
      local: { legMs: 10_000, totalMs: Number.POSITIVE_INFINITY },
      remote: { legMs: 3_000, totalMs: 10_000 },
    })
  })

  test('give a remote connection at least one leg in all', () => {
    assert.equal(handshakeTiers({ localMs: 10_000, remoteMs: 45_000 }).remote.totalMs, 45_000)
    assert.equal(handshakeTiers({ localMs: 250, remoteMs: 250 }).remote.totalMs, 10_000)
  })
})

test('defaults are pinned: safe for a machine on a network', () => {
  const { bind, port, auth, tls, trustedProxies, allowedOrigins, allowedHosts, autoApproveLocal, unixSocket } =
    GATEWAY_DEFAULTS
  assert.deepEqual(
    { bind, port, mode: auth.mode, tls, trustedProxies, allowedOrigins, allowedHosts, autoApproveLocal, unixSocket },
    {
      bind: 'loopback',
      port: 18_789,
      mode: 'token',
      tls: undefined,
      trustedProxies: [],
      allowedOrigins: [],
      allowedHosts: [],
      autoApproveLocal: true,
      unixSocket: true,
    },
  )
})
