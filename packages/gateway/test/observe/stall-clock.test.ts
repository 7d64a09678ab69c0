import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { StallClock } from '../../src/observe/stall-clock.ts'

class Setting {
  nowMs = 5_000
  readonly clock = new StallClock({ now: () => this.nowMs })
  readonly #timers: TestContext['mock']['timers']

  constructor(t: TestContext) {
    this.#timers = t.mock.timers
    this.#timers.enable({ apis: ['setInterval'] })
    this.clock.start()
    t.after(() => this.clock.stop())
  }

  /** The loop runs: every beat comes in time, give or take. */
  run(ms: number, latenessMs = 0): void {
    for (let passed = 0; passed < ms; passed += 20) {
      this.nowMs += 20 + latenessMs
      this.#timers.tick(20)
    }
  }

  /** The loop stands still: one beat comes late. */
  stall(ms: number): void {
    this.nowMs += ms
    this.#timers.tick(20)
  }
}

describe('the stall clock', () => {
  test('counts nothing while the loop runs, nor for ordinary lateness', (t) => {
    const setting = new Setting(t)
    setting.run(10_000)
    setting.run(10_000, 9)
    assert.equal(setting.clock.stalledMs(), 0)
    assert.equal(setting.clock.takeLongestStallMs(), 0)
  })

  test('counts how late a beat came', (t) => {
    const setting = new Setting(t)
    setting.run(100)
    setting.stall(1_020)
    assert.equal(setting.clock.stalledMs(), 1_000)
    setting.run(1_000)
    assert.equal(setting.clock.stalledMs(), 1_000)
  })

  test('counts a stall at once for a reader that runs before the beat, and only once', (t) => {
    const setting = new Setting(t)
    setting.run(100)
    setting.nowMs += 520
    assert.equal(setting.clock.stalledMs(), 500)
    assert.equal(setting.clock.stalledMs(), 500)
    setting.nowMs += 300
    assert.equal(setting.clock.stalledMs(), 800)
    setting.stall(0)
    assert.equal(setting.clock.stalledMs(), 800)
    setting.run(1_000)
    assert.equal(setting.clock.stalledMs(), 800)
  })

  test('adds stalls up, and tells the longest once', (t) => {
    const setting = new Setting(t)
    setting.stall(120)
    setting.run(100)
    setting.stall(320)
    setting.run(100)
    assert.equal(setting.clock.stalledMs(), 400)
    assert.equal(setting.clock.takeLongestStallMs(), 300)
    assert.equal(setting.clock.takeLongestStallMs(), 0)
  })

  test('does not take the time before its start, or after its stop, for a stall', (t) => {
    const setting = new Setting(t)
    setting.clock.stop()
    setting.nowMs += 60_000
    assert.equal(setting.clock.stalledMs(), 0)
    setting.clock.start()
    setting.run(100)
    assert.equal(setting.clock.stalledMs(), 0)
  })

  test('reads on the time base it was given', (t) => {
    const setting = new Setting(t)
    assert.equal(setting.clock.now(), 5_000)
  })
})
