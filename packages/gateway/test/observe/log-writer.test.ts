import assert from 'node:assert/strict'
import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import fc from 'fast-check'
import { type LogDisk, nodeDisk, type OpenLogFile } from '../../src/observe/log-disk.ts'
import { DirectoryLogFiles } from '../../src/observe/log-files.ts'
import { LOG_INDEX_NAME, parseLogIndex } from '../../src/observe/log-index.ts'
import { LogTail } from '../../src/observe/log-tail.ts'
import { LogWriter, MAX_WAITING_BYTES, RETRY_MS } from '../../src/observe/log-writer.ts'

const DAY_MS = 86_400_000
const KEEP = { retentionDays: 0, maxBytes: 0 }

/** A disk with only so much room, and a switch for each thing that can go wrong. */
class FaultyDisk implements LogDisk {
  roomBytes = Number.POSITIVE_INFINITY
  isIndexRefused = false
  /** Bytes a single write takes at most. */
  writeBytes = Number.POSITIVE_INFINITY

  prepareDirectory = nodeDisk.prepareDirectory
  appendSync = nodeDisk.appendSync
  names = nodeDisk.names
  namesSync = nodeDisk.namesSync
  size = nodeDisk.size
  readText = nodeDisk.readText
  remove = nodeDisk.remove

  async replaceText(path: string, text: string): Promise<void> {
    if (this.isIndexRefused) throw new Error('EACCES: permission denied')
    await nodeDisk.replaceText(path, text)
  }

  async open(path: string): Promise<OpenLogFile> {
    const file = await nodeDisk.open(path)
    return {
      path,
      write: async (bytes) => {
        const taken = Math.min(bytes.length, this.roomBytes, this.writeBytes)
        if (taken === 0) throw new Error('ENOSPC: no space left on device')
        this.roomBytes -= taken
        return await file.write(bytes.subarray(0, taken))
      },
      writeSync: (bytes) => file.writeSync(bytes),
      size: () => file.size(),
      truncate: (bytes) => file.truncate(bytes),
      readEnd: (bytes) => file.readEnd(bytes),
      close: () => file.close(),
    }
  }
}

async function fixture(options: { retentionDays?: number; maxBytes?: number } = {}) {
  const dir = await tempDir()
  const directory = join(dir.path, 'logs')
  const told: string[] = []
  const clock = { now: new Date(Date.UTC(2030, 0, 1, 12)) }
  const disk = new FaultyDisk()
  const open: LogWriter[] = []
  const writer = (): LogWriter => {
    const made = new LogWriter(
      {
        disk,
        now: () => clock.now,
        onTrouble: (problem) => told.push(`trouble: ${problem}`),
        onRecovery: (lost) => told.push(`recovered: ${lost}`),
      },
      { directory, ...KEEP, ...options },
    )
    open.push(made)
    return made
  }
  return {
    directory,
    told,
    clock,
    disk,
    writer,
    tail: new LogTail({ files: new DirectoryLogFiles({}, { directory }) }),
    files: async () => (await readdir(directory)).filter((name) => name.endsWith('.log')).sort(),
    read: (name: string) => readFile(join(directory, name), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((each) => each.close()))
      await dir[Symbol.asyncDispose]()
    },
  }
}

/** Every line of the whole log, from the place a reader has. */
async function follow(tail: LogTail, from: { cursor: number }): Promise<string[]> {
  const seen: string[] = []
  for (let isMore = true; isMore; ) {
    const answer = await tail.read({ cursor: from.cursor, limit: 5_000, maxBytes: 1_000_000 })
    assert.equal(answer.reset, false, 'the reader lost its place')
    seen.push(...answer.lines)
    isMore = answer.lines.length > 0
    from.cursor = answer.cursor
  }
  return seen
}

describe('the writer of the log', () => {
  test('touches nothing before it may', async () => {
    await using log = await fixture()
    const writer = log.writer()
    writer.append('one\n')
    await assert.rejects(log.files(), { code: 'ENOENT' })
    await writer.begin()
    assert.deepEqual(await log.files(), ['breakwater-2030-01-01.log'])
    assert.equal(await log.read('breakwater-2030-01-01.log'), 'one\n')
  })

  test('a process that ends before it owns the log leaves its lines behind the others', async () => {
    await using log = await fixture()
    await mkdir(log.directory)
    await writeFile(join(log.directory, 'breakwater-2030-01-01.log'), 'one\n')
    await writeFile(join(log.directory, 'breakwater-2030-01-01.1.log'), 'two\n')
    const writer = log.writer()
    writer.append('three\n')
    writer.flushSync()
    assert.equal(await log.read('breakwater-2030-01-01.1.log'), 'two\nthree\n')
    assert.deepEqual(await readdir(log.directory), ['breakwater-2030-01-01.1.log', 'breakwater-2030-01-01.log'])
  })

  test('begins a file each day, and the next one behind the last byte of the one before', async () => {
    await using log = await fixture()
    const writer = log.writer()
    await writer.begin()
    for (let at = 0; at < 3; at += 1) {
      writer.append(`day ${at}\n`)
      await writer.flush()
      log.clock.now = new Date(log.clock.now.getTime() + DAY_MS)
    }
    assert.deepEqual(await log.files(), [
      'breakwater-2030-01-01.log',
      'breakwater-2030-01-02.log',
      'breakwater-2030-01-03.log',
    ])
    assert.deepEqual(
      parseLogIndex(await log.read(LOG_INDEX_NAME))?.map(({ startBytes }) => startBytes),
      [0, 6, 12],
    )
  })

  test('a clock that goes back begins another file, and the log stays one stream', async () => {
    await using log = await fixture()
    const writer = log.writer()
    await writer.begin()
    const days = [0, 365, 0, -365, 365]
    for (const [at, day] of days.entries()) {
      log.clock.now = new Date(Date.UTC(2030, 0, 1, 12) + day * DAY_MS)
      writer.append(`line ${at}\n`)
      await writer.flush()
    }
    assert.deepEqual(
      await follow(log.tail, { cursor: 0 }),
      days.map((_, at) => `line ${at}`),
    )
    assert.equal((await log.files()).length, 5)
  })

  test('keeps the size of all files, and never removes the one it writes', async () => {
    const maxBytes = 1_000_000
    await using log = await fixture({ maxBytes })
    const writer = log.writer()
    await writer.begin()
    const line = `${'x'.repeat(999)}\n`
    for (let batch = 0; batch < 60; batch += 1) {
      for (let at = 0; at < 100; at += 1) writer.append(line)
      await writer.flush()
      const names = await log.files()
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(log.directory, name))).size))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      assert.ok(total <= maxBytes, `${total} bytes`)
      if (batch > 15) assert.ok(total > maxBytes * 0.7, `only ${total} bytes kept`)
      assert.ok(writer.path.endsWith(names.at(-1) ?? '') || names.includes(writer.path.split('/').at(-1) ?? ''))
    }
    assert.ok(writer.removedCount > 30)
    assert.equal(writer.lostCount, 0)
  })

  test('a smaller limit takes effect at once', async () => {
    await using log = await fixture()
    const writer = log.writer()
    await writer.begin()
    for (let at = 0; at < 3; at += 1) {
      writer.append(`${'x'.repeat(50_000)}\n`)
      await writer.flush()
      log.clock.now = new Date(log.clock.now.getTime() + DAY_MS)
    }
    writer.setRetention({ retentionDays: 0, maxBytes: 120_000 })
    await writer.flush()
    assert.deepEqual(await log.files(), ['breakwater-2030-01-02.log', 'breakwater-2030-01-03.log'])
  })

  test('judges age only once a wrong clock has had time to be corrected, then every hour', async (context) => {
    await using log = await fixture({ retentionDays: 7 })
    await mkdir(log.directory)
    await writeFile(join(log.directory, 'breakwater-2029-12-01.log'), 'old\n')
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const writer = log.writer()
    writer.append('new\n')
    await writer.begin()
    context.mock.timers.tick(599_000)
    await writer.flush()
    assert.equal((await log.files()).length, 2)
    context.mock.timers.tick(1_000)
    await writer.flush()
    assert.deepEqual(await log.files(), ['breakwater-2030-01-01.log'])
  })

  test('cuts the line that a crash has left half-written', async () => {
    await using log = await fixture()
    const first = log.writer()
    first.append('one\n')
    await first.begin()
    await first.close()
    await appendFile(join(log.directory, 'breakwater-2030-01-01.log'), '{"tor')
    const second = log.writer()
    second.append('two\n')
    await second.begin()
    assert.equal(await log.read('breakwater-2030-01-01.log'), 'one\ntwo\n')
  })

  test('a reader sees every line exactly once through restarts, crashes, rotations and removals', async () => {
    const step = fc.constantFrom('line', 'line', 'line', 'burst', 'restart', 'crash', 'day', 'read')
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using log = await fixture({ maxBytes: 600_000 })
        let writer = log.writer()
        await writer.begin()
        const place = { cursor: 0 }
        const written: string[] = []
        const seen: string[] = []
        const append = async (text: string) => {
          written.push(text)
          writer.append(`${text}\n`)
          await writer.flush()
        }
        for (const [at, kind] of steps.entries()) {
          if (kind === 'line') await append(`line ${at}`)
          else if (kind === 'burst')
            for (let of = 0; of < 20; of += 1) await append(`burst ${at}.${of} ${'x'.repeat(8_000)}`)
          else if (kind === 'day') log.clock.now = new Date(log.clock.now.getTime() + DAY_MS)
          else if (kind === 'read') seen.push(...(await follow(log.tail, place)))
          else {
            if (kind === 'restart') await writer.close()
            else await appendFile(writer.path, '{"a line cut by a cra')
            writer = log.writer()
            await writer.begin()
          }
          // A reader that is further behind than the log is kept has lost lines to the retention, not to the restart.
          if (kind === 'burst') seen.push(...(await follow(log.tail, place)))
        }
        seen.push(...(await follow(log.tail, place)))
        assert.deepEqual(seen, written)
      }),
      { numRuns: 40 },
    )
  })

  test('goes on behind its last place when somebody has emptied the directory', async () => {
    await using log = await fixture()
    const first = log.writer()
    first.append('one\n')
    await first.begin()
    await first.close()
    const { cursor } = await log.tail.read({})
    await rm(join(log.directory, 'breakwater-2030-01-01.log'))
    const second = log.writer()
    second.append('two, longer than the first\n')
    await second.begin()
    const { lines, reset } = await log.tail.read({ cursor })
    assert.deepEqual([lines, reset], [['two, longer than the first'], true])
  })
})

describe('the writer of the log on a bad disk', () => {
  test('that writes a few bytes at a time', async () => {
    await using log = await fixture()
    log.disk.writeBytes = 3
    const writer = log.writer()
    writer.append('one and more\n')
    writer.append('two\n')
    await writer.begin()
    assert.equal(await log.read('breakwater-2030-01-01.log'), 'one and more\ntwo\n')
  })

  test('that is full keeps what fits in memory, counts the rest, says so once, and goes on when there is room', async (context) => {
    await using log = await fixture()
    context.mock.timers.enable({ apis: ['setTimeout'] })
    log.disk.roomBytes = 10
    const writer = log.writer()
    await writer.begin()
    writer.append('one\n')
    writer.append('two and more\n')
    await writer.flush()
    assert.equal(await log.read('breakwater-2030-01-01.log'), 'one\n', 'no part of a line stays')
    assert.deepEqual(log.told, ['trouble: ENOSPC: no space left on device'])
    const line = `${'x'.repeat(65_535)}\n`
    const fits = Math.floor((MAX_WAITING_BYTES - 'two and more\n'.length) / line.length)
    for (let at = 0; at < fits + 5; at += 1) writer.append(line)
    assert.equal(writer.lostCount, 5)
    assert.ok(writer.waitingBytes <= MAX_WAITING_BYTES)
    for (let retry = 0; retry < 3; retry += 1) {
      context.mock.timers.tick(RETRY_MS)
      await writer.flush()
    }
    assert.equal(log.told.length, 1, 'told once')
    log.disk.roomBytes = Number.POSITIVE_INFINITY
    context.mock.timers.tick(RETRY_MS)
    await writer.flush()
    assert.deepEqual(log.told.slice(1), ['recovered: 5'])
    const text = await log.read('breakwater-2030-01-01.log')
    assert.equal(text, `one\ntwo and more\n${line.repeat(fits)}`)
    assert.deepEqual([writer.lostCount, writer.waitingBytes], [5, 0])
  })

  test('that has no room for another file goes on with the last one', async () => {
    await using log = await fixture()
    const writer = log.writer()
    writer.append('one\n')
    await writer.begin()
    log.disk.isIndexRefused = true
    log.clock.now = new Date(log.clock.now.getTime() + DAY_MS)
    writer.append('two\n')
    await writer.flush()
    assert.equal(await log.read('breakwater-2030-01-01.log'), 'one\ntwo\n')
    assert.deepEqual(await log.files(), ['breakwater-2030-01-01.log'])
    assert.match(log.told[0] ?? '', /EACCES/)
    log.disk.isIndexRefused = false
    for (let at = 0; at < 300; at += 1) {
      writer.append('x\n')
      await writer.flush()
    }
    assert.deepEqual(await log.files(), ['breakwater-2030-01-01.log', 'breakwater-2030-01-02.log'])
    assert.equal((await follow(log.tail, { cursor: 0 })).length, 302)
  })

  test('that has no directory at all never rejects, and counts what it lost at the end', async () => {
    await using log = await fixture()
    await writeFile(log.directory, 'a file in the way')
    const writer = log.writer()
    writer.append('one\n')
    await writer.begin()
    assert.equal(log.told.length, 1)
    await writer.close()
    assert.equal(writer.lostCount, 1)
  })
})
