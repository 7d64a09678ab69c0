import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectAuth, ConnectParams } from '@breakwater/protocol'
import { type AuthenticateComponents, authenticate, isOwnerProcess } from '../../src/admission/authenticate.ts'
import type { Proven, ProvenDevice, SecretVerdict } from '../../src/admission/candidate.ts'
import { DeviceTokens } from '../../src/auth/device-tokens.ts'
import type { Locality } from '../../src/listener/locality.ts'
import type { DeviceRecord, DeviceTokenRecord, SetupCodeRecord } from '../../src/store/records.ts'
import {
  BAD_TOKEN,
  client,
  connecting,
  GOOD_TOKEN,
  LOCAL,
  NO_TOKEN,
  PROXIED,
  REMOTE,
  secretChecked,
  UNIX,
} from './candidates.ts'

const NOW_MS = 1_900_000_000_000
const DEVICE: ProvenDevice = { deviceId: 'd1', publicKey: 'key-1' }
const tokens = new DeviceTokens(Buffer.alloc(32, 7))
const TOKEN = tokens.derive('d1', 'operator', 1)

const recordOf = (token: Partial<DeviceTokenRecord> = {}): DeviceRecord => ({
  ...DEVICE,
  roles: ['operator'],
  approvedScopes: ['operator.read'],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: { operator: { generation: 1, scopes: ['operator.read'], createdAtMs: 1, ...token } },
})

class Setting {
  record: DeviceRecord | undefined = recordOf()
  sharedGeneration: string | undefined
  readonly audited: string[] = []
  readonly step: ReturnType<typeof authenticate>

  constructor() {
    const components: AuthenticateComponents = {
      devices: { get: (id: string) => (id === 'd1' ? this.record : undefined) } as AuthenticateComponents['devices'],
      tokens,
      setupCodes: {
        present: (token) =>
          token === 'good'
            ? { ok: true, code: CODE }
            : { ok: false, fault: token === 'used' ? 'used' : 'unknown', code: token === 'used' ? CODE : undefined },
        auditRefusal: async (_, fault) => void this.audited.push(fault),
      } as AuthenticateComponents['setupCodes'],
      sharedAuthGeneration: () => this.sharedGeneration,
      nowMs: () => NOW_MS,
    }
    this.step = authenticate(components)
  }

  /** How the connection was let in, or with what it was refused. */
  async outcome(secret: SecretVerdict, auth: ConnectAuth = {}, device: ProvenDevice | null = DEVICE) {
    const verdict = await this.step(proven(secret, { auth }, device))
    return verdict.ok ? verdict.value.method : verdict.refusal.error
  }
}

const CODE = { setupId: 's1' } as SetupCodeRecord

const proven = (
  secret: SecretVerdict,
  connect: Partial<ConnectParams> = {},
  device: ProvenDevice | null = DEVICE,
): Proven => ({
  ...secretChecked(secret, {
    ...connect,
    ...(device === null
      ? {}
      : { device: { id: device.deviceId, publicKey: device.publicKey, signature: 's', signedAt: 1, nonce: 'n' } }),
  }),
  device: device ?? undefined,
})

describe('a connection is let in by', () => {
  test('the shared secret, before its own token is looked at', async () => {
    assert.equal(await new Setting().outcome(GOOD_TOKEN, { token: 't', deviceToken: 'wrong' }), 'token')
  })

  test('its device token, in the field for it or in that of the shared token', async () => {
    const setting = new Setting()
    assert.equal(await setting.outcome(NO_TOKEN, { deviceToken: TOKEN }), 'device-token')
    assert.equal(await setting.outcome(BAD_TOKEN, { token: 'wrong', deviceToken: ` ${TOKEN} ` }), 'device-token')
    assert.equal(await setting.outcome(BAD_TOKEN, { token: TOKEN }), 'device-token')
  })

  test('the token before a rotation, and is known by which one it was', async () => {
    const setting = new Setting()
    setting.record = recordOf({ generation: 2, previousGeneration: 1 })
    const verdict = await setting.step(proven(NO_TOKEN, { auth: { deviceToken: TOKEN } }))
    assert.equal(verdict.ok && verdict.value.usedGeneration, 1)
  })

  test('a setup code, even when the shared secret would have done', async () => {
    const setting = new Setting()
    for (const secret of [GOOD_TOKEN, NO_TOKEN]) {
      const verdict = await setting.step(proven(secret, { auth: { bootstrapToken: 'good' } }))
      assert.ok(verdict.ok)
      assert.deepEqual([verdict.value.method, verdict.value.setupCode], ['bootstrap-token', CODE])
    }
  })

  test('what still works beside a setup code that does not', async () => {
    const setting = new Setting()
    assert.equal(await setting.outcome(GOOD_TOKEN, { token: 't', bootstrapToken: 'wrong' }), 'token')
    assert.equal(await setting.outcome(NO_TOKEN, { deviceToken: TOKEN, bootstrapToken: 'wrong' }), 'device-token')
  })
})

describe('a connection is refused', () => {
  const CASES: readonly (readonly [what: string, secret: SecretVerdict, auth: ConnectAuth, error: string])[] = [
    ['with a wrong shared token', BAD_TOKEN, { token: 'wrong' }, 'AUTH_TOKEN_MISMATCH'],
    ['without any credential', NO_TOKEN, {}, 'AUTH_TOKEN_MISSING'],
    ['with a wrong device token', BAD_TOKEN, { token: 'wrong', deviceToken: 'wrong' }, 'AUTH_DEVICE_TOKEN_MISMATCH'],
    ['with a blank device token, like without', NO_TOKEN, { deviceToken: ' ' }, 'AUTH_TOKEN_MISSING'],
    ['with a setup code nobody issued', NO_TOKEN, { bootstrapToken: 'wrong' }, 'AUTH_BOOTSTRAP_TOKEN_INVALID'],
  ]
  for (const [what, secret, auth, error] of CASES) {
    test(`${what}: ${error}`, async () => assert.equal(await new Setting().outcome(secret, auth), error))
  }

  test('without a device, whatever device credential it presents', async () => {
    const setting = new Setting()
    for (const auth of [{ deviceToken: TOKEN }, { token: TOKEN }, { bootstrapToken: 'good' }]) {
      assert.equal(await setting.outcome(BAD_TOKEN, auth, null), 'AUTH_TOKEN_MISMATCH')
    }
  })

  test('with the token of another device, role or key, a revoked one, or one that outlived its secret', async () => {
    const setting = new Setting()
    const refused = async (auth: ConnectAuth, device = DEVICE) =>
      assert.equal(await setting.outcome(NO_TOKEN, auth, device), 'AUTH_DEVICE_TOKEN_MISMATCH')
    await refused({ deviceToken: tokens.derive('d2', 'operator', 1) })
    await refused({ deviceToken: tokens.derive('d1', 'node', 1) })
    await refused({ deviceToken: TOKEN }, { deviceId: 'd2', publicKey: 'key-2' })
    await refused({ deviceToken: TOKEN }, { deviceId: 'd1', publicKey: 'key-2' })
    setting.record = recordOf({ revokedAtMs: 5 })
    await refused({ deviceToken: TOKEN })
    setting.record = recordOf({ issuer: { kind: 'shared-gateway-auth', generation: 'old' } })
    setting.sharedGeneration = 'new'
    await refused({ deviceToken: TOKEN })
    setting.record = undefined
    await refused({ deviceToken: TOKEN })
  })
})

describe('a refusal tells the client what to do', () => {
  const details = async (secret: SecretVerdict, auth: ConnectAuth, device: ProvenDevice | null = DEVICE) => {
    const verdict = await new Setting().step(proven(secret, { auth }, device))
    assert.ok(!verdict.ok)
    assert.match(verdict.refusal.options.nextCommand ?? '', /^breakwater \w/)
    return verdict.refusal.options.details ?? {}
  }

  test('a device with a wrong shared token may try its own', async () => {
    assert.deepEqual(await details(BAD_TOKEN, { token: 'wrong' }), {
      authReason: 'token_mismatch',
      canRetryWithDeviceToken: true,
      recommendedNextStep: 'retry_with_device_token',
    })
  })

  test('nobody else is told to', async () => {
    const wrongPassword: SecretVerdict = {
      ok: false,
      error: 'AUTH_PASSWORD_MISMATCH',
      authReason: 'password_mismatch',
      isMissing: false,
    }
    for (const [secret, auth, device] of [
      [BAD_TOKEN, { token: 'wrong' }, null],
      [BAD_TOKEN, { token: 'wrong', deviceToken: 'wrong' }, DEVICE],
      [NO_TOKEN, {}, DEVICE],
      [wrongPassword, { password: 'wrong' }, DEVICE],
    ] as const) {
      const { canRetryWithDeviceToken, recommendedNextStep } = await details(secret, auth, device)
      assert.deepEqual([canRetryWithDeviceToken, recommendedNextStep], [false, undefined])
    }
  })

  test('only who holds a real setup code learns why it is not good, and leaves a trace', async () => {
    const setting = new Setting()
    const [guess, used] = await Promise.all(
      ['wrong', 'used'].map((bootstrapToken) => setting.step(proven(NO_TOKEN, { auth: { bootstrapToken } }))),
    )
    const causeOf = (verdict: typeof guess) => verdict && !verdict.ok && verdict.refusal.options.details?.cause
    assert.deepEqual([causeOf(guess), causeOf(used)], ['unknown', 'used'])
    assert.deepEqual(setting.audited, ['used'])
  })
})

describe('the owner’s own processes', () => {
  const CLI = client('cli', 'cli')
  const BACKEND = client('gateway-client', 'backend')
  const CASES: readonly (readonly [
    what: string,
    who: ConnectParams['client'],
    locality: Locality,
    origin: string | undefined,
    isOwner: boolean,
  ])[] = [
    ['the command line on this machine', CLI, LOCAL, undefined, true],
    ['the back end on this machine', BACKEND, LOCAL, undefined, true],
    ['anybody on the owner’s socket', client('openclaw-macos', 'ui'), UNIX, undefined, true],
    ['the command line elsewhere', CLI, REMOTE, undefined, false],
    ['the command line behind a proxy', CLI, PROXIED, undefined, false],
    ['a page that calls itself the command line', CLI, LOCAL, 'http://127.0.0.1:1', false],
    ['a page on the owner’s socket', CLI, UNIX, 'http://127.0.0.1:1', false],
    ['an app on this machine', client('openclaw-macos', 'ui'), LOCAL, undefined, false],
    ['the command line in another mode', client('cli', 'probe'), LOCAL, undefined, false],
    ['a client library that is no back end', client('gateway-client', 'ui'), LOCAL, undefined, false],
  ]
  for (const [what, who, locality, origin, isOwner] of CASES) {
    test(`${isOwner ? 'are' : 'are not'}: ${what}`, () => {
      const headers = origin === undefined ? {} : { origin }
      assert.equal(isOwnerProcess(connecting({ client: who }, { locality, headers })), isOwner)
    })
  }
})
