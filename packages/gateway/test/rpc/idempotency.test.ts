import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { IDEMPOTENCY_DEFAULTS, IdempotencyCache, type IdempotencyOptions } from '../../src/rpc/idempotency.ts'
import { turns } from '../fake-loop.ts'

class Setting {
  nowMs = 1_000
  readonly cache: IdempotencyCache<string>
  workCount = 0

  constructor(options: Partial<IdempotencyOptions> = {}) {
    this.cache = new IdempotencyCache(
      { nowMs: () => this.nowMs, bytesOf: (outcome) => outcome.length },
      { ...IDEMPOTENCY_DEFAULTS, ...options },
    )
  }

  once(key: string, outcome = `outcome of ${key}`): Promise<string> {
    return this.cache.once(key, async () => {
      this.workCount += 1
      return outcome
    })
  }
}

describe('a repeated call', () => {
  test('gets the outcome of the first one', async () => {
    const setting = new Setting()
    assert.equal(await setting.once('a', 'first'), 'first')
    assert.equal(await setting.once('a', 'second'), 'first')
    assert.equal(setting.workCount, 1)
  })

  test('joins one that is still running', async () => {
    const setting = new Setting()
    const work = Promise.withResolvers<string>()
    const first = setting.cache.once('a', () => work.promise)
    const second = setting.once('a')
    work.resolve('done')
    assert.deepEqual(await Promise.all([first, second]), ['done', 'done'])
    assert.equal(setting.workCount, 0)
  })

  test('runs anew when the outcome is older than it may be', async () => {
    const setting = new Setting()
    await setting.once('a')
    setting.nowMs += IDEMPOTENCY_DEFAULTS.ttlMs
    await setting.once('a')
    assert.equal(setting.workCount, 1)
    setting.nowMs += 1
    await setting.once('a')
    assert.equal(setting.workCount, 2)
    assert.equal(setting.cache.size, 1)
  })

  test('with another key is another call', async () => {
    const setting = new Setting()
    await Promise.all([setting.once('a'), setting.once('b')])
    assert.equal(setting.workCount, 2)
  })

  test('runs anew when the first one threw instead of settling', async () => {
    const setting = new Setting()
    await assert.rejects(setting.cache.once('a', () => Promise.reject(new Error('bug'))))
    await turns(1)
    assert.equal(await setting.once('a', 'second'), 'second')
  })
})

describe('what is remembered', () => {
  test('is bounded by count: the oldest settled outcome goes first', async () => {
    const setting = new Setting({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await setting.once(key)
    assert.equal(setting.cache.size, 2)
    await setting.once('c')
    await setting.once('b')
    assert.equal(setting.workCount, 3)
    await setting.once('a')
    assert.equal(setting.workCount, 4)
  })

  test('is bounded by bytes, and the account is kept', async () => {
    const setting = new Setting({ maxBytes: 100 })
    await setting.once('a', 'x'.repeat(60))
    await setting.once('b', 'x'.repeat(30))
    assert.equal(setting.cache.bytes, 90)
    await setting.once('c', 'x'.repeat(30))
    await turns(1)
    assert.deepEqual([setting.cache.size, setting.cache.bytes], [2, 60])
    setting.nowMs += IDEMPOTENCY_DEFAULTS.ttlMs + 1
    await setting.once('b', 'y')
    await turns(1)
    assert.equal(setting.cache.bytes, 31)
  })

  test('includes the newest outcome, however large', async () => {
    const setting = new Setting({ maxBytes: 100 })
    await setting.once('a', 'x'.repeat(60))
    await setting.once('b', 'x'.repeat(5_000))
    await turns(1)
    await setting.once('b')
    assert.deepEqual([setting.workCount, setting.cache.size], [2, 1])
  })

  test('never loses a call that is still running', async () => {
    const setting = new Setting({ maxEntries: 1 })
    const work = Promise.withResolvers<string>()
    const running = setting.cache.once('a', () => work.promise)
    await setting.once('b')
    await setting.once('c')
    const joined = setting.once('a')
    work.resolve('done')
    assert.deepEqual(await Promise.all([running, joined]), ['done', 'done'])
  })
})
