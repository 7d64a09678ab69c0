import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStyle } from '../../src/output/style.ts'
import { renderFields, renderTable } from '../../src/output/table.ts'

test('values of fields stand below each other, and fields without a value are left out', () => {
  const text = renderFields([
    ['a', 'one'],
    ['longer', 2],
    ['gone', undefined],
    ['blank', ''],
  ])
  assert.equal(text, '  a       one\n  longer  2\n')
})

test('columns are as wide as their widest cell, whatever its colour', () => {
  const { good } = createStyle(true)
  const text = renderTable(
    ['NAME', 'ROLE'],
    [
      [good('phone'), 'node'],
      ['a', 'operator'],
    ],
  )
  assert.equal(text, `  NAME   ROLE\n  ${good('phone')}  node\n  a      operator\n`)
})

test('nothing to show is no line at all', () => {
  assert.equal(renderFields([]), '')
})
