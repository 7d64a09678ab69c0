import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { tempDir } from '@breakwater/testkit'
import { FileLogger, type FileLoggerOptions } from '../../src/observe/file-logger.ts'

const AT = new Date(Date.UTC(2030, 0, 1, 12))

async function fixture(options: Partial<FileLoggerOptions> = {}) {
  const dir = await tempDir()
  const shown: string[] = []
  const log = FileLogger.open(
    {
      directory: join(dir.path, 'logs'),
      level: 'info',
      consoleLevel: 'info',
      console: (line) => shown.push(line),
      ...options,
    },
    { now: () => AT },
  )
  return {
    log,
    shown,
    /** What reached the file. */
    lines: async () => {
      await log.begin()
      const text = await readFile(log.currentFile, 'utf8')
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    [Symbol.asyncDispose]: async () => {
      await log.close()
      await dir[Symbol.asyncDispose]()
    },
  }
}

describe("the gateway's log", () => {
  test('writes lines in the shape of the wire', async () => {
    await using fix = await fixture()
    fix.log.child('gateway/ws').warn('handshake failed', { code: 1008, nothing: undefined })
    const [{ hostname, ...line } = {}] = await fix.lines()
    assert.equal(typeof hostname, 'string')
    assert.deepEqual(line, {
      '0': '{"subsystem":"gateway/ws"}',
      '1': { code: 1008 },
      '2': 'handshake failed',
      level: 'warn',
      _meta: {
        logLevelId: 4,
        logLevelName: 'WARN',
        name: '{"subsystem":"gateway/ws"}',
        date: '2030-01-01T12:00:00.000Z',
      },
      time: '2030-01-01T12:00:00.000Z',
      message: 'handshake failed',
    })
  })

  test('shows a person one readable line, which nothing in it can forge', async () => {
    await using fix = await fixture()
    fix.log.info('ready\n[gateway] error: forged', { url: 'ws://x', at: [1, '\u001b[2J'] })
    assert.deepEqual(fix.shown, ['[gateway] ready\\n[gateway] error: forged (url=ws://x at=[1,"\\u001b[2J"])'])
  })

  test('keeps secrets from both', async () => {
    await using fix = await fixture()
    fix.log.conceal(['correct horse'])
    fix.log.info('GET /?token=abc123 by correct horse', { deviceToken: 'x9', note: 'correct horse' })
    const [line] = await fix.lines()
    assert.equal(line?.message, 'GET /?token=*** by ***')
    assert.deepEqual(line?.['1'], { deviceToken: '***', note: '***' })
    assert.deepEqual(fix.shown, ['[gateway] GET /?token=*** by *** (deviceToken=*** note=***)'])
  })

  test('takes levels from its settings, also those that change while it runs', async () => {
    await using fix = await fixture()
    fix.log.debug('one')
    fix.log.configure({ level: 'debug', consoleLevel: 'error' })
    const child = fix.log.child('gateway/x')
    child.debug('two')
    child.warn('three')
    fix.log.configure({ level: 'silent' })
    fix.log.error('four')
    fix.log.configure({ consoleLevel: 'silent' })
    fix.log.error('five')
    assert.deepEqual(
      (await fix.lines()).map(({ message }) => message),
      ['two', 'three'],
    )
    assert.deepEqual(fix.shown, ['[gateway] error: four'])
  })

  test('can show the console what it writes to the file', async () => {
    await using fix = await fixture({ consoleStyle: 'json', level: 'silent' })
    fix.log.info('hello', { a: 1 })
    const line = JSON.parse(fix.shown[0] ?? '')
    assert.deepEqual([line.message, line['1'], line._meta.logLevelName], ['hello', { a: 1 }, 'INFO'])
  })

  test('says on the console what it cannot say in the file', async () => {
    await using fix = await fixture({ directory: join(import.meta.filename, 'logs') })
    fix.log.info('one')
    await fix.log.begin()
    await fix.log.begin()
    assert.equal(
      fix.shown.filter((line) => line.startsWith('[gateway/log] error: log lines cannot be written')).length,
      1,
    )
    await fix.log.close()
    assert.equal(fix.log.status().lostCount, 1)
  })

  test('writes what waits before it returns when the process is about to end', async () => {
    await using fix = await fixture()
    fix.log.error('last words')
    fix.log.flush()
    assert.match(await readFile(fix.log.currentFile, 'utf8'), /last words/)
  })

  test('never throws for what it is given', async () => {
    await using fix = await fixture()
    const circular: Record<string, unknown> = { big: 1n }
    circular.self = circular
    fix.log.info('odd', circular)
    assert.equal((await fix.lines()).length, 1)
  })
})
