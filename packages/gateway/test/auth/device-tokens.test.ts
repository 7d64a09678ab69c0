import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { DeviceTokens } from '../../src/auth/device-tokens.ts'
import type { DeviceRecord, DeviceTokenRecord } from '../../src/store/records.ts'

const KEY = Buffer.alloc(32, 7)
const NOW_MS = 1_900_000_000_000
const tokens = new DeviceTokens(KEY)

const record = (token?: Partial<DeviceTokenRecord>): DeviceRecord => ({
  deviceId: 'd1',
  publicKey: 'k',
  roles: ['operator'],
  approvedScopes: [],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: token === undefined ? {} : { operator: { generation: 3, scopes: [], createdAtMs: 1, ...token } },
})

const match = (known: DeviceRecord, presented: string, role: 'operator' | 'node' = 'operator') =>
  tokens.match(known, role, presented, NOW_MS)

describe('a device token', () => {
  test('is derived from device, role and generation; the way is pinned, for it makes every token in the field', () => {
    const token = tokens.derive('d1', 'operator', 3)
    assert.equal(token, createHmac('sha256', KEY).update('d1|operator|3').digest('base64url'))
    assert.match(token, /^[A-Za-z0-9_-]{43}$/)
    assert.equal(tokens.derive('d1', 'operator', 3), token)
  })

  test('is another one for another device, role, generation or key', () => {
    const all = [
      tokens.derive('d1', 'operator', 3),
      tokens.derive('d2', 'operator', 3),
      tokens.derive('d1', 'node', 3),
      tokens.derive('d1', 'operator', 4),
      new DeviceTokens(Buffer.alloc(32, 8)).derive('d1', 'operator', 3),
    ]
    assert.equal(new Set(all).size, all.length)
  })

  test('stays the same when it was forgotten and is derived again', () => {
    const first = tokens.derive('d1', 'operator', 3)
    for (let generation = 10; generation < 4_200; generation += 1) tokens.derive('d9', 'node', generation)
    assert.equal(tokens.derive('d1', 'operator', 3), first)
  })
})

describe('a presented token', () => {
  const token = (generation: number, role: 'operator' | 'node' = 'operator') => tokens.derive('d1', role, generation)

  test('matches the live generation, and no other', () => {
    assert.equal(match(record({}), token(3)), 3)
    for (const generation of [1, 2, 4]) assert.equal(match(record({}), token(generation)), undefined)
    for (const wrong of ['', 'x', token(3).slice(1), `${token(3)}A`]) assert.equal(match(record({}), wrong), undefined)
  })

  test('matches the generation before a rotation, while that may still be used', () => {
    const rotated = record({ generation: 4, previousGeneration: 3 })
    assert.deepEqual([match(rotated, token(4)), match(rotated, token(3)), match(rotated, token(2))], [4, 3, undefined])
    const ending = record({ generation: 4, previousGeneration: 3, previousValidUntilMs: NOW_MS + 1 })
    assert.equal(match(ending, token(3)), 3)
    const ended = record({ generation: 4, previousGeneration: 3, previousValidUntilMs: NOW_MS })
    assert.deepEqual([match(ended, token(4)), match(ended, token(3))], [4, undefined])
  })

  test('matches nothing once it is revoked, for another role, or where there is none', () => {
    assert.equal(match(record({ revokedAtMs: 5 }), token(3)), undefined)
    assert.equal(match(record({}), token(3, 'node')), undefined)
    assert.equal(match(record({}), token(3, 'node'), 'node'), undefined)
    assert.equal(match(record(), token(3)), undefined)
  })
})

describe('the name of a shared secret', () => {
  test('is the same for the same secret, and gives nothing of it away', () => {
    assert.equal(tokens.nameOf('s3cret'), tokens.nameOf('s3cret'))
    assert.notEqual(tokens.nameOf('s3cret'), tokens.nameOf('s3cret2'))
    assert.notEqual(tokens.nameOf('s3cret'), new DeviceTokens(Buffer.alloc(32, 8)).nameOf('s3cret'))
    assert.match(tokens.nameOf('s3cret'), /^[A-Za-z0-9_-]{22}$/)
  })
})
