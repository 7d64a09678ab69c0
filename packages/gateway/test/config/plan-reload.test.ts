import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { getAt, setAt } from '../../src/config/key-path.ts'
import type { Leaf } from '../../src/config/leaf.ts'
import { isEmptyPlan, keepProcessLeaves, planReload } from '../../src/config/plan-reload.ts'
import { CONFIG_LEAVES, type ResolvedConfig } from '../../src/config/schema.ts'
import { assertValid, loadText } from './config-fixture.ts'

const defaults = await loadText('{}')
assertValid(defaults)

const anyValue = ({ type }: Leaf): fc.Arbitrary<unknown> => {
  switch (type.name) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: type.min, max: type.max })
    case 'choice':
      return fc.constantFrom(...type.values)
    case 'text':
      return fc.option(fc.constantFrom('one', 'two'), { nil: undefined })
    case 'list':
      return fc.array(fc.constantFrom('one', 'two'), { maxLength: 2 })
  }
}

/** Any value of its type at some of the leaves, defaults elsewhere. */
const anyConfig = fc
  .subarray([...CONFIG_LEAVES])
  .chain((entries) => fc.tuple(...entries.map(({ path, leaf }) => anyValue(leaf).map((value) => ({ path, value })))))
  .map((changes) =>
    changes.reduce<unknown>((config, { path, value }) => {
      const set = setAt(config, path.split('.'), value)
      assert.ok(set.ok)
      return set.value
    }, defaults.config),
  )
  .map((config) => config as ResolvedConfig)

test('the plan names every changed leaf once, under the reload kind and owner of the table, and nothing else', () => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (before, after) => {
      const plan = planReload(before, after)
      for (const { path, leaf } of CONFIG_LEAVES) {
        const keys = path.split('.')
        const hasChanged = JSON.stringify(getAt(before, keys)) !== JSON.stringify(getAt(after, keys))
        const named = [
          ...(plan.live.includes(path) ? ['live'] : []),
          ...(plan.process.includes(path) ? ['process'] : []),
          ...[...plan.components].filter(([, paths]) => paths.includes(path)).map(([owner]) => `component ${owner}`),
        ]
        const expected = leaf.reload === 'component' ? `component ${leaf.owner}` : leaf.reload
        assert.deepEqual(named, hasChanged ? [expected] : [], path)
      }
      const namedCount = plan.live.length + plan.process.length + [...plan.components.values()].flat().length
      assert.ok(namedCount <= CONFIG_LEAVES.length)
      assert.equal(isEmptyPlan(plan), namedCount === 0)
    }),
  )
})

test('a configuration needs nothing to become itself, and the same leaves to go back as to go', () => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (before, after) => {
      assert.ok(isEmptyPlan(planReload(before, structuredClone(before))))
      assert.deepEqual(planReload(before, after), planReload(after, before))
    }),
  )
})

test('what can take effect now is the new configuration, except for leaves that need a restart', () => {
  fc.assert(
    fc.property(anyConfig, anyConfig, (started, next) => {
      const effective = keepProcessLeaves(started, next)
      assert.deepEqual(planReload(started, effective).process, [])
      const rest = planReload(effective, next)
      assert.deepEqual([rest.live, rest.components.size], [[], 0])
      assert.deepEqual(rest.process, planReload(started, next).process)
    }),
  )
})
