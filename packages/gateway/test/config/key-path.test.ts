import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatKeyPath, getAt, parseKeyPath, type Segment, setAt, unsetAt } from '../../src/config/key-path.ts'

test('paths are read as people write them', () => {
  assert.deepEqual(parseKeyPath('a.b[0].c'), ['a', 'b', 0, 'c'])
  assert.deepEqual(parseKeyPath('a["x.y"][12]'), ['a', 'x.y', 12])
  assert.deepEqual(parseKeyPath('$include'), ['$include'])
  assert.deepEqual(parseKeyPath(''), [])
})

test('what is not a path is refused', () => {
  for (const path of [
    '.a',
    'a.',
    'a..b',
    'a[',
    'a[x]',
    'a[-1]',
    'a b',
    'a[0]b',
    '0a',
    'a.__proto__',
    '["\\q"]',
    'constructor',
  ]) {
    assert.equal(parseKeyPath(path), undefined, path)
  }
  assert.equal(parseKeyPath('a'.repeat(2_000)), undefined)
  assert.equal(parseKeyPath(Array(65).fill('a').join('.')), undefined)
})

const anySegments = fc.array(
  fc.oneof(
    fc.string({ minLength: 1, maxLength: 8 }).filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
    fc.nat(1_000),
  ),
  { maxLength: 8 },
)

test('every path that is printed can be read back', () => {
  fc.assert(fc.property(anySegments, (segments) => assert.deepEqual(parseKeyPath(formatKeyPath(segments)), segments)))
})

test('what was set is found, what was removed is gone, and the given value is never changed', () => {
  const root = Object.freeze({ a: Object.freeze([Object.freeze({ b: 1 })]) })
  const set = setAt(root, ['a', 0, 'c', 'd'], 2)
  assert.deepEqual(set, { ok: true, value: { a: [{ b: 1, c: { d: 2 } }] } })
  assert.deepEqual(setAt(root, ['a', 1], 'new'), { ok: true, value: { a: [{ b: 1 }, 'new'] } })
  assert.deepEqual(unsetAt(root, ['a', 0]), { a: [] })
  assert.deepEqual(unsetAt(root, ['a', 0, 'b']), { a: [{}] })
  assert.equal(unsetAt(root, ['a', 3, 'b']), root)
  assert.deepEqual(root, { a: [{ b: 1 }] })
})

test('setting creates what is missing on the way and refuses to replace what is there', () => {
  assert.deepEqual(setAt({}, ['a', 'b', 0], 1), { ok: true, value: { a: { b: [1] } } })
  assert.deepEqual(setAt({ a: 5 }, ['a', 'b'], 1), { ok: false, message: '"b" needs an object to be in' })
  assert.deepEqual(setAt({ a: {} }, ['a', 0], 1), { ok: false, message: '[0] needs a list to be in' })
  assert.deepEqual(setAt({ a: [] }, ['a', 1], 1), { ok: false, message: '[1] is beyond the end of a list of 0' })
})

test('a value set at any path of fresh objects is read back from there', () => {
  const keys = anySegments.map((segments) => segments.map((segment) => (typeof segment === 'number' ? 0 : segment)))
  fc.assert(
    fc.property(keys, fc.integer(), (segments: Segment[], value) => {
      const set = setAt(undefined, segments, value)
      assert.ok(set.ok)
      assert.equal(getAt(set.value, segments), value)
    }),
  )
})

test('inherited members are not values', () => {
  assert.equal(getAt({}, ['toString']), undefined)
  assert.equal(getAt([], ['length']), undefined)
})
