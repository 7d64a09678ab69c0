import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { describe, test } from 'node:test'
import type { ConnectAuth } from '@breakwater/protocol'
import { checkSecret } from '../../src/admission/check-secret.ts'
import type { AuthPolicy, TrustedProxyPolicy } from '../../src/auth/auth-policy.ts'
import { judgeSharedSecret, type SecretClaim } from '../../src/auth/shared-secret.ts'
import type { Locality } from '../../src/listener/locality.ts'
import { LOCAL, negotiated, PROXIED, REMOTE, UNIX } from '../admission/candidates.ts'

const claim = (auth?: ConnectAuth, locality: Locality = LOCAL, headers: IncomingHttpHeaders = {}): SecretClaim => ({
  auth,
  locality,
  headers,
})

const outcome = (policy: AuthPolicy, made: SecretClaim): string => {
  const verdict = judgeSharedSecret(policy, made)
  return verdict.ok ? verdict.method : `${verdict.error} ${verdict.authReason}${verdict.isMissing ? ' missing' : ''}`
}

for (const [mode, other] of [
  ['token', 'password'],
  ['password', 'token'],
] as const) {
  const CODE = mode.toUpperCase()
  const policy = (secret: string | undefined) => ({ mode, [mode]: secret }) as unknown as AuthPolicy

  describe(`with ${mode} authentication`, () => {
    test('the right one is let in, from anywhere, in either field', () => {
      for (const locality of [LOCAL, PROXIED, REMOTE]) {
        assert.equal(outcome(policy('s3cret'), claim({ [mode]: 's3cret' }, locality)), mode)
        assert.equal(outcome(policy('s3cret'), claim({ [other]: 's3cret' }, locality)), mode)
      }
    })

    test('its own field counts before the other', () => {
      assert.equal(outcome(policy('s3cret'), claim({ [mode]: 's3cret', [other]: 'x' })), mode)
      assert.match(outcome(policy('s3cret'), claim({ [mode]: 'x', [other]: 's3cret' })), /MISMATCH/)
      assert.equal(outcome(policy('s3cret'), claim({ [mode]: '  ', [other]: 's3cret' })), mode)
    })

    test('a wrong one, none and a blank one are told apart', () => {
      for (const wrong of ['S3cret', 's3cre', 's3crett', '💥']) {
        assert.equal(outcome(policy('s3cret'), claim({ [mode]: wrong })), `AUTH_${CODE}_MISMATCH ${mode}_mismatch`)
      }
      for (const auth of [undefined, {}, { [mode]: '' }, { [mode]: ' \n' }, { deviceToken: 's3cret' }]) {
        assert.equal(outcome(policy('s3cret'), claim(auth)), `AUTH_${CODE}_MISSING ${mode}_missing missing`)
      }
    })

    test('white space around it does not count, on either side', () => {
      assert.equal(outcome(policy('s3cret'), claim({ [mode]: ' s3cret\n' })), mode)
      assert.equal(outcome(policy(' s3cret '), claim({ [mode]: 's3cret' })), mode)
      assert.equal(outcome(policy(' s3cret '), claim({ [mode]: ' s3cret ' })), mode)
    })

    test('a gateway that has none lets nobody in, and says that it is the one to blame', () => {
      for (const secret of [undefined, '', '  ']) {
        for (const auth of [undefined, { [mode]: '' }, { [mode]: 'x' }]) {
          assert.equal(outcome(policy(secret), claim(auth)), `AUTH_${CODE}_NOT_CONFIGURED ${mode}_missing_config`)
        }
      }
    })
  })
}

describe('without authentication', () => {
  test('everybody is let in', () => {
    for (const locality of [LOCAL, PROXIED, REMOTE])
      assert.equal(outcome({ mode: 'none' }, claim({}, locality)), 'none')
  })
})

test('the owner’s socket needs no secret, whatever the mode', () => {
  for (const policy of [
    { mode: 'token', token: 't' },
    { mode: 'password', password: 'p' },
    { mode: 'none' },
  ] satisfies AuthPolicy[]) {
    assert.equal(outcome(policy, claim({ token: 'wrong' }, UNIX)), 'none')
  }
})

describe('behind a proxy that vouches for users', () => {
  const proxy: TrustedProxyPolicy = {
    userHeader: 'x-user',
    requiredHeaders: ['x-proxy-proof'],
    allowUsers: [],
    allowLoopback: false,
  }
  const policy = (changes: Partial<TrustedProxyPolicy> = {}, password?: string): AuthPolicy => ({
    mode: 'trusted-proxy',
    proxy: { ...proxy, ...changes },
    password,
  })
  const headers = { 'x-user': 'alice', 'x-proxy-proof': '1' }

  test('its users are let in', () => {
    assert.equal(outcome(policy(), claim({}, PROXIED, headers)), 'trusted-proxy')
    assert.equal(outcome(policy({ allowUsers: ['alice'] }), claim({}, PROXIED, headers)), 'trusted-proxy')
  })

  test('nobody else is: not past the proxy, not unnamed, not unlisted, not without its proof', () => {
    const { 'x-user': _, ...unnamed } = headers
    const loopbackProxy: Locality = { ...PROXIED, proxyAddress: '127.0.0.1' } as Locality
    const refusals = [
      claim({}, REMOTE, headers),
      claim({}, LOCAL, headers),
      claim({}, PROXIED, unnamed),
      claim({}, PROXIED, { ...headers, 'x-user': ' ' }),
      claim({}, PROXIED, { 'x-user': 'alice' }),
      claim({}, loopbackProxy, headers),
    ]
    for (const refused of refusals) assert.match(outcome(policy(), refused), /^AUTH_/)
    assert.match(
      outcome(policy({ allowUsers: ['bob'] }), claim({}, PROXIED, headers)),
      /^AUTH_UNAUTHORIZED .*not_allowed$/,
    )
    assert.equal(outcome(policy({ allowLoopback: true }), claim({}, loopbackProxy, headers)), 'trusted-proxy')
  })

  test('the owner may still use a password on this machine, and nobody elsewhere', () => {
    assert.equal(outcome(policy({}, 'pw'), claim({ password: 'pw' }, LOCAL)), 'password')
    assert.match(outcome(policy({}, 'pw'), claim({ password: 'no' }, LOCAL)), /^AUTH_PASSWORD_MISMATCH/)
    assert.match(outcome(policy({}, 'pw'), claim({ password: 'pw' }, REMOTE)), /^AUTH_/)
  })
})

test('the step never refuses by itself: a device token may still authenticate', () => {
  let policy: AuthPolicy = { mode: 'token', token: 'first' }
  const step = checkSecret(() => policy)
  const presented = negotiated({ auth: { token: 'second' } })
  const before = step(presented)
  policy = { mode: 'token', token: 'second' }
  const after = step(presented)
  assert.deepEqual([before.ok && before.value.secret.ok, after.ok && after.value.secret.ok], [false, true])
})
