import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  adoptFiles,
  byName,
  encodeLogIndex,
  LOST_BYTES,
  logFileName,
  nextFileName,
  parseLogIndex,
  startOfNext,
} from '../../src/observe/log-index.ts'

const AT = new Date(Date.UTC(2030, 0, 31, 23, 59))

describe('names of log files', () => {
  test('say the day, and from the second file of a day on which', () => {
    assert.equal(logFileName(AT), 'breakwater-2030-01-31.log')
    assert.equal(logFileName(AT, 2), 'breakwater-2030-01-31.2.log')
  })

  test('are never given twice', () => {
    assert.equal(nextFileName(AT, []), 'breakwater-2030-01-31.log')
    assert.equal(nextFileName(AT, ['breakwater-2030-01-30.log', 'x.log']), 'breakwater-2030-01-31.log')
    assert.equal(nextFileName(AT, ['breakwater-2030-01-31.log']), 'breakwater-2030-01-31.1.log')
    assert.equal(
      nextFileName(AT, ['breakwater-2030-01-31.9.log', 'breakwater-2030-01-31.10.log']),
      'breakwater-2030-01-31.11.log',
    )
  })

  test('sort by day, then by part', () => {
    const names = [
      'breakwater-2030-01-31.log',
      'breakwater-2030-01-31.2.log',
      'breakwater-2030-01-31.10.log',
      'breakwater-2030-02-01.log',
    ]
    assert.deepEqual(names.toReversed().sort(byName), names)
  })
})

describe('the index of a log', () => {
  test('comes back as it was written', () => {
    const entry = fc.record({ day: fc.integer({ min: 0, max: 20_000 }), bytes: fc.nat(1_000_000) })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        let startBytes = 0
        const index = entries.map(({ day, bytes }) => {
          startBytes += bytes
          return { name: logFileName(new Date(day * 86_400_000)), startBytes }
        })
        assert.deepEqual(parseLogIndex(encodeLogIndex(index)), index)
      }),
    )
  })

  for (const text of [
    '',
    'null',
    '[]',
    '{"version":2,"files":[]}',
    '{"version":1,"files":{}}',
    '{"version":1,"files":[null]}',
    '{"version":1,"files":[{"name":"../../etc/passwd","startBytes":0}]}',
    '{"version":1,"files":[{"name":"breakwater-2030-01-01.log","startBytes":-1}]}',
    '{"version":1,"files":[{"name":"breakwater-2030-01-01.log","startBytes":1.5}]}',
    '{"version":1,"files":[{"name":"breakwater-2030-01-01.log","startBytes":9},{"name":"breakwater-2030-01-02.log","startBytes":8}]}',
  ]) {
    test(`is not ${JSON.stringify(text.slice(0, 90))}`, () => assert.equal(parseLogIndex(text), undefined))
  }

  test('takes in newer files it does not know, and leaves older ones out', () => {
    const index = [{ name: 'breakwater-2030-01-02.log', startBytes: 50 }]
    const files = [
      { name: 'breakwater-2030-01-04.log', bytes: 4 },
      { name: 'breakwater-2030-01-01.log', bytes: 1 },
      { name: 'breakwater-2030-01-02.log', bytes: 2 },
      { name: 'breakwater-2030-01-03.log', bytes: 3 },
    ]
    assert.deepEqual(
      adoptFiles(index, files).map(({ startBytes }) => startBytes),
      [50, 52, 55],
    )
    assert.deepEqual(
      adoptFiles([], files).map(({ startBytes }) => startBytes),
      [0, 1, 3, 6],
    )
  })

  test('jumps ahead when nobody knows where the last file ended', () => {
    const index = [{ name: 'breakwater-2030-01-02.log', startBytes: 50 }]
    assert.deepEqual(
      [startOfNext(index, 7), startOfNext(index, undefined), startOfNext([], undefined)],
      [57, 50 + LOST_BYTES, 0],
    )
  })
})
