import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { grantDevice, revokeToken, rotateToken } from '../../src/pairing/device-grants.ts'
import { refreshedPlatform } from '../../src/pairing/platform-refresh.ts'
import { isPastIssuer, issuerFor, isTokenHandedOut, needsReissue } from '../../src/pairing/token-delivery.ts'
import { type CandidateChanges, CONTROL_UI, candidateOf, deviceOf, MAC, nodeCandidate } from './pairing-fixture.ts'

const NOW_MS = 1_800_000_000_000
const RECORD = grantDevice(
  undefined,
  {
    ...deviceOf('phone'),
    roles: ['operator', 'node'],
    scopes: ['operator.read', 'operator.approvals'],
    via: 'owner',
    facts: { platform: 'macOS 15.3.1' },
  },
  NOW_MS,
)
const ALL = { scopes: ['operator.write', 'operator.approvals'] }
const PAGE = { client: CONTROL_UI, ...ALL }
const isHandedOut = (changes: CandidateChanges, record = RECORD) => isTokenHandedOut(record, candidateOf(changes))

describe('a token is handed out', () => {
  test('to who asks for all it carries, or for more that implies it', () => {
    assert.ok(isHandedOut(ALL))
    assert.ok(isHandedOut({ scopes: ['operator.admin'] }))
    assert.ok(isTokenHandedOut(RECORD, nodeCandidate()))
  })

  test('not to who asks for less, has another key, another role, or a revoked one', () => {
    assert.ok(!isHandedOut({ scopes: ['operator.read'] }))
    assert.ok(!isHandedOut({ scopes: [] }))
    assert.ok(!isHandedOut({ ...ALL, name: 'other' }))
    const revoked = revokeToken(RECORD, 'operator', NOW_MS)
    assert.ok(revoked && !isHandedOut(ALL, revoked))
    assert.ok(!isTokenHandedOut(undefined, candidateOf(ALL)))
  })

  test('as far as it was narrowed by a rotation', () => {
    const narrowed = rotateToken(RECORD, 'operator', ['operator.read'], NOW_MS)
    assert.ok(narrowed && isHandedOut({ scopes: ['operator.read'] }, narrowed))
  })

  test('not to pages a proxy vouches for each time', () => {
    assert.ok(!isHandedOut({ ...PAGE, method: 'trusted-proxy' }))
    assert.ok(isHandedOut({ ...ALL, method: 'trusted-proxy' }))
    assert.ok(isHandedOut(PAGE))
  })
})

describe('a token of a page', () => {
  const bound = {
    generation: 1,
    scopes: [],
    createdAtMs: 1,
    issuer: { kind: 'shared-gateway-auth', generation: 'g1' },
  } as const
  const free = { generation: 1, scopes: [], createdAtMs: 1 }

  test('belongs to the shared secret that let the page in', () => {
    assert.deepEqual(issuerFor(candidateOf(PAGE), 'g1'), { kind: 'shared-gateway-auth', generation: 'g1' })
    assert.equal(issuerFor(candidateOf({ ...PAGE, method: 'device-token' }), 'g1'), undefined)
    assert.equal(issuerFor(candidateOf(ALL), 'g1'), undefined)
    assert.equal(issuerFor(candidateOf(PAGE), undefined), undefined)
  })

  test('dies with it, others do not', () => {
    assert.deepEqual(
      [isPastIssuer(bound, 'g1'), isPastIssuer(bound, 'g2'), isPastIssuer(bound, undefined)],
      [false, true, true],
    )
    assert.deepEqual([isPastIssuer(free, 'g2'), isPastIssuer(undefined, 'g2')], [false, false])
  })

  test('is made anew when the secret is another, or the program is', () => {
    assert.deepEqual(
      [needsReissue(bound, candidateOf(PAGE), 'g1'), needsReissue(bound, candidateOf(PAGE), 'g2')],
      [false, true],
    )
    assert.deepEqual(
      [needsReissue(free, candidateOf(PAGE), 'g1'), needsReissue(bound, candidateOf(ALL), 'g1')],
      [true, true],
    )
    assert.ok(!needsReissue(free, candidateOf(ALL), 'g1'))
    assert.ok(!needsReissue(bound, candidateOf({ ...PAGE, method: 'device-token' }), 'g2'))
  })
})

describe('the platform of a record', () => {
  const newer = (platform: string, id = MAC.id) => refreshedPlatform(RECORD, { ...MAC, id, platform })

  test('follows a newer version of the app that names one', () => {
    assert.equal(newer('macOS 26.0'), 'macOS 26.0')
    assert.equal(newer('macOS 15.3.1'), undefined)
  })

  test('does not follow programs that name none, or other systems', () => {
    assert.equal(newer('macos'), undefined)
    assert.equal(newer('Windows 11'), undefined)
    assert.equal(newer('macOS 26.0', 'cli'), undefined)
  })
})
