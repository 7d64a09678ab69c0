import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseTypedValue } from '../../src/config/parse-typed-value.ts'

test('the type of the key decides how the text is read', async () => {
  assert.equal(await parseTypedValue('gateway.auth.token', '12345678'), '12345678')
  assert.equal(await parseTypedValue('gateway.auth.token', '"quoted"'), '"quoted"')
  assert.equal(await parseTypedValue('gateway.bind', 'lan'), 'lan')
  assert.equal(await parseTypedValue('gateway.port', '8080'), 8080)
  assert.equal(await parseTypedValue('gateway.tls.enabled', 'true'), true)
  assert.deepEqual(await parseTypedValue('gateway.trustedProxies', "['10.0.0.1']"), ['10.0.0.1'])
  assert.equal(await parseTypedValue('gateway.trustedProxies[0]', '10'), '10')
})

test('what does not fit comes back as text, for the check to name what is expected', async () => {
  assert.equal(await parseTypedValue('gateway.port', 'eighty'), 'eighty')
  assert.equal(await parseTypedValue('gateway.trustedProxies', '10.0.0.1'), '10.0.0.1')
})

test('keys nobody declared take JSON5, or text', async () => {
  assert.deepEqual(await parseTypedValue('agents.list', "[{id:'main'}]"), [{ id: 'main' }])
  assert.equal(await parseTypedValue('agents.name', 'Main agent'), 'Main agent')
  assert.equal(await parseTypedValue('not a path', '5'), 5)
})
