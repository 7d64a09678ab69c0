import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { logFileName } from '../../src/observe/file-logger.ts'
import { DailyLogFiles, singleLogFile } from '../../src/observe/log-files.ts'
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
    planTail({ cursor, maxBytes, oldestBytes, sizeBytes })

  test('without a cursor is the end of the log', () => {
    assert.deepEqual(plan(undefined), { fromBytes: 900, reset: false, truncated: true })
    assert.deepEqual(plan(undefined, 1_000), { fromBytes: 0, reset: false, truncated: false })
  })

  test('continues at the cursor', () => {
    assert.deepEqual(plan(950), { fromBytes: 950, reset: false, truncated: false })
    assert.deepEqual(plan(900), { fromBytes: 900, reset: false, truncated: false })
    assert.deepEqual(plan(1_000), { fromBytes: 1_000, reset: false, truncated: false })
  })

  test('starts over when the log is shorter than the cursor', () => {
    assert.deepEqual(plan(1_001), { fromBytes: 900, reset: true, truncated: true })
  })

  test('skips what lies too far back, and says how much', () => {
    assert.deepEqual(plan(899), { fromBytes: 900, reset: true, truncated: true, skippedBytes: 1 })
    assert.deepEqual(plan(0), { fromBytes: 900, reset: true, truncated: true, skippedBytes: 900 })
  })

  test('skips what no longer exists', () => {
    assert.deepEqual(plan(10, 5_000, 600), { fromBytes: 600, reset: true, truncated: true, skippedBytes: 590 })
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
})

describe('a log of daily files', () => {
  const day = (index: number): string => logFileName(new Date(Date.UTC(2030, 0, index)))

  async function daily() {
    const log = await temporaryLog()
    const files = new DailyLogFiles({ directory: log.directory, current: () => join(log.directory, day(9)) })
    return { ...log, files, tail: new LogTail({ files }) }
  }

  test('is one stream of bytes across its files', async () => {
    await using log = await daily()
    await writeFile(join(log.directory, day(1)), 'mon\n')
    await writeFile(join(log.directory, 'unrelated.txt'), 'no\n')
    const first = await log.tail.read({})
    await appendFile(join(log.directory, day(1)), 'mon late\n')
    await writeFile(join(log.directory, day(2)), 'tue\n')
    const second = await log.tail.read({ cursor: first.cursor })
    assert.deepEqual(second.lines, ['mon late', 'tue'])
    assert.deepEqual([second.cursor, second.size, second.reset], [17, 17, false])
    assert.deepEqual((await log.tail.read({ maxBytes: 8 })).lines, ['tue'])
  })

  test('keeps its offsets when old files are removed', async () => {
    await using log = await daily()
    for (let index = 1; index <= 4; index += 1) await writeFile(join(log.directory, day(index)), `day ${index}\n`)
    const { cursor } = await log.tail.read({})
    await rm(join(log.directory, day(1)))
    await appendFile(join(log.directory, day(4)), 'more\n')
    const after = await log.tail.read({ cursor })
    assert.deepEqual(after.lines, ['more'])
    assert.equal(after.reset, false)
    const behind = await log.tail.read({ cursor: 2 })
    assert.deepEqual(behind.lines, ['day 2', 'day 3', 'day 4', 'more'])
    assert.deepEqual([behind.reset, behind.skippedBytes], [true, 4])
  })
})
