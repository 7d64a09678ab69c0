import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CONTRACT_METHODS,
  familyOf,
  IDEMPOTENT_METHODS,
  isControlPlaneWrite,
  isScope,
  METHOD_FAMILIES,
  methodAccess,
  servedMethods,
} from '@breakwater/protocol'
import { contract } from './contract.ts'

const NODE_METHODS = [
  ...['node.event', 'node.invoke.progress', 'node.invoke.result', 'node.pending.ack', 'node.pending.drain'],
  ...['node.pending.pull', 'node.pluginSurface.refresh', 'node.pluginTools.update', 'node.runnerInventory.update'],
  ...['node.skills.update', 'skills.bins'],
]

/** With these a session asks for the scopes it lacks. */
const SCOPELESS = ['device.scopes.requestUpgrade', 'device.scopes.waitUpgrade']

describe('the methods of the contract', () => {
  test('are those of the published one, with their scopes', () => {
    const published = Object.fromEntries(Object.entries(contract.methods).map(([name, { scope }]) => [name, scope]))
    assert.deepEqual({ ...CONTRACT_METHODS }, published)
  })

  test('that are for nodes are pinned', () => {
    const forNodes = Object.keys(CONTRACT_METHODS).filter((name) => methodAccess(name)?.roles.includes('node'))
    assert.deepEqual(forNodes.sort(), [...NODE_METHODS, 'health'].sort())
  })

  test('are each for one role, but health, which is for both and needs no scope', () => {
    for (const name of Object.keys(CONTRACT_METHODS)) {
      const access = methodAccess(name)
      assert.ok(access, name)
      if (name === 'health') assert.deepEqual(access, { roles: ['operator', 'node'], scope: undefined })
      else if (SCOPELESS.includes(name)) assert.deepEqual(access, { roles: ['operator'], scope: undefined })
      else if (NODE_METHODS.includes(name)) assert.deepEqual(access, { roles: ['node'], scope: undefined })
      else {
        assert.deepEqual(access.roles, ['operator'], name)
        assert.ok(access.scope !== undefined && isScope(access.scope), `${name} needs a scope`)
      }
    }
  })

  test('have the scope the contract names, unless it leaves that to the server', () => {
    for (const [name, scope] of Object.entries(CONTRACT_METHODS)) {
      if (name !== 'health' && !SCOPELESS.includes(name) && isScope(scope))
        assert.equal(methodAccess(name)?.scope, scope)
    }
  })

  test('are nothing that an object merely inherits', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty', '', 'nope']) {
      assert.equal(methodAccess(name), undefined, name)
      assert.equal(familyOf(name), undefined, name)
    }
  })
})

describe('the methods that are served', () => {
  test('are all in the contract, each in one family', () => {
    const served = servedMethods()
    assert.equal(new Set(served).size, served.length)
    for (const name of served) assert.ok(methodAccess(name), `${name} is not in the contract`)
    const counted = Object.values(METHOD_FAMILIES).reduce((sum, family) => sum + Object.keys(family).length, 0)
    assert.equal(served.length, counted)
  })
})

test('calls with effects that must carry a key are pinned', () => {
  assert.deepEqual([...IDEMPOTENT_METHODS].sort(), ['agent', 'chat.send', 'message.action', 'node.invoke', 'send'])
  for (const name of IDEMPOTENT_METHODS) assert.ok(methodAccess(name), name)
})

test('configuration-type writes are limited, reads are not', () => {
  const limited = Object.keys(CONTRACT_METHODS).filter(isControlPlaneWrite)
  for (const name of ['config.set', 'config.patch', 'config.apply', 'secrets.reload']) assert.ok(limited.includes(name))
  for (const name of ['config.get', 'config.schema', 'update.status', 'health']) assert.ok(!isControlPlaneWrite(name))
})
