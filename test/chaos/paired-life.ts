// A device whose pairing is lived through crashes: it does one thing after the other, notes what was acknowledged and what
// was under way, and says afterwards whether the gateway kept its word.

import assert from 'node:assert/strict'
import { type ConnectParams, coversScopes, decodeSetupCode, unionScopes } from '@breakwater/protocol'
import {
  cliConnect,
  connectRaw,
  type Frame,
  type GatewayProcess,
  RawClient,
  TEST_TOKEN,
  TestDevice,
} from '@breakwater/testkit'
import type { Random } from '../security/fuzz/random.ts'

const CLIENT = {
  id: 'openclaw-macos',
  mode: 'ui',
  version: '1.0.0',
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
} as const
const SCOPES = ['operator.read', 'operator.write', 'operator.approvals', 'operator.questions', 'operator.pairing']
const PUBLIC_URL = 'wss://gw.example.com'

type Doubt =
  | { readonly of: 'approval'; readonly scopes: readonly string[] }
  | { readonly of: 'revocation' | 'removal' }
  | { readonly of: 'redemption'; readonly code: string }

interface Row {
  readonly deviceId: string
  readonly scopes: readonly string[]
  readonly tokens: readonly { readonly role: string; readonly revokedAtMs?: number }[]
}

export class PairedLife {
  readonly #device = new TestDevice()
  readonly #random: Random
  #state: 'unknown' | 'paired' | 'revoked' = 'unknown'
  /** Acknowledged approvals. */
  #approved: readonly string[] = []
  /** The device token it was told last. */
  #held: string | undefined
  #doubt: Doubt | undefined
  /** Answers it was given: what must not be lost. */
  acknowledged = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Acts until the gateway dies; that is the only way this may end. */
  async live(gateway: GatewayProcess): Promise<void> {
    try {
      await using admin = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
      for (;;) await this.#act(gateway, admin)
    } catch (error) {
      if (error instanceof assert.AssertionError || !gateway.child.killed) throw error
    }
  }

  async #act(gateway: GatewayProcess, admin: RawClient): Promise<void> {
    if (this.#state === 'unknown' && this.#random.chance(0.4)) return await this.#setUp(gateway, admin)
    if (this.#state !== 'paired') return await this.#ask(gateway, admin, this.#wish())
    switch (this.#random.pick(['ask', 'rotate', 'rotate-own', 'return', 'return', 'revoke', 'remove'] as const)) {
      case 'ask':
        return await this.#ask(gateway, admin, this.#wish())
      case 'rotate':
        await this.#answered(admin, 'device.token.rotate', { role: 'operator' })
        return
      case 'rotate-own':
        return await this.#rotateOwn(gateway)
      case 'return':
        return await this.#comeBack(gateway)
      case 'revoke':
        this.#doubt = { of: 'revocation' }
        await this.#answered(admin, 'device.token.revoke', { role: 'operator' })
        return this.#revoked()
      case 'remove':
        this.#doubt = { of: 'removal' }
        await this.#answered(admin, 'device.pair.remove', {})
        return this.#removed()
    }
  }

  #wish(): readonly string[] {
    return SCOPES.filter(() => this.#random.chance(0.5))
  }

  async #ask(gateway: GatewayProcess, admin: RawClient, scopes: readonly string[]): Promise<void> {
    const answer = await this.#connect(gateway, { scopes, auth: { token: TEST_TOKEN } })
    if (answer.ok) return
    assert.equal(answer.error?.details.code, 'PAIRING_REQUIRED', JSON.stringify(answer.error))
    const { payload } = await admin.request('device.pair.list', {})
    const { requestId } = answer.error?.details ?? {}
    const shown = payload.pending.find((row: { requestId: string }) => row.requestId === requestId)
    assert.ok(shown !== undefined, 'an id that was told is not there to be approved')
    this.#doubt = { of: 'approval', scopes: shown.scopes }
    await this.#answered(admin, 'device.pair.approve', { requestId })
    this.#gained(shown.scopes)
    await this.#connect(gateway, { scopes: this.#approved, auth: { token: TEST_TOKEN } })
  }

  async #setUp(gateway: GatewayProcess, admin: RawClient): Promise<void> {
    const issued = await admin.request('device.pair.setupCode', { publicUrl: PUBLIC_URL, includeQr: false })
    assert.ok(issued.ok, JSON.stringify(issued.error))
    const decoded = decodeSetupCode(issued.payload.setupCode, Date.now())
    assert.ok(decoded.ok)
    await this.#redeem(gateway, decoded.payload.bootstrapToken)
  }

  async #redeem(gateway: GatewayProcess, code: string): Promise<void> {
    this.#doubt = { of: 'redemption', code }
    const hello = await this.#connect(gateway, { scopes: ['operator.admin'], auth: { bootstrapToken: code } })
    assert.ok(hello.ok, `a setup code that was never used up is refused: ${JSON.stringify(hello.error)}`)
    this.acknowledged += 1
    this.#gained(hello.payload.auth.scopes)
  }

  async #rotateOwn(gateway: GatewayProcess): Promise<void> {
    if (this.#held === undefined || !this.#approved.includes('operator.pairing')) return
    await using session = await this.#open(gateway)
    const params = paramsOf({ scopes: this.#approved, auth: { deviceToken: this.#held } })
    const hello = await session.connect((challenge) => this.#device.sign(params, challenge))
    assert.ok(hello.ok, JSON.stringify(hello.error))
    const rotated = await this.#answered(session, 'device.token.rotate', { role: 'operator' })
    assert.equal(rotated.payload.tokenDelivery, 'in-band')
    this.#held = rotated.payload.token
  }

  async #comeBack(gateway: GatewayProcess): Promise<void> {
    const auth = this.#held === undefined ? { token: TEST_TOKEN } : { deviceToken: this.#held }
    const hello = await this.#connect(gateway, { scopes: this.#approved, auth })
    assert.ok(hello.ok, `locked out: ${JSON.stringify(hello.error)}`)
  }

  /** Compares a gateway that came back with what was acknowledged before it died. */
  async verify(gateway: GatewayProcess, admin: RawClient): Promise<void> {
    this.#settle(await this.#row(admin))
    if (this.#doubt?.of === 'redemption') await this.#redeem(gateway, this.#doubt.code)
    const row = await this.#row(admin)
    switch (this.#state) {
      case 'unknown':
        assert.equal(row, undefined, 'a device nobody approved, or that was removed')
        return
      case 'revoked':
        assert.ok(isRevoked(row), 'a revocation was lost')
        return
      case 'paired':
        assert.ok(row !== undefined && !isRevoked(row), 'an approval was lost')
        assert.ok(coversScopes(row.scopes, this.#approved), `narrowed from ${this.#approved} to ${row.scopes}`)
        await this.#comeBack(gateway)
    }
  }

  async #row(admin: RawClient): Promise<Row | undefined> {
    const { payload } = await admin.request('device.pair.list', {})
    return (payload.paired as Row[]).find(({ deviceId }) => deviceId === this.#device.deviceId)
  }

  /** What was under way may or may not have happened. */
  #settle(row: Row | undefined): void {
    const doubt = this.#doubt
    if (doubt?.of === 'approval' && row !== undefined && !isRevoked(row) && coversScopes(row.scopes, doubt.scopes)) {
      this.#gained(doubt.scopes)
    }
    if (doubt?.of === 'revocation' && isRevoked(row)) this.#revoked()
    if (doubt?.of === 'removal' && row === undefined) this.#removed()
    if (doubt?.of !== 'redemption') this.#doubt = undefined
  }

  async #answered(client: RawClient, method: string, params: object): Promise<Frame> {
    const target = 'requestId' in params ? params : { deviceId: this.#device.deviceId, ...params }
    const answer = await client.request(method, target)
    assert.ok(answer.ok, `${method}: ${JSON.stringify(answer.error)}`)
    this.acknowledged += 1
    return answer
  }

  async #connect(gateway: GatewayProcess, wish: Wish): Promise<Frame> {
    await using client = await this.#open(gateway)
    const answer = await client.connect((challenge) => this.#device.sign(paramsOf(wish), challenge))
    if (answer.ok) this.#held = answer.payload.auth.deviceToken ?? this.#held
    return answer
  }

  #open(gateway: GatewayProcess): Promise<RawClient> {
    return RawClient.open(gateway.url, { headers: { host: 'gw.example.com', 'x-forwarded-for': '203.0.113.9' } })
  }

  #gained(scopes: readonly string[]): void {
    this.#state = 'paired'
    this.#approved = unionScopes(this.#approved, scopes)
    this.#doubt = undefined
  }

  #revoked(): void {
    this.#state = 'revoked'
    this.#held = undefined
    this.#doubt = undefined
  }

  #removed(): void {
    this.#state = 'unknown'
    this.#approved = []
    this.#held = undefined
    this.#doubt = undefined
  }
}

interface Wish {
  readonly scopes: readonly string[]
  readonly auth: NonNullable<ConnectParams['auth']>
}

const paramsOf = ({ scopes, auth }: Wish): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: CLIENT,
  role: 'operator',
  scopes,
  caps: [],
  auth,
})

const isRevoked = (row: Row | undefined): boolean =>
  row?.tokens.find(({ role }) => role === 'operator')?.revokedAtMs !== undefined
