import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { servedMethods } from '@breakwater/protocol'
import { ParamsValidators, validatorName } from '@breakwater/protocol/params-validators'

async function loaded(...methods: string[]): Promise<ParamsValidators> {
  const validators = new ParamsValidators()
  for (const method of methods) await validators.load(method)
  return validators
}

describe('parameter validators', () => {
  test('are loaded a family at a time', async () => {
    const validators = new ParamsValidators()
    assert.ok(!validators.isLoaded('cron.get'))
    await validators.load('cron.list')
    assert.ok(validators.isLoaded('cron.get'))
    assert.ok(!validators.isLoaded('node.list'))
  })

  test('exist for every served method', async () => {
    const validators = new ParamsValidators()
    for (const method of servedMethods()) {
      await validators.load(method)
      assert.doesNotThrow(() => validators.check(method, {}), method)
    }
  })

  test('have nothing against methods that are not served: those are refused otherwise', async () => {
    const validators = new ParamsValidators()
    assert.ok(validators.isLoaded('made.up'))
    await validators.load('made.up')
    assert.equal(validators.check('made.up', 5), undefined)
  })

  test('refuse to judge before they are there', () => {
    assert.throws(() => new ParamsValidators().check('cron.get', {}), /not loaded/)
  })

  test('share one load between concurrent calls', async () => {
    const validators = new ParamsValidators()
    await Promise.all([validators.load('cron.get'), validators.load('cron.list'), validators.load('cron.get')])
    assert.ok(validators.isLoaded('cron.get'))
  })

  test('count absent and null parameters as none', async () => {
    const validators = await loaded('node.list')
    assert.equal(validators.check('node.list', undefined), undefined)
    assert.equal(validators.check('node.list', null), undefined)
  })

  // As the official gateway answers them, the first finding only.
  const WORDED: readonly (readonly [method: string, params: unknown, problem: string])[] = [
    ['node.list', { zzz: 1 }, "at root: unexpected property 'zzz'"],
    ['node.describe', {}, "must have required property 'nodeId'"],
    ['logs.tail', { limit: 'x' }, 'at /limit: must be integer'],
    ['logs.tail', { limit: 0 }, 'at /limit: must be >= 1'],
    ['node.list', [], 'must be object'],
    ['node.list', 'x', 'must be object'],
  ]
  for (const [method, params, problem] of WORDED) {
    test(`say "${problem}" of ${method} ${JSON.stringify(params)}`, async () => {
      assert.equal((await loaded(method)).check(method, params), problem)
    })
  }
})

test('a validator is named after its method', () => {
  assert.equal(validatorName('sessions.messages.subscribe'), 'validateSessionsMessagesSubscribe')
  assert.equal(validatorName('system-presence'), 'validateSystemPresence')
})
