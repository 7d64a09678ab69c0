import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { DefaultAgentDirectory } from '../../src/agents/agent-directory.ts'
import { MemoryChannelDirectory } from '../../src/channels/channel-directory.ts'
import { StateVersions } from '../../src/events/state-versions.ts'
import { HealthMonitor } from '../../src/health/health-snapshot.ts'
import { Heartbeats } from '../../src/health/heartbeats.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { judgeLoop } from '../../src/observe/loop-monitor.ts'
import { MemorySessionDirectory } from '../../src/sessions/session-directory.ts'
import { FakeClock } from '../fake-peer.ts'
import { sessionRow } from '../sessions/session-row.ts'

class Setting {
  readonly clock = new FakeClock()
  readonly versions = new StateVersions()
  readonly published: { event: string; stateVersion: unknown }[] = []
  delayMaxMs = 1
  readonly monitor: HealthMonitor

  constructor() {
    const broadcaster = {
      publish: (event: string, _payload: unknown, options: { stateVersion?: unknown } = {}) => {
        this.published.push({ event, stateVersion: options.stateVersion })
        return 1
      },
    }
    const calm = { intervalMs: 1_000, delayP99Ms: 1, utilization: 0, cpuCoreRatio: 0 }
    this.monitor = new HealthMonitor({
      broadcaster,
      clock: this.clock,
      versions: this.versions,
      agents: new DefaultAgentDirectory({ stateDir: '/state' }),
      sessions: new MemorySessionDirectory([
        sessionRow({ key: 'agent:main:main', updatedAt: this.clock.nowMs() - 500 }),
        sessionRow({ key: 'agent:main:idle', updatedAt: null }),
      ]),
      channels: new MemoryChannelDirectory([
        {
          id: 'matrix',
          label: 'Matrix',
          detailLabel: 'Matrix',
          defaultAccountId: 'a',
          accounts: [],
          summary: { ok: 1 },
        },
      ]),
      heartbeats: new Heartbeats({ broadcaster, clock: this.clock, log: silentLogger }),
      loop: { health: () => judgeLoop({ ...calm, delayMaxMs: this.delayMaxMs }, undefined) },
      hotReload: () => 'disabled',
    })
  }

  [Symbol.dispose](): void {
    this.monitor.stop()
  }
}

describe('the health snapshot', () => {
  test('tells what the parts tell', () => {
    using setting = new Setting()
    const health = setting.monitor.current()
    assert.equal(health.ok, true)
    assert.deepEqual(health.channelOrder, ['matrix'])
    assert.deepEqual(health.channels, { matrix: { ok: 1 } })
    assert.deepEqual(health.configReload, { hotReloadStatus: 'disabled' })
    assert.deepEqual(health.sessions, {
      path: 'agents/main/sessions',
      count: 2,
      recent: [
        { key: 'agent:main:main', updatedAt: setting.clock.nowMs() - 500, age: 500 },
        { key: 'agent:main:idle', updatedAt: null, age: null },
      ],
    })
    assert.deepEqual(health.agents?.[0]?.sessions, health.sessions)
    assert.equal(setting.monitor.version, 1)
  })

  test('is taken again when it is a minute old, and announced with its version', () => {
    using setting = new Setting()
    const takenAt = setting.monitor.current().ts
    setting.clock.advance(59_999)
    assert.equal(setting.monitor.current().ts, takenAt)
    assert.deepEqual(setting.published, [])
    setting.clock.advance(1)
    assert.equal(setting.monitor.current().ts, setting.clock.nowMs())
    assert.deepEqual(setting.published, [{ event: 'health', stateVersion: { presence: 1, health: 2 } }])
  })

  test('shows the event loop as it is now even when the rest is from before', () => {
    using setting = new Setting()
    setting.monitor.current()
    setting.delayMaxMs = 77
    assert.equal(setting.monitor.current().eventLoop?.delayMaxMs, 77)
  })

  test('is taken for a caller who insists, but not more often than once a second', () => {
    using setting = new Setting()
    setting.clock.advance(1_000)
    setting.monitor.probe()
    setting.clock.advance(999)
    setting.monitor.probe()
    assert.equal(setting.monitor.version, 2)
    setting.clock.advance(1)
    setting.monitor.probe()
    assert.equal(setting.monitor.version, 3)
  })

  test('is refreshed every minute while the monitor runs, and not after', () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      using setting = new Setting()
      setting.monitor.start()
      mock.timers.tick(180_000)
      assert.equal(setting.published.length, 3)
      setting.monitor.stop()
      mock.timers.tick(180_000)
      assert.equal(setting.published.length, 3)
    } finally {
      mock.timers.reset()
    }
  })
})
