import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LogFields, type Logger, silentLogger } from '../../src/observe/logger.ts'
import { judgeLoop, LoopMonitor, type LoopSample } from '../../src/observe/loop-monitor.ts'
import { Spans } from '../../src/observe/spans.ts'
import { StabilityLog } from '../../src/observe/stability-log.ts'
import { StallClock } from '../../src/observe/stall-clock.ts'
import { FakeClock } from '../fake-peer.ts'

const CALM: LoopSample = {
  intervalMs: 1_000.4,
  delayP99Ms: 1.26,
  delayMaxMs: 3,
  utilization: 0.0123,
  cpuCoreRatio: 0.02,
}

describe('the judgement of a sample', () => {
  test('rounds figures for people', () => {
    assert.deepEqual(judgeLoop(CALM, undefined), {
      degraded: false,
      degradedSinceMs: null,
      reasons: [],
      intervalMs: 1_000,
      delayP99Ms: 1.3,
      delayMaxMs: 3,
      utilization: 0.012,
      cpuCoreRatio: 0.02,
    })
  })

  test('names every trouble and counts how long it lasts', () => {
    const bad = { ...CALM, delayP99Ms: 500, utilization: 0.95, cpuCoreRatio: 1 }
    const first = judgeLoop(bad, judgeLoop(CALM, undefined))
    assert.deepEqual(first.reasons, ['event_loop_delay', 'event_loop_utilization', 'cpu'])
    assert.equal(first.degradedSinceMs, 1_000)
    const second = judgeLoop({ ...CALM, cpuCoreRatio: 1.2 }, first)
    assert.deepEqual(second.reasons, ['cpu'])
    assert.equal(second.degradedSinceMs, 2_000)
    assert.equal(judgeLoop(CALM, second).degradedSinceMs, null)
  })
})

describe('the loop monitor', () => {
  test('takes one sample a second and records when the loop gets into trouble and out of it', () => {
    using setting = new Setting([CALM, { ...CALM, utilization: 1 }, { ...CALM, utilization: 1 }, CALM])
    setting.monitor.start()
    const degraded: boolean[] = []
    for (let second = 0; second < 4; second += 1) {
      mock.timers.tick(1_000)
      degraded.push(setting.monitor.health().degraded)
    }
    assert.deepEqual(degraded, [false, true, true, false])
    assert.deepEqual(setting.types(), ['loop.degraded', 'loop.recovered'])
  })

  test('records a stall that no span has explained, as nobody’s', () => {
    using setting = new Setting([{ ...CALM, delayMaxMs: 1_400 }])
    setting.monitor.start()
    mock.timers.tick(1_000)
    assert.deepEqual(setting.logged, [{ owner: 'unlabelled', durationMs: 1_400 }])
    assert.deepEqual(setting.types(), ['loop.stalled'])
  })

  test('leaves a stall with an owner to the record of its span', () => {
    using setting = new Setting([{ ...CALM, delayMaxMs: 1_400 }, CALM])
    setting.monitor.start()
    setting.spans.run('search', () => {
      setting.monotonicMs += 1_400
    })
    mock.timers.tick(2_000)
    assert.deepEqual(
      setting.logged.map(({ owner }) => owner),
      ['search'],
    )
    assert.equal(setting.stability.report(10).events.find(({ type }) => type === 'loop.stalled')?.owner, 'search')
  })

  test('samples no more once stopped', () => {
    using setting = new Setting([{ ...CALM, utilization: 1 }])
    setting.monitor.start()
    setting.monitor.stop()
    mock.timers.tick(5_000)
    assert.equal(setting.monitor.health().degraded, false)
  })

  test('sees a real block of the real loop', async () => {
    const log = silentLogger
    const monitor = new LoopMonitor({ stallClock: new StallClock(), spans: new Spans({ log }), log })
    monitor.start()
    try {
      await sleep(60)
      const until = performance.now() + 150
      while (performance.now() < until) Math.sqrt(2)
      await sleep(1_100)
      const { delayMaxMs, utilization, intervalMs, cpuCoreRatio } = monitor.health()
      assert.ok(delayMaxMs >= 100, `delayMaxMs ${delayMaxMs}`)
      assert.ok(utilization > 0.05 && utilization <= 1, `utilization ${utilization}`)
      assert.ok(intervalMs >= 900, `intervalMs ${intervalMs}`)
      assert.ok(cpuCoreRatio > 0.05, `cpuCoreRatio ${cpuCoreRatio}`)
    } finally {
      monitor.stop()
    }
  })
})

class Setting {
  monotonicMs = 0
  readonly logged: LogFields[] = []
  readonly stability = new StabilityLog({ clock: new FakeClock() })
  readonly spans: Spans
  readonly monitor: LoopMonitor

  constructor(samples: readonly LoopSample[]) {
    mock.timers.enable({ apis: ['setInterval'] })
    const log: Logger = { ...silentLogger, warn: (_message, fields = {}) => this.logged.push(fields) }
    const script = samples.values()
    this.spans = new Spans({ log, monotonicMs: () => this.monotonicMs })
    this.monitor = new LoopMonitor({
      stallClock: new StallClock(),
      spans: this.spans,
      log,
      stability: this.stability,
      probe: { start() {}, stop() {}, take: () => script.next().value ?? CALM },
    })
  }

  types(): string[] {
    return this.stability.report(10).events.map(({ type }) => type)
  }

  [Symbol.dispose](): void {
    this.monitor.stop()
    mock.timers.reset()
  }
}
