// kill -9 at seeded moments, over and over on one state directory: what was acknowledged is there, whole.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@breakwater/supervisor/testing'
import type { AuditPage, Store } from '../../../src/store/store.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))
const KILLS = process.env.BREAKWATER_FULL === '1' ? 200 : 20
const SEED = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)

/** When to kill: while the writer starts, or so long after its first acknowledgement. */
interface Kill {
  readonly isDuringStart: boolean
  readonly afterMs: number
}

it(`loses nothing acknowledged in ${KILLS} kills at seeded moments (seed ${SEED})`, {
  timeout: KILLS * 5_000,
}, async (t) => {
  const random = seededRandom(SEED)
  await using directory = await stateDir()
  let acknowledgedBefore = 0
  let first = 1_000
  for (let round = 0; round < KILLS; round += 1) {
    const isDuringStart = random() < 0.25
    const kill = { isDuringStart, afterMs: isDuringStart ? 80 + random() * 250 : random() * 60 }
    const acknowledged = await runAndKill(directory.path, first, kill)
    const { store, report } = await openStoreIn(directory.path)
    try {
      assert.equal(report.damage, undefined, `round ${round}: ${JSON.stringify(report)}`)
      await assertWhole(store, acknowledged, `seed ${SEED}, round ${round}`)
      acknowledgedBefore += acknowledged.length
      first = (await newestNumber(store, first)) + 1
    } finally {
      await store.close()
    }
  }
  t.diagnostic(`${acknowledgedBefore} approvals acknowledged over ${KILLS} kills`)
  assert.ok(acknowledgedBefore > KILLS)
})

it('opens a directory whose first store was killed while it was made', async () => {
  const random = seededRandom(SEED)
  for (let round = 0; round < KILLS / 4; round += 1) {
    await using directory = await stateDir()
    await runAndKill(directory.path, 1_000, { isDuringStart: true, afterMs: 120 + random() * 150 })
    const { store, report } = await openStoreIn(directory.path)
    await store.close()
    assert.ok(report.origin === 'created' || report.origin === 'opened', `seed ${SEED}: ${report.origin}`)
  }
})

async function runAndKill(path: string, first: number, kill: Kill): Promise<number[]> {
  const child = spawn(process.execPath, ['--conditions=source', WRITER, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += String(chunk)
  })
  if (!kill.isDuringStart) await once(child.stdout, 'data')
  await delay(kill.afterMs)
  child.kill('SIGKILL')
  await exited
  if (!child.stdout.readableEnded) await once(child.stdout, 'end')
  return said.split('\n').slice(0, -1).map(Number)
}

/** Every acknowledged approval is complete, and no other one is half done. */
async function assertWhole(store: Store, acknowledged: readonly number[], where: string): Promise<void> {
  const newest = Math.max(...acknowledged, 0)
  const facts = new Set<string>()
  for (let beforeSeq: number | undefined = Number.MAX_SAFE_INTEGER; beforeSeq !== undefined; ) {
    const page: AuditPage = await store.audit.list({ limit: 500, beforeSeq })
    assert.deepEqual(page.damagedSeqs, [])
    for (const { subject } of page.entries) facts.add(subject)
    beforeSeq = page.nextBeforeSeq
  }
  for (const number of acknowledged) {
    assert.ok(facts.has(`device-${number}`), `${where}: the fact about ${number} is lost`)
    assert.ok(!store.pairRequests.has(`request-${number}`), `${where}: request ${number} is back`)
    if (number > newest - 50) assert.ok(store.devices.has(`device-${number}`), `${where}: device ${number} is lost`)
  }
  for (const { deviceId, requestId } of store.pairRequests.values()) {
    assert.ok(!store.devices.has(deviceId) && !facts.has(deviceId), `${where}: ${requestId} was approved by half`)
  }
  for (const { deviceId } of store.devices.values())
    assert.ok(facts.has(deviceId), `${where}: ${deviceId} without its fact`)
}

async function newestNumber(store: Store, atLeast: number): Promise<number> {
  const [fact] = (await store.audit.list({ limit: 1 })).entries
  const numbers = [...store.pairRequests.values().map(({ requestId }) => requestId), fact?.requestId ?? ''].map((id) =>
    Number(id.split('-')[1] ?? 0),
  )
  return Math.max(atLeast, ...numbers)
}
