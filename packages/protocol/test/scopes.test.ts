import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { coversScopes, expandScopes, isScope, meetScopes, SCOPES, unionScopes } from '@breakwater/protocol'
import fc from 'fast-check'

const scope = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...SCOPES) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('operator.future', 'operator.', 'operator', 'node.exec', '', 'OPERATOR.READ'),
  },
)
const scopes = fc.array(scope, { maxLength: 5 })

describe('what a scope implies', () => {
  const IMPLIED: Record<string, readonly string[]> = {
    'operator.admin': SCOPES,
    'operator.write': ['operator.read', 'operator.talk', 'operator.sessions.read', 'operator.sessions.write'],
    'operator.read': ['operator.sessions.read'],
    'operator.sessions.write': ['operator.sessions.read'],
  }
  for (const name of SCOPES) {
    test(`${name} implies ${IMPLIED[name]?.join(', ') ?? 'nothing'}`, () => {
      assert.deepEqual([...expandScopes([name])].sort(), [...new Set([name, ...(IMPLIED[name] ?? [])])].sort())
    })
  }

  test('there are ten of them', () => {
    assert.equal(SCOPES.length, 10)
    assert.ok(SCOPES.every(isScope))
    assert.ok(!isScope('constructor') && !isScope('operator.future'))
  })
})

describe('scopes as a lattice', () => {
  test('expanding twice adds nothing, and nothing that was given is lost', () => {
    fc.assert(
      fc.property(scopes, (given) => {
        const expanded = expandScopes(given)
        assert.ok(given.every((each) => expanded.has(each)))
        assert.deepEqual(expandScopes(expanded), expanded)
      }),
    )
  })

  test('more scopes never cover less', () => {
    fc.assert(
      fc.property(scopes, scopes, scopes, (granted, more, requested) => {
        if (coversScopes(granted, requested)) assert.ok(coversScopes([...granted, ...more], requested))
      }),
    )
  })

  test('covering is reflexive and transitive', () => {
    fc.assert(
      fc.property(scopes, scopes, scopes, (a, b, c) => {
        assert.ok(coversScopes(a, a))
        if (coversScopes(a, b) && coversScopes(b, c)) assert.ok(coversScopes(a, c))
      }),
    )
  })

  test('a union covers each of its parts, keeps their order and repeats nothing', () => {
    fc.assert(
      fc.property(scopes, scopes, (a, b) => {
        const union = unionScopes(a, b)
        assert.ok(coversScopes(union, a) && coversScopes(union, b))
        assert.deepEqual(union, [...new Set([...a, ...b])])
      }),
    )
  })
})

test('an administrator covers every operator scope, also ones of later versions, and nothing else', () => {
  assert.ok(coversScopes(['operator.admin'], ['operator.future', ...SCOPES]))
  assert.ok(!coversScopes(['operator.admin'], ['node.exec']))
  assert.ok(!coversScopes(['operator.admin'], ['OPERATOR.READ']))
})

test('an unknown scope grants nothing but itself', () => {
  assert.ok(coversScopes(['made-up'], ['made-up']))
  for (const known of SCOPES) assert.ok(!coversScopes(['made-up', 'operator.future'], [known]))
})

test('an empty request is always covered, and an empty grant covers only that', () => {
  assert.ok(coversScopes([], []))
  for (const known of SCOPES) assert.ok(!coversScopes([], [known]))
})

test('what two lists allow together is covered by both and keeps what either shares', () => {
  assert.deepEqual(meetScopes(['operator.admin'], ['operator.read', 'operator.write']), [
    'operator.read',
    'operator.write',
  ])
  assert.deepEqual(meetScopes(['operator.read'], ['operator.write', 'operator.approvals']), ['operator.read'])
  assert.deepEqual(meetScopes(['operator.read'], ['operator.approvals']), [])
  assert.deepEqual(meetScopes(['strange', 'operator.read'], ['strange']), ['strange'])
  fc.assert(
    fc.property(scopes, scopes, (a, b) => {
      const both = meetScopes(a, b)
      assert.ok(coversScopes(a, both) && coversScopes(b, both))
      for (const scope of a) if (coversScopes(b, [scope])) assert.ok(both.includes(scope))
    }),
  )
})

test('two lists never share an expansion because one of them holds an odd character', () => {
  assert.ok(expandScopes(['operator.read', 'operator.admin']).has('operator.admin'))
  for (const separator of ['\n', ',', '","', ' ', '\u0000']) {
    assert.ok(!expandScopes([`operator.read${separator}operator.admin`]).has('operator.admin'))
  }
})
