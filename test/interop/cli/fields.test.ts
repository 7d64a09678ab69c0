// The comparison must see what is missing, new, changed or of another type, and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differences, flatten, type MaskRule, mask, nonsenseLines, readText, select } from './fields.ts'

test('a document becomes its leaves', () => {
  assert.deepEqual(flatten({ a: { b: [1, { c: null }] }, d: [], e: {} }), {
    'a.b[0]': 1,
    'a.b[1].c': null,
    d: '[]',
    e: '{}',
  })
  assert.deepEqual(flatten([{ x: true }]), { '[0].x': true })
})

test('a text becomes what its patterns find', () => {
  const patterns = { agents: /^Agents: (.*)$/m, heartbeat: /^Heartbeat: (.*)$/m }
  assert.deepEqual(readText('Agents: main \nother', patterns), { agents: 'main', heartbeat: null })
})

test('only wanted fields are kept', () => {
  assert.deepEqual(select({ 'a.b': 1, 'a.c': 2, d: 3 }, { keep: /^a\./, drop: /c$/ }), { 'a.b': 1 })
})

test('rules hide what differs from run to run, and only where it has the right type', () => {
  const rules: readonly MaskRule[] = [
    { name: 'time', path: /AtMs$/, whole: 'number' },
    { name: 'port', part: /(?<=127\.0\.0\.1:)\d+/g },
  ]
  assert.deepEqual(mask({ seenAtMs: 5, savedAtMs: 'soon', url: 'ws://127.0.0.1:99/x' }, rules), {
    seenAtMs: '<time>',
    savedAtMs: 'soon',
    url: 'ws://127.0.0.1:<port>/x',
  })
})

test('missing, new and changed fields are differences', () => {
  assert.deepEqual(differences({ a: 1, b: null }, { a: 1, b: null }), [])
  assert.equal(differences({ a: 1 }, {}).length, 1)
  assert.equal(differences({}, { a: null }).length, 1)
  assert.equal(differences({ a: 1 }, { a: '1' }).length, 1)
})

test('lines with holes in them are found', () => {
  assert.deepEqual(nonsenseLines('fine\nevery undefined\np99=NaNms\nat [object Object]'), [
    'every undefined',
    'p99=NaNms',
    'at [object Object]',
  ])
})
