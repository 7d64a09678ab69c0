import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject, type JsonObject } from '../../src/config/json-value.ts'
import { changedPaths, mergePatch } from '../../src/config/merge-patch.ts'

const merged = (target: JsonObject, patch: JsonObject, replacePaths?: string[]) => {
  const result = mergePatch(target, patch, replacePaths)
  assert.ok(result.ok)
  return result.value
}

test('objects merge, null deletes, missing objects come into being', () => {
  assert.deepEqual(merged({ a: { b: 1, c: 2 }, d: 3 }, { a: { b: null, e: { f: 1 } }, d: null }), {
    a: { c: 2, e: { f: 1 } },
  })
  assert.deepEqual(merged({}, { a: { b: { c: null, d: 1 } } }), { a: { b: { d: 1 } } })
  assert.deepEqual(merged({ a: 1 }, { a: { b: 1 } }), { a: { b: 1 } })
})

test('a list may grow and be reordered, but loses entries only when its path is named', () => {
  const target = { a: { list: [1, 2, 2, { x: 1 }] } }
  assert.deepEqual(merged(target, { a: { list: [{ x: 1 }, 2, 1, 2, 5] } }), { a: { list: [{ x: 1 }, 2, 1, 2, 5] } })
  assert.deepEqual(mergePatch(target, { a: { list: [1, 2] } }), { ok: false, path: 'a.list', removedCount: 2 })
  assert.deepEqual(mergePatch({ list: [1] }, { list: [] }), { ok: false, path: 'list', removedCount: 1 })
  assert.deepEqual(mergePatch(target, { a: { list: 'none' } }), { ok: false, path: 'a.list', removedCount: 4 })
  assert.deepEqual(mergePatch(target, { a: { list: { x: 1 } } }), { ok: false, path: 'a.list', removedCount: 4 })
  assert.deepEqual(merged(target, { a: { list: [1] } }, ['a.list']), { a: { list: [1] } })
  assert.deepEqual(merged(target, { a: { list: null } }), { a: {} })
})

const anyObject = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 })

test('without lists the result is that of RFC 7396', () => {
  const reference = (target: unknown, patch: unknown): unknown => {
    if (!isJsonObject(patch)) return patch
    const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {}
    for (const [key, value] of Object.entries(patch)) {
      if (value === null) delete result[key]
      else result[key] = reference(result[key], value)
    }
    return result
  }
  const listless = fc.letrec<{ node: unknown; object: JsonObject }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.constantFrom(null, 1, 'x'), tie('object')),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node'), { maxKeys: 3 }),
  })).object
  fc.assert(
    fc.property(listless, listless, (target, patch) => {
      assert.deepEqual(merged(target, patch), reference(target, patch))
    }),
  )
})

test('the changed paths name exactly where two values differ', () => {
  assert.deepEqual(changedPaths({ a: { b: 1, c: [1] }, d: 1 }, { a: { b: 2, c: [1] }, e: { f: 1 } }), ['a.b', 'd', 'e'])
  fc.assert(fc.property(anyObject, (value) => assert.deepEqual(changedPaths(value, structuredClone(value)), [])))
})
