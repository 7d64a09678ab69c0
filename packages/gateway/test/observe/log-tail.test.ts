import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { DirectoryLogFiles, singleLogFile } from '../../src/observe/log-files.ts'
import { encodeLogIndex, LOG_INDEX_NAME, logFileName } from '../../src/observe/log-index.ts'
import { LogTail, planTail } from '../../src/observe/log-tail.ts'

async function temporaryLog() {
  const directory = await mkdtemp(join(tmpdir(), 'breakwater-log-'))
  const path = join(directory, 'gateway.log')
  return {
    directory,
    path,
    tail: new LogTail({ files: singleLogFile(path) }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

describe('the plan of a tail', () => {
  const plan = (cursor: number | undefined, maxBytes = 100, oldestBytes = 0, sizeBytes = 1_000) =>
    planTail({ cursor, maxBytes, oldestBytes, sizeBytes }, { reachBytes: 300 })
  const end = { fromBytes: 900, toBytes: 1_000, shown: 'last' }

  test('without a cursor is the end of the log', () => {
    assert.deepEqual(plan(undefined), { ...end, reset: false, truncated: true })
    assert.deepEqual(plan(undefined, 1_000), { ...end, fromBytes: 0, reset: false, truncated: false })
  })

  test('continues at the cursor, with the next lines first', () => {
    const following = { reset: false, truncated: false, shown: 'first' }
    assert.deepEqual(plan(950), { ...following, fromBytes: 950, toBytes: 1_000 })
    assert.deepEqual(plan(1_000), { ...following, fromBytes: 1_000, toBytes: 1_000 })
    assert.deepEqual(plan(750), { ...following, fromBytes: 750, toBytes: 850 })
    assert.deepEqual(plan(700), { ...following, fromBytes: 700, toBytes: 800 })
    assert.deepEqual(plan(100, 900), { ...following, fromBytes: 100, toBytes: 1_000 })
  })

  test('starts over when the log is shorter than the cursor', () => {
    assert.deepEqual(plan(1_001), { ...end, reset: true, truncated: true })
  })

  test('skips what lies out of reach, and says how much', () => {
    assert.deepEqual(plan(699), { ...end, reset: true, truncated: true, skippedBytes: 201 })
    assert.deepEqual(plan(0), { ...end, reset: true, truncated: true, skippedBytes: 900 })
  })

  test('skips what no longer exists', () => {
    const { fromBytes, reset, truncated, skippedBytes } = plan(790, 5_000, 800)
    assert.deepEqual([fromBytes, reset, truncated, skippedBytes], [800, true, true, 10])
  })
})

describe('the tail of a log', () => {
  test('of a file that does not exist yet is empty', async () => {
    await using log = await temporaryLog()
    assert.deepEqual(await log.tail.read({}), {
      file: log.path,
      cursor: 0,
      size: 0,
      lines: [],
      truncated: false,
      reset: false,
    })
  })

  test('shows complete lines only; the rest of a line follows when it is finished', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, 'one\ntwo\nthr')
    const first = await log.tail.read({})
    assert.deepEqual(first.lines, ['one', 'two'])
    assert.deepEqual([first.cursor, first.size], [8, 11])
    await appendFile(log.path, 'ee\n')
    const second = await log.tail.read({ cursor: first.cursor })
    assert.deepEqual(second.lines, ['three'])
    assert.deepEqual([second.cursor, second.size], [14, 14])
    assert.deepEqual((await log.tail.read({ cursor: 14 })).lines, [])
  })

  test('shows the newest lines up to the limit, and moves on behind all of them', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, 'a\nb\nc\n')
    const { lines, truncated, cursor } = await log.tail.read({ limit: 2 })
    assert.deepEqual(lines, ['b', 'c'])
    assert.deepEqual([truncated, cursor], [true, 6])
    assert.equal((await log.tail.read({ limit: 3 })).truncated, false)
  })

  test('never shows a line from its middle', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, 'aaaaaa\nbbbbbb\ncccccc\n')
    assert.deepEqual((await log.tail.read({ maxBytes: 10 })).lines, ['cccccc'])
    assert.deepEqual((await log.tail.read({ maxBytes: 14 })).lines, ['bbbbbb', 'cccccc'])
    assert.deepEqual((await log.tail.read({ cursor: 9 })).lines, ['cccccc'])
  })

  test('reports a log that became shorter', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, 'one\ntwo\n')
    const { cursor } = await log.tail.read({})
    await truncate(log.path, 0)
    await appendFile(log.path, 'new\n')
    const after = await log.tail.read({ cursor })
    assert.deepEqual(after.lines, ['new'])
    assert.deepEqual([after.reset, after.cursor], [true, 4])
  })

  test('gets past a line that is longer than the limit of bytes', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, `${'x'.repeat(50)}`)
    const first = await log.tail.read({ maxBytes: 10 })
    assert.deepEqual([first.lines, first.cursor], [[], 50])
    await appendFile(log.path, 'yy\nnext\n')
    assert.deepEqual((await log.tail.read({ cursor: first.cursor, maxBytes: 10 })).lines, ['next'])
  })

  test('counts bytes, not characters', async () => {
    await using log = await temporaryLog()
    await writeFile(log.path, 'größe\n☃☃\n')
    const { cursor, lines } = await log.tail.read({})
    assert.deepEqual(lines, ['größe', '☃☃'])
    assert.equal(cursor, Buffer.byteLength('größe\n☃☃\n'))
  })

  test('gives a follower every line exactly once, however the log grows', async () => {
    const line = fc.string({ maxLength: 12 }).map((text) => `L${text.replaceAll(/[\n\r]/g, '')}`)
    const cuts = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), cuts, async (lines, sizes) => {
        await using log = await temporaryLog()
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
        const seen: string[] = []
        let cursor = 0
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const next = Math.min(bytes.length, at + (sizes[turn % sizes.length] ?? 1))
          await appendFile(log.path, bytes.subarray(at, next))
          at = next
          const answer = await log.tail.read({ cursor })
          assert.equal(answer.reset, false)
          seen.push(...answer.lines)
          cursor = answer.cursor
        }
        assert.deepEqual(seen, lines)
      }),
      { numRuns: 30 },
    )
  })

  test('gives a follower every line exactly once when more came than one answer holds', async () => {
    await using log = await temporaryLog()
    const lines = Array.from({ length: 400 }, (_, index) => `line ${index} ${'x'.repeat(index % 37)}`)
    await writeFile(log.path, lines.map((line) => `${line}\n`).join(''))
    for (const request of [{ limit: 7 }, { maxBytes: 90 }, { limit: 3, maxBytes: 200 }]) {
      const seen: string[] = []
      for (let cursor = 0, size = 1; cursor < size; ) {
        const answer = await log.tail.read({ cursor, ...request })
        assert.deepEqual([answer.reset, answer.truncated], [false, false])
        seen.push(...answer.lines)
        cursor = answer.cursor
        size = answer.size
      }
      assert.deepEqual(seen, lines)
    }
  })
})

describe('a log of many files', () => {
  const day = (index: number): string => logFileName(new Date(Date.UTC(2030, 0, index)))

  async function daily() {
    const log = await temporaryLog()
    const files = new DirectoryLogFiles({}, { directory: log.directory })
    const write = (index: number, text: string) => writeFile(join(log.directory, day(index)), text)
    const index = (...starts: readonly (readonly [day: number, startBytes: number])[]) =>
      writeFile(
        join(log.directory, LOG_INDEX_NAME),
        encodeLogIndex(starts.map(([at, startBytes]) => ({ name: day(at), startBytes }))),
      )
    return { ...log, tail: new LogTail({ files }), write, index }
  }

  test('is one stream of bytes across its files', async () => {
    await using log = await daily()
    await log.write(1, 'mon\n')
    await log.index([1, 0])
    await writeFile(join(log.directory, 'unrelated.txt'), 'no\n')
    const first = await log.tail.read({})
    await appendFile(join(log.directory, day(1)), 'mon late\n')
    await log.write(2, 'tue\n')
    await log.index([1, 0], [2, 13])
    const second = await log.tail.read({ cursor: first.cursor })
    assert.deepEqual(second.lines, ['mon late', 'tue'])
    assert.deepEqual([second.cursor, second.size, second.reset], [17, 17, false])
    assert.deepEqual((await log.tail.read({ maxBytes: 8 })).lines, ['tue'])
    assert.equal(second.file, join(log.directory, day(2)))
  })

  test('keeps its offsets when old files are removed', async () => {
    await using log = await daily()
    for (let at = 1; at <= 4; at += 1) await log.write(at, `day ${at}\n`)
    await log.index([1, 100], [2, 106], [3, 112], [4, 118])
    const { cursor } = await log.tail.read({})
    assert.equal(cursor, 124)
    await rm(join(log.directory, day(1)))
    await appendFile(join(log.directory, day(4)), 'more\n')
    const after = await log.tail.read({ cursor })
    assert.deepEqual([after.lines, after.reset], [['more'], false])
    const behind = await log.tail.read({ cursor: 102 })
    assert.deepEqual(behind.lines, ['day 2', 'day 3', 'day 4', 'more'])
    assert.deepEqual([behind.reset, behind.skippedBytes], [true, 4])
  })

  test('starts behind a file that somebody removed or shortened in its middle', async () => {
    await using log = await daily()
    for (const at of [1, 2, 3]) await log.write(at, `day ${at}\n`)
    await log.index([1, 0], [2, 6], [3, 12])
    await truncate(join(log.directory, day(2)), 2)
    assert.deepEqual((await log.tail.read({ cursor: 0 })).lines, ['day 3'])
    await rm(join(log.directory, day(2)))
    const { lines, reset, cursor } = await log.tail.read({ cursor: 8 })
    assert.deepEqual([lines, reset, cursor], [['day 3'], true, 18])
  })

  test('is in the order of the index, whatever the clock said when a file was begun', async () => {
    await using log = await daily()
    await log.write(9, 'first\n')
    await log.write(1, 'second\n')
    await log.index([9, 0], [1, 6])
    assert.deepEqual((await log.tail.read({ cursor: 0 })).lines, ['first', 'second'])
  })

  test('without an index is in the order of its days, from 0', async () => {
    await using log = await daily()
    await log.write(2, 'tue\n')
    await log.write(1, 'mon\n')
    await writeFile(join(log.directory, LOG_INDEX_NAME), '{"version":1,"files":[{"name":"../x","startBytes":0}]}')
    const { lines, cursor } = await log.tail.read({})
    assert.deepEqual([lines, cursor], [['mon', 'tue'], 8])
  })

  test('of a directory that does not exist is empty', async () => {
    const files = new DirectoryLogFiles({ now: () => new Date(0) }, { directory: '/nonexistent/logs' })
    const { file, lines, cursor, size } = await new LogTail({ files }).read({})
    assert.deepEqual([file, lines, cursor, size], ['/nonexistent/logs/breakwater-1970-01-01.log', [], 0, 0])
  })
})
