// A reader of the log keeps its place through restarts and crashes, whether a gateway answers or only its files are there:
// every line once, none lost.

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLogTail } from '@breakwater/gateway/local'
import { cliConnect, connectRaw, spawnGateway, TEST_TOKEN, tempDir } from '@breakwater/testkit'

const RESTARTS = 20

test(`a follower sees every line exactly once through ${RESTARTS} restarts, half of them crashes`, async () => {
  await using dir = await tempDir()
  const directory = join(dir.path, 'logs')
  const seen: string[] = []
  let cursor = 0
  const take = (answer: { lines: string[]; cursor: number; reset?: boolean; truncated?: boolean }): void => {
    assert.deepEqual([answer.reset, answer.truncated], [false, false])
    seen.push(...answer.lines)
    cursor = answer.cursor
  }
  for (let start = 0; start < RESTARTS; start += 1) {
    await using gateway = await spawnGateway({ stateDir: dir.path })
    await using client = await connectRaw(gateway.url, cliConnect(TEST_TOKEN))
    await connectRaw(gateway.url, cliConnect(`wrong ${start}`)).catch(() => undefined)
    take((await client.request('logs.tail', { cursor, limit: start % 3 === 0 ? 2 : 500 })).payload)
    if (start % 2 === 0) await gateway.terminate()
    else await gateway.kill()
    const files = await openLogTail(directory)
    // Now and then the next start is what the reader meets, not the files.
    if (start % 4 !== 3) take(await files.read({ cursor }))
  }
  const files = await openLogTail(directory)
  take(await files.read({ cursor, limit: 5_000 }))
  const names = (await readdir(directory)).filter((name) => name.endsWith('.log')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
  const written = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
  assert.deepEqual(seen, written)
  const messages = seen.map((line) => JSON.parse(line).message as string)
  assert.equal(messages.filter((message) => message === 'ready').length, RESTARTS)
  assert.equal(messages.filter((message) => message === 'stopped').length, RESTARTS / 2)
})
