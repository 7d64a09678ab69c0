import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type HeartbeatRunner, Heartbeats } from '../../src/health/heartbeats.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { FakeClock } from '../fake-peer.ts'

class Setting {
  readonly clock = new FakeClock(1_000)
  readonly published: unknown[] = []
  readonly faults: string[] = []
  readonly heartbeats = new Heartbeats({
    broadcaster: {
      publish: (event, payload) => {
        this.published.push([event, payload])
        return 1
      },
    },
    clock: this.clock,
    log: { ...silentLogger, error: (message) => this.faults.push(message) },
  })

  async beat(runner?: HeartbeatRunner) {
    this.heartbeats.setRunner(runner)
    await this.heartbeats.beat({ sessionKey: 'agent:main:main', reason: 'wake' })
    return this.heartbeats.last
  }
}

describe('the heartbeat', () => {
  test('has not beaten at first', () => {
    const { heartbeats } = new Setting()
    assert.equal(heartbeats.last, null)
    assert.ok(heartbeats.isEnabled)
  })

  test('says that it was skipped when nothing can run an agent', async () => {
    const setting = new Setting()
    const record = { ts: 1_000, status: 'skipped', reason: 'no-agent-runtime', durationMs: 0 }
    assert.deepEqual(await setting.beat(), record)
    assert.deepEqual(setting.published, [['heartbeat', record]])
  })

  test('runs the agent and tells what came of it', async () => {
    const setting = new Setting()
    const record = await setting.beat(async ({ sessionKey, reason }) => {
      setting.clock.advance(40)
      return { status: 'sent', preview: `${sessionKey} ${reason}` }
    })
    assert.deepEqual(record, { ts: 1_040, status: 'sent', preview: 'agent:main:main wake', durationMs: 40 })
  })

  test('is skipped when switched off', async () => {
    const setting = new Setting()
    setting.heartbeats.setEnabled(false)
    const record = await setting.beat(async () => assert.fail('ran'))
    assert.deepEqual([record?.status, record?.reason], ['skipped', 'disabled'])
  })

  test('survives a runner that fails, and hides the fault’s text', async () => {
    const setting = new Setting()
    const record = await setting.beat(async () => {
      throw new Error('secret detail')
    })
    assert.deepEqual([record?.status, record?.reason], ['failed', 'runner-fault'])
    assert.deepEqual(setting.faults, ['heartbeat failed'])
    assert.equal((await setting.beat())?.status, 'skipped')
  })

  test('does not start a second beat while one runs', async () => {
    const setting = new Setting()
    const gate = Promise.withResolvers<void>()
    let runs = 0
    const first = setting.beat(async () => {
      runs += 1
      await gate.promise
      return { status: 'ok-empty' }
    })
    await setting.heartbeats.beat({ sessionKey: 'agent:main:main', reason: 'wake' })
    gate.resolve()
    await first
    assert.equal(runs, 1)
    assert.equal(setting.published.length, 1)
  })
})
