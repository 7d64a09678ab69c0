import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coversScopes, type Role, SCOPES } from '@breakwater/protocol'
import fc from 'fast-check'
import {
  type DeviceGrant,
  grantDevice,
  liveGenerations,
  MAX_LIVE_GENERATIONS,
  ROTATION_GRACE_MS,
  reissueToken,
  revokeToken,
  rotateToken,
  useToken,
} from '../../src/pairing/device-grants.ts'
import type { DeviceRecord, DeviceTokenRecord } from '../../src/store/records.ts'

const NOW_MS = 1_800_000_000_000

const grantOf = (changes: Partial<DeviceGrant> = {}): DeviceGrant => ({
  deviceId: 'device-1',
  publicKey: 'key-1',
  roles: ['operator'],
  scopes: ['operator.read'],
  via: 'owner',
  facts: { platform: 'macOS 15.3.1', displayName: 'desk' },
  ...changes,
})

const tokenOf = (record: DeviceRecord | undefined, role: Role = 'operator'): DeviceTokenRecord => {
  const token = record?.tokens[role]
  assert.ok(token)
  return token
}

const generationsOf = (record: DeviceRecord, nowMs = NOW_MS): readonly number[] =>
  liveGenerations(tokenOf(record), nowMs)

describe('an approval', () => {
  test('makes a record with a token per role, whose first generation is the time', () => {
    const record = grantDevice(undefined, grantOf({ roles: ['node', 'operator'] }), NOW_MS)
    assert.deepEqual(record, {
      deviceId: 'device-1',
      publicKey: 'key-1',
      platform: 'macOS 15.3.1',
      displayName: 'desk',
      roles: ['node', 'operator'],
      approvedScopes: ['operator.read'],
      approvedVia: 'owner',
      createdAtMs: NOW_MS,
      approvedAtMs: NOW_MS,
      tokens: {
        node: { generation: NOW_MS, scopes: [], createdAtMs: NOW_MS },
        operator: { generation: NOW_MS, scopes: ['operator.read'], createdAtMs: NOW_MS },
      },
    })
  })

  test('adds to what the device had and keeps what the owner called it', () => {
    const before = { ...grantDevice(undefined, grantOf(), NOW_MS), operatorLabel: 'my desk' }
    const after = grantDevice(
      before,
      grantOf({ scopes: ['operator.approvals'], facts: { platform: 'Windows 11' } }),
      NOW_MS + 5,
    )
    assert.deepEqual(after.approvedScopes, ['operator.read', 'operator.approvals'])
    assert.deepEqual(
      [after.operatorLabel, after.displayName, after.platform, after.createdAtMs, after.approvedAtMs],
      ['my desk', 'desk', 'Windows 11', NOW_MS, NOW_MS + 5],
    )
  })

  test('keeps a token that carries everything, and rotates one that gains scopes', () => {
    const before = grantDevice(undefined, grantOf({ scopes: ['operator.write'] }), NOW_MS)
    assert.deepEqual(tokenOf(grantDevice(before, grantOf({ scopes: ['operator.read'] }), NOW_MS + 5)), tokenOf(before))
    const wider = tokenOf(grantDevice(before, grantOf({ scopes: ['operator.admin'] }), NOW_MS + 5))
    assert.deepEqual(wider, {
      generation: NOW_MS + 1,
      previousGeneration: NOW_MS,
      scopes: ['operator.write', 'operator.admin'],
      createdAtMs: NOW_MS,
      rotatedAtMs: NOW_MS + 5,
    })
  })

  test('of a revoked role makes a token that no earlier one equals', () => {
    const before = grantDevice(undefined, grantOf(), NOW_MS)
    const revoked = revokeToken(before, 'operator', NOW_MS + 1)
    assert.ok(revoked)
    const again = grantDevice(revoked, grantOf(), NOW_MS + 2)
    assert.deepEqual(generationsOf(again), [NOW_MS + 2])
    assert.equal(tokenOf(again).revokedAtMs, undefined)
  })

  test('of another key starts from nothing', () => {
    const before = grantDevice(undefined, grantOf({ scopes: ['operator.admin'] }), NOW_MS)
    const other = grantDevice(before, grantOf({ publicKey: 'key-2' }), NOW_MS + 7)
    assert.deepEqual([other.approvedScopes, other.createdAtMs], [['operator.read'], NOW_MS + 7])
  })

  test('by a rule does not lower what a person or a code approved', () => {
    const via = (first: DeviceRecord['approvedVia'], second: DeviceRecord['approvedVia']) =>
      grantDevice(grantDevice(undefined, grantOf({ via: first }), NOW_MS), grantOf({ via: second }), NOW_MS).approvedVia
    assert.deepEqual(
      [via('owner', 'silent'), via('owner', 'bootstrap'), via('bootstrap', 'silent'), via('bootstrap', 'owner')],
      ['owner', 'owner', 'bootstrap', 'owner'],
    )
    assert.deepEqual([via('silent', 'trusted-cidr'), via('silent', 'owner')], ['trusted-cidr', 'owner'])
  })
})

describe('a rotation', () => {
  const paired = grantDevice(undefined, grantOf(), NOW_MS)
  const rotated = rotateToken(paired, 'operator', undefined, NOW_MS + 10)
  assert.ok(rotated)

  test('leaves the old token alive for as long as nobody came', () => {
    assert.deepEqual(generationsOf(rotated, NOW_MS + 365 * 86_400_000), [NOW_MS + 1, NOW_MS])
  })

  test('ends the old token a day after the new one was handed out', () => {
    const told = useToken(rotated, 'operator', { presented: NOW_MS, isHandedOut: true }, NOW_MS + 20)
    assert.ok(told)
    assert.deepEqual(generationsOf(told, NOW_MS + 20 + ROTATION_GRACE_MS - 1), [NOW_MS + 1, NOW_MS])
    assert.deepEqual(generationsOf(told, NOW_MS + 20 + ROTATION_GRACE_MS), [NOW_MS + 1])
    assert.equal(useToken(told, 'operator', { presented: NOW_MS, isHandedOut: true }, NOW_MS + 30), undefined)
  })

  test('ends the old token when the new one is used', () => {
    const used = useToken(rotated, 'operator', { presented: NOW_MS + 1, isHandedOut: true }, NOW_MS + 20)
    assert.ok(used)
    assert.deepEqual(generationsOf(used), [NOW_MS + 1])
    assert.equal(useToken(used, 'operator', { presented: NOW_MS + 1, isHandedOut: true }, NOW_MS + 21), undefined)
  })

  test('does not count connections that are not told the token', () => {
    assert.equal(useToken(rotated, 'operator', { presented: NOW_MS, isHandedOut: false }, NOW_MS + 20), undefined)
  })

  test('may be repeated while the device sleeps, up to a bound', () => {
    let record = paired
    for (let round = 0; round < 20; round += 1)
      record = rotateToken(record, 'operator', undefined, NOW_MS + round) ?? record
    assert.equal(generationsOf(record).length, MAX_LIVE_GENERATIONS)
    const few = rotateToken(rotated, 'operator', undefined, NOW_MS + 30)
    assert.ok(few)
    assert.deepEqual(generationsOf(few), [NOW_MS + 2, NOW_MS + 1, NOW_MS])
    const between = useToken(few, 'operator', { presented: NOW_MS + 1, isHandedOut: false }, NOW_MS + 40)
    assert.ok(between)
    assert.deepEqual(generationsOf(between), [NOW_MS + 2, NOW_MS + 1])
  })

  test('may narrow the token, and is refused where there is none', () => {
    const narrow = rotateToken(paired, 'operator', [], NOW_MS + 10)
    assert.deepEqual([tokenOf(narrow).scopes, narrow?.approvedScopes], [[], ['operator.read']])
    assert.equal(rotateToken(paired, 'node', undefined, NOW_MS), undefined)
    const revoked = revokeToken(paired, 'operator', NOW_MS)
    assert.equal(revoked && rotateToken(revoked, 'operator', undefined, NOW_MS), undefined)
  })
})

describe('a revocation', () => {
  test('ends every generation at once and keeps its first time', () => {
    const rotated = rotateToken(grantDevice(undefined, grantOf(), NOW_MS), 'operator', undefined, NOW_MS + 1)
    assert.ok(rotated)
    const revoked = revokeToken(rotated, 'operator', NOW_MS + 2)
    assert.ok(revoked)
    assert.deepEqual([tokenOf(revoked).revokedAtMs, tokenOf(revoked).previousGeneration], [NOW_MS + 2, undefined])
    assert.equal(revokeToken(revoked, 'operator', NOW_MS + 3), revoked)
    assert.equal(revokeToken(revoked, 'node', NOW_MS + 3), undefined)
  })
})

describe('a reissue', () => {
  test('ends the old token and ties the new one to its issuer', () => {
    const issuer = { kind: 'shared-gateway-auth', generation: 'g1' } as const
    const record = reissueToken(grantDevice(undefined, grantOf(), NOW_MS), 'operator', issuer, NOW_MS + 9)
    assert.deepEqual(generationsOf(record), [NOW_MS + 9])
    assert.deepEqual([tokenOf(record).issuer, tokenOf(record).scopes], [issuer, ['operator.read']])
    assert.equal(tokenOf(reissueToken(record, 'operator', undefined, NOW_MS + 10)).issuer, undefined)
  })
})

describe('properties', () => {
  const scopeList = fc.subarray([...SCOPES, 'operator.later'])
  const roleList = fc.subarray(['operator', 'node'] as const, { minLength: 1 })

  test('no sequence of approvals ever loses a scope, a role, or a live token', () => {
    const grants = fc.array(fc.record({ roles: roleList, scopes: scopeList }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(grants, (sequence) => {
        let record: DeviceRecord | undefined
        sequence.forEach(({ roles, scopes }, index) => {
          const before = record
          const after = grantDevice(before, grantOf({ roles, scopes }), NOW_MS + index)
          record = after
          const gained = roles.includes('operator') ? scopes : []
          assert.ok(coversScopes(after.approvedScopes, [...(before?.approvedScopes ?? []), ...gained]))
          for (const role of [...roles, ...(before?.roles ?? [])]) assert.ok(after.roles.includes(role))
          for (const role of before?.roles ?? []) {
            const live = new Set(liveGenerations(tokenOf(after, role), NOW_MS + index))
            const held = tokenOf(before, role).generation
            assert.ok(live.has(held), 'what the device holds still opens the door')
            assert.ok(coversScopes(tokenOf(after, role).scopes, tokenOf(before, role).scopes))
          }
        })
      }),
      { numRuns: 1_000 },
    )
  })

  test('a device that is never revoked always gets in with what it holds, whatever is lost on the way', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('rotate' as const) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, 3_600_000, ROTATION_GRACE_MS / 2) }),
      // A connection asks for everything or less, and may die before the device has noted what it was told.
      fc.record({ kind: fc.constant('connect' as const), isWide: fc.boolean(), isNoted: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let record = grantDevice(undefined, grantOf(), NOW_MS)
        let nowMs = NOW_MS
        let held = tokenOf(record).generation
        let toldAtMs: number | undefined
        let sleptThrough = 0
        // The design gives a device a day after it was told, and a bounded number of rotations.
        const isLate = () => toldAtMs !== undefined && nowMs - toldAtMs >= ROTATION_GRACE_MS
        for (const taken of steps) {
          if (taken.kind === 'wait') nowMs += taken.ms
          if (taken.kind === 'rotate') {
            if (isLate()) return
            record = rotateToken(record, 'operator', undefined, nowMs) ?? record
            toldAtMs = undefined
            sleptThrough += 1
          }
          if (taken.kind !== 'connect') continue
          const isIn = liveGenerations(tokenOf(record), nowMs).includes(held)
          if (!isIn) {
            assert.ok(
              isLate() || sleptThrough >= MAX_LIVE_GENERATIONS,
              `locked out with ${held} of ${JSON.stringify(record.tokens)}`,
            )
            return
          }
          record = useToken(record, 'operator', { presented: held, isHandedOut: taken.isWide }, nowMs) ?? record
          if (!taken.isWide) continue
          if (held !== tokenOf(record).generation) toldAtMs ??= nowMs
          if (!taken.isNoted) continue
          held = tokenOf(record).generation
          toldAtMs = undefined
          sleptThrough = 0
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
