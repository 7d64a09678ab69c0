import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { FAILURE_LIMITS, FailureRecorder, type HandshakeFailure } from '../../src/admission/failure-record.ts'
import { type LogFields, silentLogger } from '../../src/observe/logger.ts'

const FAILURE: HandshakeFailure = {
  connId: 'conn-1',
  cause: 'AUTH_TOKEN_MISMATCH',
  phase: 'connect',
  handshakeMs: 3,
  durationMs: 5,
  remote: '192.0.2.1',
  host: 'gw',
  fwd: undefined,
  origin: undefined,
  ua: 'test',
  code: 1008,
  reason: 'unauthorized',
}

class Setting {
  nowMs = 1_000
  readonly records: LogFields[] = []
  readonly summaries: LogFields[] = []
  readonly heard: HandshakeFailure[] = []
  readonly recorder: FailureRecorder
  readonly #timers: TestContext['mock']['timers']

  constructor(t: TestContext) {
    this.#timers = t.mock.timers
    this.#timers.enable({ apis: ['setInterval'] })
    this.recorder = new FailureRecorder({
      log: {
        ...silentLogger,
        warn: (message, fields = {}) => (message === 'handshake failed' ? this.records : this.summaries).push(fields),
      },
      now: () => this.nowMs,
      sourceOf: ({ remote }) => remote ?? 'unix',
      onRecord: (failure) => this.heard.push(failure),
    })
    t.after(() => this.recorder.stop())
  }

  fail(count: number, changes: Partial<HandshakeFailure> = {}): void {
    for (let failure = 0; failure < count; failure += 1) this.recorder.record({ ...FAILURE, ...changes })
  }

  /** A minute goes by. */
  pass(ms: number = FAILURE_LIMITS.windowMs): void {
    this.nowMs += ms
    this.#timers.tick(ms)
  }
}

describe('a failed handshake', () => {
  test('leaves one whole record', (t) => {
    const setting = new Setting(t)
    setting.fail(1)
    assert.deepEqual(setting.records, [{ handshake: 'failed', ...FAILURE }])
    assert.equal(setting.heard.length, 1)
  })

  test('has what the peer sent cut short', (t) => {
    const setting = new Setting(t)
    const long = 'x'.repeat(10_000)
    setting.fail(1, { host: long, fwd: long, origin: long, ua: long })
    assert.ok(JSON.stringify(setting.records[0]).length < 1_200)
  })

  test('is counted by its cause, written or not', (t) => {
    const setting = new Setting(t)
    setting.fail(50)
    setting.fail(3, { cause: 'handshake-timeout' })
    assert.deepEqual(Object.fromEntries(setting.recorder.counts), { AUTH_TOKEN_MISMATCH: 50, 'handshake-timeout': 3 })
  })
})

describe('a source that fails again and again', () => {
  test('gets ten records a minute for each cause, then one line with the count', (t) => {
    const setting = new Setting(t)
    setting.fail(1_000)
    setting.fail(4, { cause: 'handshake-timeout' })
    assert.equal(setting.records.length, 14)
    assert.equal(setting.heard.length, 14, 'whoever listens is spared the rest too')
    setting.pass()
    assert.deepEqual(setting.summaries, [
      { handshake: 'failed', source: '192.0.2.1', cause: 'AUTH_TOKEN_MISMATCH', suppressed: 990 },
    ])
    setting.fail(1)
    assert.equal(setting.records.length, 15)
  })

  test('has its count written after a minute also when it never pauses', (t) => {
    const setting = new Setting(t)
    for (let second = 0; second < 61; second += 1) {
      setting.fail(10)
      setting.nowMs += 1_000
    }
    assert.deepEqual(
      setting.summaries.map(({ suppressed }) => suppressed),
      [590],
    )
    assert.equal(setting.records.length, 20)
  })

  test('has its count written when the gateway stops', (t) => {
    const setting = new Setting(t)
    setting.fail(12)
    setting.recorder.stop()
    assert.deepEqual(
      setting.summaries.map(({ suppressed }) => suppressed),
      [2],
    )
  })
})

describe('many sources', () => {
  test('do not share their ten records', (t) => {
    const setting = new Setting(t)
    setting.fail(100, { remote: '192.0.2.1' })
    setting.fail(1, { remote: '192.0.2.2' })
    assert.equal(setting.records.length, 11)
  })

  test('cannot fill the log together: a bound on all records of a minute, one line for the rest', (t) => {
    const setting = new Setting(t)
    for (let source = 0; source < 20_000; source += 1) setting.fail(2, { remote: `source-${source}` })
    assert.equal(setting.records.length, FAILURE_LIMITS.inAll)
    assert.equal(setting.summaries.length, 0)
    setting.pass()
    setting.fail(1, { remote: 'late' })
    const [all, ...more] = setting.summaries
    assert.deepEqual(all, { handshake: 'failed', source: 'others', suppressed: 40_000 - FAILURE_LIMITS.inAll })
    assert.deepEqual(more, [])
    assert.equal(setting.records.length, FAILURE_LIMITS.inAll + 1, 'the next minute has records again')
  })
})

describe('a device that waits for approval', () => {
  const WAITING = { cause: 'PAIRING_REQUIRED', deviceId: 'device-1', requestId: 'request-1' }

  test('has one record a minute, which counts the attempts since the last', (t) => {
    const setting = new Setting(t)
    setting.fail(500, WAITING)
    assert.deepEqual(
      setting.records.map(({ deviceId, requestId, suppressed }) => [deviceId, requestId, suppressed]),
      [['device-1', 'request-1', undefined]],
    )
    setting.pass()
    assert.equal(setting.summaries.length, 0, 'no line of its own for the rest')
    setting.fail(3, WAITING)
    assert.deepEqual(
      setting.records.map(({ suppressed }) => suppressed),
      [undefined, 499],
    )
    assert.equal(setting.recorder.counts.get('PAIRING_REQUIRED'), 503)
    assert.equal(setting.heard.length, 2)
  })

  test('does not use up the records of others behind the same address', (t) => {
    const setting = new Setting(t)
    setting.fail(50, WAITING)
    setting.fail(1, { ...WAITING, deviceId: 'device-2' })
    setting.fail(1)
    assert.equal(setting.records.length, 3)
  })

  test('is bound by what all may write together', (t) => {
    const setting = new Setting(t)
    for (let number = 0; number < FAILURE_LIMITS.inAll + 5; number += 1) {
      setting.fail(1, { ...WAITING, deviceId: `device-${number}` })
    }
    assert.equal(setting.records.length, FAILURE_LIMITS.inAll)
    setting.pass()
    setting.fail(1, { ...WAITING, deviceId: `device-${FAILURE_LIMITS.inAll + 1}` })
    assert.deepEqual(setting.summaries.at(-1), { handshake: 'failed', source: 'others', suppressed: 5 })
  })
})
