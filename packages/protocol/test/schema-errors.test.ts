import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { describeSchemaErrors, type SchemaFinding } from '@breakwater/protocol'

const finding = (changes: Partial<SchemaFinding>): SchemaFinding => ({
  instancePath: '',
  keyword: 'type',
  params: {},
  message: 'must be object',
  ...changes,
})

describe('a schema finding as the wire words it', () => {
  test('names the place, and of the whole only what is too much', () => {
    assert.equal(describeSchemaErrors([finding({})]), 'must be object')
    assert.equal(
      describeSchemaErrors([finding({ instancePath: '/a/0', message: 'must be string' })]),
      'at /a/0: must be string',
    )
    const extra = { keyword: 'additionalProperties', params: { additionalProperty: 'zzz' } }
    assert.equal(describeSchemaErrors([finding(extra)]), "at root: unexpected property 'zzz'")
    assert.equal(
      describeSchemaErrors([finding({ ...extra, instancePath: '/client' })]),
      "at /client: unexpected property 'zzz'",
    )
    const missing = { keyword: 'required', params: { missingProperty: 'id' } }
    assert.equal(describeSchemaErrors([finding(missing)]), "must have required property 'id'")
    assert.equal(
      describeSchemaErrors([finding({ ...missing, instancePath: '/client' })]),
      "at /client: must have required property 'id'",
    )
  })

  test('is the first one', () => {
    assert.equal(describeSchemaErrors([finding({ message: 'one' }), finding({ message: 'two' })]), 'one')
  })

  test('stays short whatever the peer called its members', () => {
    const text = describeSchemaErrors([
      finding({
        instancePath: `/${'x'.repeat(10_000)}`,
        keyword: 'additionalProperties',
        params: { additionalProperty: 'y'.repeat(10_000) },
      }),
    ])
    assert.ok(text.length < 400, String(text.length))
  })

  test('is a sentence even when there is nothing to go by', () => {
    assert.equal(describeSchemaErrors(null), 'at root: does not fit the schema')
    assert.equal(describeSchemaErrors([]), 'at root: does not fit the schema')
    const { message: _, ...silent } = finding({ keyword: 'if' })
    assert.equal(describeSchemaErrors([silent]), 'fails if')
  })
})
