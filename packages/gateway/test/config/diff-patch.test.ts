import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffPatch } from '../../src/config/diff-patch.ts'
import type { JsonObject } from '../../src/config/json-value.ts'
import { mergePatch } from '../../src/config/merge-patch.ts'

test('only what differs is in the patch, and what is gone is null', () => {
  const before = { a: { b: 1, c: 2 }, list: [1, 2], same: { x: 1 } }
  const after = { a: { b: 1, d: {} }, list: [2], same: { x: 1 } }
  assert.deepEqual(diffPatch(before, after), {
    patch: { a: { c: null, d: {} }, list: [2] },
    replacePaths: ['list'],
  })
  assert.deepEqual(diffPatch(before, structuredClone(before)), { patch: {}, replacePaths: [] })
})

test('applied to the one, the patch yields the other', () => {
  const node = fc.letrec<{ node: unknown; object: JsonObject }>((tie) => ({
    node: fc.oneof({ maxDepth: 3 }, fc.constantFrom(1, 'x', true), fc.array(fc.constantFrom(1, 2)), tie('object')),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c d', 'e'), tie('node'), { maxKeys: 4 }),
  })).object
  fc.assert(
    fc.property(node, node, (...generated) => {
      // As JSON makes them: with the ordinary prototype.
      const [before, after] = JSON.parse(JSON.stringify(generated)) as [JsonObject, JsonObject]
      const { patch, replacePaths } = diffPatch(before, after)
      assert.deepEqual(mergePatch(before, patch, replacePaths), { ok: true, value: after })
    }),
  )
})
