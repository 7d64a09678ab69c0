// kill -9 at seeded points of a write, over and over on one file: what was acknowledged is there, whole, and the next
// process can go on.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, readdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@breakwater/supervisor/testing'
import { FileCredentialStore } from '../../src/credentials/file-credential-store.ts'
import { findToken } from '../../src/credentials/gateway-record.ts'
import { keyOf } from '../support/kept-tokens.ts'
import { changesOf, comparable, numberOf, recordAfter } from '../support/numbered-changes.ts'

const IS_FULL = process.env.BREAKWATER_FULL === '1'
const KILLS = IS_FULL ? 400 : 20
const SEED = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
/** One change takes about twelve calls to the file system. */
const MAX_CALLS = 40
const gateway = keyOf()
const temporary = () => mkdtempDisposable(join(tmpdir(), 'breakwater-crash-'))

function start(script: string, ...args: readonly (string | number)[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url))
  return spawn(process.execPath, ['--conditions=source', path, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
}

/** The last number it acknowledged before it died by SIGKILL; undefined for none. */
async function lastWords(child: ChildProcess): Promise<number | undefined> {
  let said = ''
  child.stdout?.on('data', (chunk) => {
    said += String(chunk)
  })
  const [, signal] = await once(child, 'close')
  assert.equal(signal, 'SIGKILL')
  return said.split('\n').slice(0, -1).map(Number).at(-1)
}

test(`loses nothing acknowledged in ${KILLS} kills at seeded points of a write (seed ${SEED})`, {
  timeout: KILLS * 5_000,
}, async (t) => {
  const random = seededRandom(SEED)
  await using root = await temporary()
  const directory = join(root.path, 'credentials')
  const store = new FileCredentialStore({}, { directory })
  let number = -1
  let halfDone = 0
  for (let round = 0; round < KILLS; round += 1) {
    const calls = 1 + Math.floor(random() * MAX_CALLS)
    const within = random()
    const acknowledged = (await lastWords(start('./crash-writer.ts', directory, number + 1, calls, within))) ?? number
    const where = `seed ${SEED}, round ${round}: call ${calls} at ${within.toFixed(2)}, acknowledged ${acknowledged}`
    const record = await store.load(gateway)
    number = numberOf(record)
    assert.ok(number === acknowledged || number === acknowledged + 1, `${where}, found ${number}`)
    assert.deepEqual(comparable(record), comparable(recordAfter(number)), where)
    const names = await readdir(directory).catch(() => [])
    for (const name of names) assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, `${where}: ${name}`)
    const litter = names.filter((name) => name.endsWith('.tmp')).length
    assert.ok(litter <= 1, `${where}: ${names.join(' ')}`)
    halfDone += litter
  }
  await store.apply(gateway, changesOf(number + 1))
  assert.equal((await readdir(directory)).filter((name) => name.endsWith('.tmp')).length, 0)
  t.diagnostic(`${number + 1} changes, ${halfDone} kills left a file half-written`)
  assert.ok(number > 0)
})

test('two processes that share a file and are killed lose nothing of each other', {
  timeout: IS_FULL ? 300_000 : 60_000,
}, async () => {
  const random = seededRandom(SEED)
  await using root = await temporary()
  const store = new FileCredentialStore({}, { directory: root.path })
  const next = [0, 0]
  for (let round = 0; round < (IS_FULL ? 50 : 3); round += 1) {
    const children = next.map((first, who) => start('./role-writer.ts', root.path, `d${who}`, first))
    await Promise.all(children.map((child) => once(child.stdout ?? child, 'readable')))
    const words = children.map(lastWords)
    for (const child of children) {
      await delay(random() * 100)
      child.kill('SIGKILL')
    }
    const acknowledged = await Promise.all(words)
    const record = await store.load(gateway)
    for (const [who, last] of acknowledged.entries()) {
      const found = Number(findToken(record, { deviceId: `d${who}`, role: 'node' })?.token ?? -1)
      const where = `seed ${SEED}, round ${round}: d${who} acknowledged ${last}, found ${found}`
      assert.ok(last !== undefined && (found === last || found === last + 1), where)
      next[who] = found + 1
    }
  }
})
