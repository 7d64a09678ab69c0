import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WriteLimiter } from '../../src/rpc/write-limiter.ts'

class Setting {
  nowMs = 10_000_000
  readonly limiter = new WriteLimiter({ nowMs: () => this.nowMs })

  take(count: number, method = 'config.set', caller = 'a'): (number | undefined)[] {
    return Array.from({ length: count }, () => this.limiter.take(method, caller))
  }
}

describe('writes of one caller', () => {
  test('are thirty a minute; the next one learns how long to wait', () => {
    const setting = new Setting()
    assert.ok(setting.take(30).every((wait) => wait === undefined))
    setting.nowMs += 20_000
    assert.deepEqual(setting.take(2), [40_000, 40_000])
    setting.nowMs += 39_999
    assert.deepEqual(setting.take(1), [1])
    setting.nowMs += 1
    assert.deepEqual(setting.take(1), [undefined])
  })

  test('that were refused do not lengthen the wait', () => {
    const setting = new Setting()
    setting.take(30)
    for (let second = 0; second < 59; second += 1) {
      setting.nowMs += 1_000
      setting.take(5)
    }
    setting.nowMs += 1_000
    assert.deepEqual(setting.take(1), [undefined])
  })

  test('are counted per method, and apart from those of others', () => {
    const setting = new Setting()
    setting.take(30)
    assert.deepEqual(setting.take(1, 'config.patch'), [undefined])
    assert.deepEqual(setting.take(1, 'config.set', 'b'), [undefined])
  })

  test('are not held up when the clock is set back', () => {
    const setting = new Setting()
    setting.take(30)
    setting.nowMs -= 3_600_000
    assert.deepEqual(setting.take(1), [undefined])
  })

  test('are forgotten, oldest caller first, before memory grows', () => {
    const setting = new Setting()
    setting.take(30)
    for (let caller = 0; caller < 5_000; caller += 1) setting.limiter.take('config.set', `c${caller}`)
    assert.deepEqual(setting.take(1), [undefined])
  })
})
