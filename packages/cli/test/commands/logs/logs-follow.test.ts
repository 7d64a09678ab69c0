// `breakwater logs --follow` as a process, while the gateway it follows is stopped or killed and started again.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@breakwater/supervisor/testing'
import { tempDir } from '@breakwater/testkit'

const BIN = fileURLToPath(new URL('../../../src/bin.ts', import.meta.url))
const GATEWAY = fileURLToPath(new URL('./numbered-gateway.ts', import.meta.url))
const RESTARTS = 20
const SEED = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
/** A line that was written and not told of before a kill is nobody's; the next gateway begins behind it. */
const APART = 100_000

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  output(): string
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, ['--conditions=source', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  return { child, ended: once(child, 'close'), output: () => text }
}

const numbersOf = (text: string): number[] => text.split('\n').slice(0, -1).map(Number)

/** Numbers in the records the follower printed. */
const followedNumbers = (text: string): number[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { '1': { number: number } })['1'].number)

test(`${RESTARTS} restarts and kills: every line is shown once, in order (seed ${SEED})`, {
  timeout: 120_000,
}, async (t) => {
  const random = seededRandom(SEED)
  await using dir = await tempDir()
  const acknowledged: number[] = []
  let next = 1
  const runGateway = async (signal: NodeJS.Signals, forMs: number): Promise<void> => {
    const gateway = start([GATEWAY, dir.path, String(next)])
    await once(gateway.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
    await delay(forMs)
    gateway.child.kill(signal)
    await gateway.ended
    const numbers = numbersOf(gateway.output())
    acknowledged.push(...numbers)
    next = (numbers.at(-1) ?? next) + APART
  }
  await runGateway('SIGTERM', 100)
  const follower = start([BIN, 'logs', '--follow', '--json', '--limit', '5000', '--grep', 'numbered line'], {
    BREAKWATER_STATE_DIR: dir.path,
  })
  try {
    for (let round = 0; round < RESTARTS; round += 1) {
      await runGateway(random() < 0.5 ? 'SIGKILL' : 'SIGTERM', 50 + random() * 500)
    }
    const last = acknowledged.at(-1)
    const deadline = performance.now() + 10_000
    while (followedNumbers(follower.output()).at(-1) !== last && performance.now() < deadline) await delay(50)
  } finally {
    follower.child.kill('SIGKILL')
    await follower.ended
  }
  const shown = followedNumbers(follower.output())
  t.diagnostic(`${acknowledged.length} lines acknowledged over ${RESTARTS} restarts, ${shown.length} shown`)
  assert.deepEqual(
    shown,
    shown.toSorted((a, b) => a - b),
    'in order',
  )
  assert.equal(new Set(shown).size, shown.length, 'none twice')
  const seen = new Set(shown)
  assert.deepEqual(
    acknowledged.filter((number) => !seen.has(number)),
    [],
    'none lost',
  )
  assert.ok(acknowledged.length > RESTARTS * 5)
})

test('when nobody reads any more it ends', async () => {
  await using dir = await tempDir()
  const gateway = start([GATEWAY, dir.path, '1'])
  await once(gateway.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  const follower = start([BIN, 'logs', '--follow'], { BREAKWATER_STATE_DIR: dir.path })
  await once(follower.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  follower.child.stdout?.destroy()
  await follower.ended
  gateway.child.kill('SIGKILL')
  await gateway.ended
})
