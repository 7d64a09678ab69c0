import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeSetupCode } from '@breakwater/protocol'
import { joinUrlOf } from '../../src/pairing/join-desk.ts'
import type { SetupCodeWish } from '../../src/pairing/setup-code-desk.ts'
import { SETUP_CODE_RULES } from '../../src/pairing/setup-codes.ts'
import { ADMIN, deviceOf, LAN_TLS, type PairingFixture, pairingFixture } from './pairing-fixture.ts'

const WISH: SetupCodeWish = { bootstrapProfile: 'node', joinUrl: true }

async function issue(fixture: PairingFixture, wish = WISH) {
  const outcome = await fixture.plane.setupCodes.issue(wish, ADMIN)
  assert.ok(outcome.ok, JSON.stringify(outcome))
  const { joinUrl = '', setupCode } = outcome.value
  return { joinUrl, joinCode: joinUrl.split('/').at(-1) ?? '', setupCode }
}

describe('a join URL', () => {
  test('names the gateway over HTTPS and a path of 22 characters', async () => {
    const { joinUrl } = await issue(pairingFixture())
    assert.match(joinUrl, /^https:\/\/192\.168\.1\.20:18789\/j\/[A-Za-z0-9_-]{22}$/)
  })

  test('gives what its setup code holds, once', async () => {
    const fixture = pairingFixture()
    const { joinCode, setupCode } = await issue(fixture)
    const decoded = decodeSetupCode(setupCode, fixture.clock.nowMs())
    assert.ok(decoded.ok)
    assert.deepEqual(await fixture.plane.joins.claim(joinCode), decoded.payload)
    assert.equal(await fixture.plane.joins.claim(joinCode), undefined)
    const presented = fixture.plane.setupCodes.present(decoded.payload.bootstrapToken, {
      ...deviceOf('n'),
      role: 'node',
    })
    assert.equal(presented.ok, true)
  })

  test('by two at once is given to one', async () => {
    const fixture = pairingFixture()
    const { joinCode } = await issue(fixture)
    const claims = await Promise.all([fixture.plane.joins.claim(joinCode), fixture.plane.joins.claim(joinCode)])
    assert.equal(claims.filter((claim) => claim !== undefined).length, 1)
  })

  test('is stored as a digest, and its token nowhere', async () => {
    const fixture = pairingFixture()
    const { joinCode, setupCode } = await issue(fixture)
    const decoded = decodeSetupCode(setupCode, fixture.clock.nowMs())
    assert.ok(decoded.ok)
    const stored = JSON.stringify([...fixture.store.setupCodes.values()])
    assert.ok(!stored.includes(joinCode) && !stored.includes(decoded.payload.bootstrapToken))
  })

  test('is worth nothing after its code has expired, or when it never was', async () => {
    const fixture = pairingFixture()
    const { joinCode } = await issue(fixture)
    const writes = fixture.commits()
    for (const guess of ['', 'x'.repeat(22), `${joinCode}x`, '../../etc/passwd', joinCode.toLowerCase()]) {
      if (guess !== joinCode) assert.equal(await fixture.plane.joins.claim(guess), undefined, guess)
    }
    assert.equal(fixture.commits(), writes, 'a guess writes nothing')
    fixture.clock.advance(SETUP_CODE_RULES.ttlMs)
    assert.equal(await fixture.plane.joins.claim(joinCode), undefined)
  })

  test('is for nodes, and never crosses a network in clear text', async () => {
    const fixture = pairingFixture()
    const refusal = async (wish: SetupCodeWish) => {
      const outcome = await fixture.plane.setupCodes.issue(wish, ADMIN)
      return outcome.ok ? 'none' : outcome.refusal.reason
    }
    assert.equal(await refusal({ joinUrl: true }), 'join-needs-node-profile')
    assert.equal(await refusal({ joinUrl: true, bootstrapProfile: 'limited' }), 'join-needs-node-profile')
    fixture.settings.address = { ...LAN_TLS, isTls: false }
    assert.equal(await refusal(WISH), 'insecure-url')
    assert.equal(fixture.store.setupCodes.size, 0)
    assert.equal(joinUrlOf('ws://127.0.0.1:18789', 'c'), 'http://127.0.0.1:18789/j/c')
    assert.equal(joinUrlOf('ws://localhost:1', 'c'), 'http://localhost:1/j/c')
    assert.equal(joinUrlOf('wss://gw.example/base', 'c'), 'https://gw.example/base/j/c')
  })
})
