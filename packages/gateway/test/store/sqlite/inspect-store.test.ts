import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { approvalOf } from '../../../../testkit/src/contracts/store-samples.ts'
import { inspectStore } from '../../../src/store/sqlite/inspect-store.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

const leftovers = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('breakwater-inspect-'))

test('a whole store is counted, and nothing is left of the copy', async () => {
  await using directory = await stateDir()
  assert.equal((await inspectStore(directory.path)).verdict, 'absent')
  {
    await using opened = await openStoreIn(directory.path)
    for (let number = 0; number < 3; number += 1) await opened.store.apply(approvalOf(number))
  }
  await delay(30)
  const before = await leftovers()
  const { verdict, counts, schemaVersion = 0, newestSnapshotAtMs = 0 } = await inspectStore(directory.path)
  assert.deepEqual([verdict, counts.devices], ['whole', 3])
  assert.ok(schemaVersion >= 1)
  assert.ok(Date.now() - newestSnapshotAtMs < 60_000)
  assert.deepEqual(await leftovers(), before)
})

test('damage is told with what the database found', async () => {
  await using directory = await stateDir()
  {
    await using opened = await openStoreIn(directory.path)
    for (let number = 0; number < 50; number += 1) await opened.store.apply(approvalOf(number))
  }
  const file = join(directory.path, 'store', 'gateway.sqlite')
  await writeFile(file, (await readFile(file)).fill(0xa5, 4_096 * 2, 4_096 * 3))
  await delay(30)
  const { verdict, problems } = await inspectStore(directory.path)
  assert.equal(verdict, 'damaged')
  assert.notEqual(problems.length, 0)
})
