import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { negotiate } from '../../src/admission/negotiate.ts'
import { client, connecting } from './candidates.ts'

const PROBE = client('openclaw-probe', 'probe')
const NODE = client('node-host', 'node')
const CLI = client('cli', 'cli')

describe('the protocol range', () => {
  const RANGES: readonly (readonly [min: number, max: number, who: string, isWelcome: boolean])[] = [
    [4, 4, 'cli', true],
    [1, 9, 'cli', true],
    [3, 4, 'cli', true],
    [3, 3, 'cli', false],
    [5, 6, 'cli', false],
    [5, 4, 'cli', false],
    [1, 3, 'cli', false],
    [3, 3, 'probe', true],
    [2, 3, 'probe', true],
    [2, 2, 'probe', false],
    [5, 5, 'probe', false],
    [3, 3, 'node', true],
    [2, 2, 'node', false],
  ]
  for (const [minProtocol, maxProtocol, who, isWelcome] of RANGES) {
    test(`${minProtocol}..${maxProtocol} of a ${who} is ${isWelcome ? 'accepted' : 'refused'}`, () => {
      const identity =
        who === 'probe' ? { client: PROBE } : who === 'node' ? { client: NODE, role: 'node' } : { client: CLI }
      const verdict = negotiate(connecting({ minProtocol, maxProtocol, ...identity }))
      assert.equal(verdict.ok, isWelcome)
      if (verdict.ok) return
      assert.equal(verdict.refusal.error, 'PROTOCOL_MISMATCH')
      assert.deepEqual(verdict.refusal.options.details, {
        clientMinProtocol: minProtocol,
        clientMaxProtocol: maxProtocol,
        expectedProtocol: 4,
        minimumProbeProtocol: 3,
      })
    })
  }

  test('of an old node counts only when both its role and its mode say node', () => {
    const old = { minProtocol: 3, maxProtocol: 3 }
    assert.ok(!negotiate(connecting({ ...old, client: NODE })).ok)
    assert.ok(!negotiate(connecting({ ...old, client: CLI, role: 'node' })).ok)
  })
})

describe('the role', () => {
  test('is operator unless named; scopes are none unless named', () => {
    const verdict = negotiate(connecting())
    assert.ok(verdict.ok)
    assert.deepEqual([verdict.value.role, verdict.value.requestedScopes], ['operator', []])
  })

  for (const role of ['operator', 'node']) {
    test(`${role} is accepted`, () => assert.ok(negotiate(connecting({ role })).ok))
  }

  for (const role of ['admin', 'worker', 'Operator', ' operator', '__proto__']) {
    test(`${JSON.stringify(role)} is refused, naming the ones there are`, () => {
      const verdict = negotiate(connecting({ role }))
      assert.ok(!verdict.ok)
      assert.equal(verdict.refusal.error, 'INVALID_ROLE')
      assert.deepEqual(verdict.refusal.options.details, { role, roles: ['operator', 'node'] })
    })
  }

  test('is judged after the protocol', () => {
    const verdict = negotiate(connecting({ role: 'admin', minProtocol: 9, maxProtocol: 9 }))
    assert.equal(!verdict.ok && verdict.refusal.error, 'PROTOCOL_MISMATCH')
  })
})
