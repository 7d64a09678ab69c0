import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import { type SignOptions, TestDevice } from '@breakwater/testkit'
import type { SecretVerdict } from '../../src/admission/candidate.ts'
import { proveDevice } from '../../src/admission/prove-device.ts'
import { DeviceKeys } from '../../src/auth/device-keys.ts'
import type { Locality } from '../../src/listener/locality.ts'
import {
  BAD_TOKEN,
  client,
  connectParams,
  GOOD_TOKEN,
  LOCAL,
  NO_TOKEN,
  NONCE,
  NOW_MS,
  PROXIED,
  REMOTE,
  secretChecked,
  UNIX,
} from './candidates.ts'

const prove = proveDevice({ keys: new DeviceKeys(), nowMs: () => NOW_MS })
const device = new TestDevice()

const judge = (
  options: SignOptions = {},
  { secret = GOOD_TOKEN, connect = {} }: { secret?: SecretVerdict; connect?: Partial<ConnectParams> } = {},
) => prove(secretChecked(secret, device.sign(connectParams(connect), { nonce: NONCE, ts: NOW_MS }, options)))

describe('a device', () => {
  test('that proves its key goes on under its key', () => {
    for (const version of ['v3', 'v2'] as const) {
      const verdict = judge({ version })
      assert.ok(verdict.ok)
      assert.deepEqual(verdict.value.device, { deviceId: device.deviceId, publicKey: device.publicKey })
    }
  })

  test('may have a clock up to two minutes off, in either direction', () => {
    for (const skewMs of [-120_000, 0, 120_000]) assert.ok(judge({ signedAtMs: NOW_MS + skewMs }).ok, String(skewMs))
  })

  test('signs for the role it claims and the credential it presents', () => {
    assert.ok(judge({}, { connect: { role: 'node', client: client('node-host', 'node') } }).ok)
    assert.ok(judge({}, { connect: { auth: { deviceToken: 'd', bootstrapToken: 'b' } } }).ok)
  })

  const REFUSED: readonly (readonly [what: string, options: SignOptions, error: string, reason: string])[] = [
    [
      'whose id is not the hash of its key',
      { tamper: (proof) => ({ ...proof, id: new TestDevice().deviceId }) },
      'DEVICE_AUTH_DEVICE_ID_MISMATCH',
      'device-id-mismatch',
    ],
    [
      'whose id is in upper case',
      { tamper: (proof) => ({ ...proof, id: proof.id.toUpperCase() }) },
      'DEVICE_AUTH_DEVICE_ID_MISMATCH',
      'device-id-mismatch',
    ],
    [
      'whose key is none',
      { tamper: (proof) => ({ ...proof, publicKey: 'nonsense' }) },
      'DEVICE_AUTH_PUBLIC_KEY_INVALID',
      'device-public-key',
    ],
    [
      'whose signature is too old',
      { signedAtMs: NOW_MS - 120_001 },
      'DEVICE_AUTH_SIGNATURE_EXPIRED',
      'device-signature-stale',
    ],
    [
      'whose signature is from the future',
      { signedAtMs: NOW_MS + 120_001 },
      'DEVICE_AUTH_SIGNATURE_EXPIRED',
      'device-signature-stale',
    ],
    ['that has no nonce', { nonce: '  ' }, 'DEVICE_AUTH_NONCE_REQUIRED', 'device-nonce-missing'],
    [
      'that answers another challenge',
      { nonce: NONCE.replace('1', '2') },
      'DEVICE_AUTH_NONCE_MISMATCH',
      'device-nonce-mismatch',
    ],
    [
      'whose signature is wrong',
      { tamper: (proof) => ({ ...proof, signature: Buffer.alloc(64).toString('base64url') }) },
      'DEVICE_AUTH_SIGNATURE_INVALID',
      'device-signature',
    ],
  ]
  for (const [what, options, error, reason] of REFUSED) {
    test(`${what} is refused, also when its secret is wrong too`, () => {
      for (const secret of [GOOD_TOKEN, BAD_TOKEN, NO_TOKEN]) {
        const verdict = judge(options, { secret })
        assert.ok(!verdict.ok)
        assert.equal(verdict.refusal.error, error)
        assert.equal(verdict.refusal.options.details?.reason, reason)
      }
    })
  }

  test('cannot use what it signed for other scopes, or what another device signed', () => {
    const params = device.sign(connectParams({ scopes: ['operator.read'] }), { nonce: NONCE, ts: NOW_MS })
    const wider = prove(secretChecked(GOOD_TOKEN, { ...params, scopes: ['operator.admin'] }))
    assert.equal(!wider.ok && wider.refusal.error, 'DEVICE_AUTH_SIGNATURE_INVALID')
    const other = new TestDevice()
    const stolen = judge({ tamper: (proof) => ({ ...proof, publicKey: other.publicKey, id: other.deviceId }) })
    assert.equal(!stolen.ok && stolen.refusal.error, 'DEVICE_AUTH_SIGNATURE_INVALID')
  })
})

describe('without a device', () => {
  const NONE: SecretVerdict = { ok: true, method: 'none' }
  const PROXY: SecretVerdict = { ok: true, method: 'trusted-proxy' }
  const NOT_SET: SecretVerdict = {
    ok: false,
    error: 'AUTH_TOKEN_NOT_CONFIGURED',
    authReason: 'token_missing_config',
    isMissing: false,
  }
  const CLI = client('cli', 'cli')
  const BACKEND = client('gateway-client', 'backend')
  const APP = client('openclaw-macos', 'ui')
  const PAGE = client('openclaw-control-ui', 'webchat')
  const TUI = client('openclaw-tui', 'ui')

  const CASES: readonly (readonly [
    what: string,
    secret: SecretVerdict,
    connect: Partial<ConnectParams>,
    locality: Locality,
    expected: string,
  ])[] = [
    [
      'a node is refused',
      GOOD_TOKEN,
      { role: 'node', client: client('node-host', 'node') },
      LOCAL,
      'DEVICE_IDENTITY_REQUIRED',
    ],
    ['a node on the owner’s socket is refused', NONE, { role: 'node' }, UNIX, 'DEVICE_IDENTITY_REQUIRED'],
    ['a command line with the secret may go on', GOOD_TOKEN, { client: CLI }, LOCAL, 'ok'],
    ['anybody with the secret may go on', GOOD_TOKEN, { client: APP }, REMOTE, 'ok'],
    [
      'a page is refused although it has the secret',
      GOOD_TOKEN,
      { client: PAGE },
      LOCAL,
      'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
    ],
    [
      'the terminal UI is refused like a page',
      GOOD_TOKEN,
      { client: TUI },
      LOCAL,
      'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
    ],
    ['a page behind a vouching proxy may go on', PROXY, { client: PAGE }, PROXIED, 'ok'],
    ['a page on the owner’s socket may go on', NONE, { client: TUI }, UNIX, 'ok'],
    ['who presents nothing has to identify itself', NO_TOKEN, { client: CLI }, LOCAL, 'DEVICE_IDENTITY_REQUIRED'],
    ['a page that presents nothing as well', NO_TOKEN, { client: PAGE }, LOCAL, 'CONTROL_UI_DEVICE_IDENTITY_REQUIRED'],
    ['a wrong secret is told so', BAD_TOKEN, { client: CLI }, LOCAL, 'AUTH_TOKEN_MISMATCH'],
    ['a gateway without a secret says so', NOT_SET, { client: CLI }, LOCAL, 'AUTH_TOKEN_NOT_CONFIGURED'],
    ['without authentication the owner’s processes may go on', NONE, { client: BACKEND }, LOCAL, 'ok'],
    ['without authentication nobody else may', NONE, { client: APP }, LOCAL, 'DEVICE_IDENTITY_REQUIRED'],
    ['without authentication nobody may from afar', NONE, { client: CLI }, REMOTE, 'DEVICE_IDENTITY_REQUIRED'],
  ]
  for (const [what, secret, connect, locality, expected] of CASES) {
    test(what, () => {
      const verdict = prove(secretChecked(secret, connect, { locality }))
      assert.equal(verdict.ok ? 'ok' : verdict.refusal.error, expected)
      if (verdict.ok) assert.equal(verdict.value.device, undefined)
    })
  }

  test('a device token or setup code alone authenticates nobody', () => {
    for (const auth of [{ deviceToken: 'd' }, { bootstrapToken: 'b' }]) {
      const verdict = prove(secretChecked(NO_TOKEN, { auth, client: APP }, { locality: REMOTE }))
      assert.equal(!verdict.ok && verdict.refusal.error, 'DEVICE_IDENTITY_REQUIRED')
    }
  })
})
