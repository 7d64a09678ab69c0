// All steps of admission in their order, over real keys, tokens and a pairing plane in memory.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectParams } from '@breakwater/protocol'
import { validateConnect } from '@breakwater/protocol/validators/handshake'
import { type SignOptions, TestDevice } from '@breakwater/testkit'
import type { Authorised, Candidate, Verdict } from '../../src/admission/candidate.ts'
import { type AdmissionPipeline, createPipeline } from '../../src/admission/pipeline.ts'
import type { AuthPolicy } from '../../src/auth/auth-policy.ts'
import { DeviceKeys } from '../../src/auth/device-keys.ts'
import { type PairingFixture, pairingFixture } from '../pairing/pairing-fixture.ts'
import { candidate, client, connectParams, NONCE, REMOTE } from './candidates.ts'

class Setting {
  readonly pairing: PairingFixture = pairingFixture()
  policy: AuthPolicy = { mode: 'token', token: 's3cret' }
  readonly pipeline: AdmissionPipeline

  constructor() {
    this.pipeline = createPipeline({
      validateConnect,
      keys: new DeviceKeys(),
      tokens: this.pairing.tokens,
      store: this.pairing.store,
      pairing: this.pairing.plane,
      authPolicy: () => this.policy,
      allowedOrigins: () => [],
      nowMs: () => this.pairing.clock.nowMs(),
    })
  }

  /** The connect of a device, signed for this connection. */
  signed(device: TestDevice, params: ConnectParams, options: SignOptions = {}): ConnectParams {
    return device.sign(params, { nonce: NONCE, ts: this.pairing.clock.nowMs() }, options)
  }

  judge(params: ConnectParams | object, changes: Partial<Candidate> = {}): ReturnType<AdmissionPipeline> {
    return this.pipeline(candidate(changes), JSON.stringify({ type: 'req', id: 'c1', method: 'connect', params }))
  }

  async admitted(params: ConnectParams, changes: Partial<Candidate> = {}): Promise<Authorised> {
    const verdict = await this.judge(params, changes)
    assert.ok(verdict.ok, verdict.ok ? '' : verdict.refusal.error)
    return verdict.value
  }

  async refusal(params: object, changes: Partial<Candidate> = {}): Promise<string> {
    const verdict: Verdict<Authorised> = await this.judge(params, changes)
    assert.ok(!verdict.ok)
    return verdict.refusal.error
  }
}

const AUTH = { token: 's3cret' }
const app = (changes: Partial<ConnectParams> = {}) =>
  connectParams({ scopes: ['operator.read'], auth: AUTH, ...changes })
const cli = (changes: Partial<ConnectParams> = {}) =>
  connectParams({ client: client('cli', 'cli'), scopes: ['operator.admin'], auth: AUTH, ...changes })

describe('the owner’s command line', () => {
  test('is let in with the shared token and keeps its scopes, in the same turn', () => {
    const verdict = new Setting().judge(cli())
    assert.ok(!(verdict instanceof Promise) && verdict.ok)
    const { method, grantedScopes, device, deviceToken } = verdict.value
    assert.deepEqual([method, grantedScopes, device, deviceToken], ['token', ['operator.admin'], undefined, undefined])
  })

  test('from elsewhere connects, but may do nothing', async () => {
    const { grantedScopes } = await new Setting().admitted(cli(), { locality: REMOTE })
    assert.deepEqual(grantedScopes, [])
  })
})

describe('a device on this machine', () => {
  test('is paired silently, on disk before it hears of it, and comes back with its token alone, in the same turn', async () => {
    const setting = new Setting()
    const device = new TestDevice()
    const first = await setting.admitted(setting.signed(device, app()))
    assert.deepEqual([first.method, first.grantedScopes], ['token', ['operator.read']])
    assert.equal(setting.pairing.store.devices.get(device.deviceId)?.approvedVia, 'silent')
    const deviceToken = first.deviceToken?.token ?? assert.fail('no token')
    const again = setting.judge(setting.signed(device, app({ auth: { deviceToken } })))
    assert.ok(!(again instanceof Promise) && again.ok, 'a known device waits for no disk')
    assert.deepEqual([again.value.method, again.value.deviceToken?.token], ['device-token', deviceToken])
  })

  test('that comes in two connections at once is paired once', async () => {
    const setting = new Setting()
    const device = new TestDevice()
    const both = await Promise.all([1, 2].map(() => setting.admitted(setting.signed(device, app()))))
    assert.equal(both[0]?.deviceToken?.token, both[1]?.deviceToken?.token)
    assert.equal(setting.pairing.store.devices.size, 1)
  })
})

describe('a device elsewhere', () => {
  test('has to be approved, however good its secret', async () => {
    const setting = new Setting()
    const params = setting.signed(new TestDevice(), app())
    assert.equal(await setting.refusal(params, { locality: REMOTE }), 'PAIRING_REQUIRED')
    assert.equal(setting.pairing.store.devices.size, 0)
  })
})

describe('what is looked at first', () => {
  const setting = new Setting()
  const device = new TestDevice()
  const badOrigin = { headers: { host: 'gw:1', origin: 'https://evil.example' }, locality: REMOTE }

  test('the form of the frame, before all else', async () => {
    assert.equal(await setting.refusal({ ...app(), minProtocol: 9, zzz: 1 }, badOrigin), 'INVALID_CONNECT_PARAMS')
  })

  test('the protocol, before the role', async () => {
    const params = app({ minProtocol: 9, maxProtocol: 9, role: 'nobody' })
    assert.equal(await setting.refusal(params, badOrigin), 'PROTOCOL_MISMATCH')
  })

  test('the role, before the origin', async () => {
    assert.equal(await setting.refusal(app({ role: 'nobody' }), badOrigin), 'INVALID_ROLE')
  })

  test('the origin, before the credential', async () => {
    assert.equal(await setting.refusal(app({ auth: {} }), badOrigin), 'CONTROL_UI_ORIGIN_NOT_ALLOWED')
  })

  test('whether there is a device, before its credential', async () => {
    const node = app({ role: 'node', client: client('node-host', 'node'), auth: { token: 'wrong' } })
    assert.equal(await setting.refusal(node), 'DEVICE_IDENTITY_REQUIRED')
  })

  test('the device’s proof, before the credential', async () => {
    const params = setting.signed(device, app({ auth: { token: 'wrong' } }), { nonce: 'other' })
    assert.equal(await setting.refusal(params), 'DEVICE_AUTH_NONCE_MISMATCH')
  })

  test('the credential, before the approval', async () => {
    const params = setting.signed(device, app({ auth: { token: 'wrong' } }))
    assert.equal(await setting.refusal(params, { locality: REMOTE }), 'AUTH_TOKEN_MISMATCH')
  })
})

describe('settings', () => {
  test('are read at each connect', async () => {
    const setting = new Setting()
    assert.equal((await setting.admitted(cli())).method, 'token')
    setting.policy = { mode: 'token', token: 'other' }
    assert.equal(await setting.refusal(cli()), 'AUTH_TOKEN_MISMATCH')
  })
})

describe('a fault of the store', () => {
  test('rejects instead of letting anybody in', async () => {
    const setting = new Setting()
    await setting.pairing.store.close()
    await assert.rejects(async () => setting.judge(setting.signed(new TestDevice(), app())), { code: 'STORE_CLOSED' })
  })
})
