// `breakwater logs` from a gateway that runs, and from its files when it does not.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestGateway, tempDir } from '@breakwater/testkit'
import { EXIT } from '../../../src/exit-codes.ts'
import { jsonOf, run } from '../../support/run.ts'

const record = (number: number, level: string): string =>
  `${JSON.stringify({ level, '0': '{"subsystem":"test"}', '1': { number }, time: new Date(number * 1_000).toISOString(), message: `line ${number}` })}\n`

async function stateWithLog(count: number) {
  const dir = await tempDir()
  await mkdir(join(dir.path, 'logs'))
  const text = Array.from({ length: count }, (_, index) => record(index, index % 10 === 0 ? 'warn' : 'info')).join('')
  await writeFile(join(dir.path, 'logs', 'breakwater-2026-01-31.log'), text)
  return dir
}

test('without a gateway its files are read, and that is said', async () => {
  await using dir = await stateWithLog(300)
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const ran = await run(['logs', '--limit', '2'], { env })
  assert.equal(ran.code, EXIT.ok)
  assert.match(ran.err, /No gateway is running here; these are its files\./)
  assert.match(ran.out, /line 298 \(number=298\)\n.*line 299 \(number=299\)\n$/)
  const { from, lines } = jsonOf(await run(['logs', '--json'], { env }))
  assert.deepEqual([from, lines.length, lines[0].message], ['files', 200, 'line 100'])
})

test('the limit counts the lines that fit, not those that were looked at', async () => {
  await using dir = await stateWithLog(300)
  const env = { BREAKWATER_STATE_DIR: dir.path }
  const warned = jsonOf(await run(['logs', '--json', '--level', 'warn', '--limit', '3'], { env }))
  assert.deepEqual(
    warned.lines.map((line: { message: string }) => line.message),
    ['line 270', 'line 280', 'line 290'],
  )
  const found = jsonOf(await run(['logs', '--json', '--grep', '/line 12[34]\\b/'], { env }))
  assert.deepEqual(
    found.lines.map((line: { message: string }) => line.message),
    ['line 123', 'line 124'],
  )
})

test('a gateway that runs is asked', async () => {
  await using fixture = await startTestGateway()
  const ran = await run(['logs', '--json'], { env: { BREAKWATER_STATE_DIR: fixture.stateDir } })
  assert.equal(ran.code, EXIT.ok, ran.err)
  assert.equal(jsonOf(ran).from, 'gateway')
})

test('no log yet is an empty one', async () => {
  await using dir = await tempDir()
  const ran = await run(['logs', '--json'], { env: { BREAKWATER_STATE_DIR: dir.path } })
  assert.deepEqual([ran.code, jsonOf(ran).lines], [EXIT.ok, []])
})

test('wrong options are a usage error before anything is read', async () => {
  for (const args of [
    ['--level', 'loud'],
    ['--limit', '-1'],
    ['--limit', '5001'],
    ['--grep', '/(/'],
  ]) {
    assert.equal((await run(['logs', ...args])).code, EXIT.usage, args.join(' '))
  }
})

test('following ends when its reader is gone', async () => {
  await using dir = await stateWithLog(3)
  const gone = new AbortController()
  const running = run(['logs', '--follow', '--json', '--limit', '1'], {
    env: { BREAKWATER_STATE_DIR: dir.path },
    readerGone: gone.signal,
  })
  setTimeout(() => gone.abort(), 300)
  const { code, out } = await running
  assert.equal(code, EXIT.ok)
  assert.equal(out.split('\n').length, 2)
})
