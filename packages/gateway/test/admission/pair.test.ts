import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConnectParams, PAIRING_WAIT_CAP } from '@breakwater/protocol'
import type { Authenticated } from '../../src/admission/candidate.ts'
import { HOLD_MS, pair } from '../../src/admission/pair.ts'
import type { Admittance } from '../../src/pairing/device-admission.ts'
import type { PairingReason } from '../../src/pairing/pairing-policy.ts'
import type { PairingAnswer } from '../../src/pairing/pairing-waits.ts'
import type { DeviceRecord, PairRequestRecord } from '../../src/store/records.ts'
import { client, GOOD_TOKEN, REMOTE, secretChecked } from './candidates.ts'

const DEVICE = { deviceId: 'd1', publicKey: 'key-1' }

const RECORD: DeviceRecord = {
  ...DEVICE,
  roles: ['operator'],
  approvedScopes: ['operator.read'],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: {},
}

const REQUEST = { ...DEVICE, requestId: 'r1' } as unknown as PairRequestRecord

const required = (reason: PairingReason, record?: DeviceRecord) =>
  ({ kind: 'required', reason, record, request: REQUEST }) as Extract<Admittance, { kind: 'required' }>

const candidate = (connect: Partial<ConnectParams> = {}, changes: Partial<Authenticated> = {}): Authenticated => ({
  ...secretChecked(
    GOOD_TOKEN,
    { client: client('openclaw-ios', 'ui'), scopes: ['operator.read', 'operator.admin'], ...connect },
    { locality: REMOTE },
  ),
  device: DEVICE,
  method: 'token',
  isOwnerProcess: false,
  ...changes,
})

class Setting {
  readonly answers: Admittance[]
  readonly wait = Promise.withResolvers<PairingAnswer | undefined>()
  readonly waits: { requestId: string; maxMs: number | undefined }[] = []
  isFull = false
  readonly step: ReturnType<typeof pair>

  /** What admission says, one answer after the other. */
  constructor(...answers: Admittance[]) {
    this.answers = answers
    this.step = pair({
      admission: { admit: () => this.answers.shift() ?? assert.fail('asked once too often') },
      waits: {
        wait: (requestId, { maxMs } = {}) => {
          this.waits.push({ requestId, maxMs })
          return this.isFull ? 'full' : this.wait.promise
        },
      },
    })
  }

  async refusal(who: Authenticated = candidate()) {
    const verdict = await this.step(who)
    assert.ok(!verdict.ok)
    return verdict.refusal
  }
}

describe('an approved device', () => {
  test('goes on at once, with its record and what a rule left it of its wishes', () => {
    const setting = new Setting({ kind: 'admitted', record: RECORD, scopes: ['operator.read'] })
    const verdict = setting.step(candidate())
    assert.ok(!(verdict instanceof Promise) && verdict.ok)
    assert.deepEqual([verdict.value.record, verdict.value.allowedScopes], [RECORD, ['operator.read']])
  })
})

describe('a device that is not', () => {
  const SUFFIX: Readonly<Record<PairingReason, string>> = {
    'not-paired': 'device is not approved yet',
    'role-upgrade': 'device is asking for a higher role than currently approved',
    'scope-upgrade': 'device is asking for more scopes than currently approved',
    'metadata-upgrade': 'device identity changed and must be re-approved',
  }
  for (const [reason, suffix] of Object.entries(SUFFIX) as [PairingReason, string][]) {
    test(`is told why (${reason}), what the owner can do, and to come back`, async () => {
      const { error, options, closeReason, waiting } = await new Setting(required(reason)).refusal()
      assert.equal(error, 'PAIRING_REQUIRED')
      assert.equal(options.message, `pairing required: ${suffix}`)
      assert.equal(closeReason, `pairing required: ${suffix} (requestId: r1)`)
      assert.equal(options.nextCommand, 'breakwater devices approve r1')
      assert.deepEqual(waiting, { deviceId: 'd1', requestId: 'r1' })
      const { remediationHint, ...details } = options.details ?? {}
      assert.match(String(remediationHint), /approve/i)
      assert.deepEqual(details, {
        reason,
        requestId: 'r1',
        deviceId: 'd1',
        requestedRole: 'operator',
        requestedScopes: ['operator.read', 'operator.admin'],
        recommendedNextStep: 'wait_then_retry',
        retryable: true,
        pauseReconnect: false,
      })
    })
  }

  test('is shown what it has, if the key is the one that has it', async () => {
    const shown = (await new Setting(required('scope-upgrade', RECORD)).refusal()).options.details
    assert.deepEqual([shown?.approvedRoles, shown?.approvedScopes], [['operator'], ['operator.read']])
    const other = { ...RECORD, publicKey: 'other' }
    const hidden = (await new Setting(required('not-paired', other)).refusal()).options.details ?? {}
    assert.ok(!('approvedRoles' in hidden) && !('approvedScopes' in hidden))
  })

  test('that asks for no scopes, or has none, is not shown empty lists', async () => {
    const bare = { ...RECORD, roles: [], approvedScopes: [] }
    const { details = {} } = (await new Setting(required('role-upgrade', bare)).refusal(candidate({ scopes: [] })))
      .options
    for (const name of ['requestedScopes', 'approvedRoles', 'approvedScopes']) assert.ok(!(name in details), name)
  })

  test('with a token too narrow is sent for another approval, and no request is made', async () => {
    const { error, options } = await new Setting({ kind: 'scope-mismatch' }).refusal()
    assert.equal(error, 'AUTH_SCOPE_MISMATCH')
    assert.deepEqual(options.details, { authReason: 'scope_mismatch', canRetryWithDeviceToken: false })
    assert.match(options.nextCommand ?? '', /devices list$/)
  })

  test('for which there is no room among the requests is told so, and that it may come back', async () => {
    const full: Admittance = { kind: 'full', reason: 'not-paired', limit: 'in-all', max: 1_024 } as Admittance
    const { error, options } = await new Setting(full).refusal()
    assert.equal(error, 'PAIRING_REQUIRED')
    assert.deepEqual(
      [options.details?.limit, options.details?.max, options.details?.pauseReconnect],
      ['in-all', 1_024, false],
    )
    assert.ok(!('requestId' in (options.details ?? {})))
  })

  test('that asks for the impossible is not told to come back', async () => {
    const full = { kind: 'full', reason: 'not-paired', limit: 'scopes', max: 64 } as Admittance
    const { options } = await new Setting(full).refusal()
    assert.ok(!('pauseReconnect' in (options.details ?? {})))
  })
})

describe('a device that offers to wait', () => {
  const waiting = (changes: Partial<Authenticated> = {}) => candidate({ caps: [PAIRING_WAIT_CAP] }, changes)

  test('is held, lets others be judged meanwhile, and goes on when it is approved', async () => {
    const setting = new Setting(required('not-paired'), { kind: 'admitted', record: RECORD })
    let yielded = 0
    const yieldTurn = (): void => {
      yielded += 1
    }
    const verdict = setting.step(waiting({ yieldTurn }))
    assert.ok(verdict instanceof Promise)
    assert.deepEqual([setting.waits, yielded], [[{ requestId: 'r1', maxMs: HOLD_MS }], 1])
    setting.wait.resolve('approved')
    const settled = await verdict
    assert.ok(settled.ok)
    assert.equal(settled.value.record, RECORD)
  })

  for (const answer of ['rejected', 'expired', undefined] as const) {
    test(`is refused like others when the answer is ${answer ?? 'not there in time'}`, async () => {
      const setting = new Setting(required('not-paired'))
      const refusal = setting.refusal(waiting())
      setting.wait.resolve(answer)
      assert.equal((await refusal).error, 'PAIRING_REQUIRED')
    })
  }

  test('is refused at once when too many wait already', async () => {
    const setting = new Setting(required('not-paired'))
    setting.isFull = true
    assert.equal((await setting.refusal(waiting())).error, 'PAIRING_REQUIRED')
  })

  test('is judged again after its approval: it may have been for less', async () => {
    const setting = new Setting(required('not-paired'), required('scope-upgrade', RECORD))
    const refusal = setting.refusal(waiting())
    setting.wait.resolve('approved')
    assert.equal((await refusal).options.details?.reason, 'scope-upgrade')
  })

  test('waits less than any client does for its hello', () => assert.ok(HOLD_MS < 10_000))
})
