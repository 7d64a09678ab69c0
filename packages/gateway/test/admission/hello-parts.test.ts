import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PresenceEntry } from '@breakwater/protocol'
import { HelloParts } from '../../src/admission/hello-parts.ts'

class Setting {
  nowMs = 100
  encodings = 0
  presence: readonly PresenceEntry[] = []
  health: unknown = { ok: true }
  readonly parts = new HelloParts({
    version: '0.1.0',
    bootId: 'boot-1',
    methodNames: ['health', 'status'],
    eventNames: ['tick'],
    presence: () => this.presence,
    health: () => this.health,
    stateVersion: () => ({ presence: 1, health: 2 }),
    appliedConfigHash: () => null,
    adminInfo: () => ({ configPath: '/c', stateDir: '/s', authMode: 'token' }),
    now: () => this.nowMs,
  })

  /** A value that counts how often it is turned into JSON. */
  counted<Value extends object>(value: Value): Value {
    return Object.assign(value, {
      toJSON: () => {
        this.encodings += 1
        return { ...value, toJSON: undefined }
      },
    })
  }
}

describe('the shared parts of hello', () => {
  test('name methods and events once and for all', () => {
    const { parts } = new Setting()
    assert.deepEqual(JSON.parse(parts.featuresJson()), {
      methods: ['health', 'status'],
      events: ['tick'],
      capabilities: [],
    })
    assert.equal(parts.featuresJson(), parts.featuresJson())
  })

  test('encode the presence list once per change', () => {
    const setting = new Setting()
    setting.presence = [setting.counted({ ts: 1, host: 'gw' })]
    for (let hello = 0; hello < 10; hello += 1) {
      assert.equal(setting.parts.presenceJson(), '[{"ts":1,"host":"gw"}]')
    }
    assert.equal(setting.encodings, 1)
    setting.presence = [{ ts: 2, host: 'gw' }]
    assert.equal(setting.parts.presenceJson(), '[{"ts":2,"host":"gw"}]')
  })

  test('encode health at most once a second', () => {
    const setting = new Setting()
    setting.health = setting.counted({ ok: true })
    for (let ms = 0; ms < 1_000; ms += 1) {
      setting.nowMs = 100 + ms
      setting.parts.healthJson()
    }
    assert.equal(setting.encodings, 1)
    setting.nowMs = 1_100
    setting.parts.healthJson()
    assert.equal(setting.encodings, 2)
  })

  test('tell how long the gateway has been up', () => {
    const setting = new Setting()
    setting.nowMs += 1_234.6
    assert.equal(setting.parts.uptimeMs(), 1_235)
  })
})
