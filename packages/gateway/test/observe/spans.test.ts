import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type LogFields, type Logger, silentLogger } from '../../src/observe/logger.ts'
import { Spans } from '../../src/observe/spans.ts'

class Setting {
  nowMs = 0
  readonly records: LogFields[] = []
  readonly spans: Spans

  constructor() {
    const log: Logger = { ...silentLogger, warn: (_message, fields = {}) => this.records.push(fields) }
    this.spans = new Spans({ log, monotonicMs: () => this.nowMs })
  }

  /** A span that takes so long itself, with others inside it. */
  run(label: string, ownMs: number, inside: () => void = () => {}): void {
    this.spans.run(label, () => {
      this.nowMs += ownMs
      inside()
    })
  }
}

describe('spans', () => {
  test('return what the work returns and let its error pass', () => {
    const { spans } = new Setting()
    assert.equal(
      spans.run('add', () => 1 + 1),
      2,
    )
    assert.throws(
      () =>
        spans.run('fail', () => {
          throw new Error('no')
        }),
      /no/,
    )
  })

  test('of up to a second leave no record', () => {
    const setting = new Setting()
    setting.run('quick', 1_000)
    assert.deepEqual(setting.records, [])
  })

  test('that hold the loop leave one record naming the span that spent the time', () => {
    const setting = new Setting()
    setting.run('request', 100, () => {
      setting.run('encode', 200)
      setting.run('search', 1_500, () => setting.run('sort', 50))
    })
    assert.deepEqual(setting.records, [{ owner: 'search', root: 'request', durationMs: 1_850, ownerMs: 1_500 }])
    assert.equal(setting.spans.stallCount, 1)
  })

  test('are judged one by one: a slow one does not taint the next', () => {
    const setting = new Setting()
    setting.run('slow', 3_000)
    setting.run('quick', 10)
    setting.run('slow again', 1_001)
    assert.deepEqual(
      setting.records.map(({ owner }) => owner),
      ['slow', 'slow again'],
    )
  })

  test('are recorded also when the work throws', () => {
    const setting = new Setting()
    assert.throws(() =>
      setting.run('doomed', 2_000, () => {
        throw new Error('late')
      }),
    )
    setting.run('next', 1)
    assert.deepEqual(
      setting.records.map(({ owner }) => owner),
      ['doomed'],
    )
  })
})
