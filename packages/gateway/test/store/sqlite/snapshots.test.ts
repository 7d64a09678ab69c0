import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { approvalOf } from '../../../../testkit/src/contracts/store-samples.ts'
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts'
import { listSnapshots, snapshotName, takeSnapshot } from '../../../src/store/sqlite/snapshots.ts'
import { verifyCopy } from '../../../src/store/sqlite/verify.ts'
import { commitNumber, openHere, snapshotsIn, writerOf } from './damaged-files.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

const placeIn = (path: string) => ({ directory: snapshotsIn(path), migrations: MIGRATIONS, keptCount: 3 })

describe('snapshots', () => {
  it('are whole although commits go on while they are made', async () => {
    await using directory = await stateDir()
    const opened = openHere(directory.path)
    const writer = writerOf(directory.path, opened)
    for (let number = 0; number < 2_000; number += 1) writer.commit(commitNumber(number))
    const taking = takeSnapshot(opened.database, placeIn(directory.path), Date.now())
    let during = 0
    const isDone = taking.then(() => true)
    while (!(await Promise.race([isDone, new Promise((resolve) => setImmediate(resolve, false))]))) {
      writer.commit(commitNumber(10_000 + during))
      during += 1
    }
    const { file } = await taking
    assert.ok(during > 0)
    verifyCopy(file, MIGRATIONS)
    writer.close()
  })

  it('stay bounded in number, the newest kept', async () => {
    await using directory = await stateDir()
    const { database } = openHere(directory.path)
    const taken: string[] = []
    for (let round = 0; round < 5; round += 1) {
      taken.push((await takeSnapshot(database, placeIn(directory.path), 1_800_000_000_000 + round * 1_000)).file)
    }
    database.close()
    assert.deepEqual(
      listSnapshots(snapshotsIn(directory.path)).map(({ file }) => file),
      taken.slice(2).reverse(),
    )
  })

  it('stay in order when the wall clock is set back', async () => {
    await using directory = await stateDir()
    const { database } = openHere(directory.path)
    const future = await takeSnapshot(database, placeIn(directory.path), 1_900_000_000_000)
    const now = await takeSnapshot(database, placeIn(directory.path), 1_800_000_000_000)
    database.close()
    const [newest, next] = listSnapshots(snapshotsIn(directory.path))
    assert.equal(newest?.file, now.file)
    assert.equal(next?.file, future.file)
  })

  it('are recognised by name, whatever else lies in the folder', async () => {
    await using directory = await stateDir()
    const folder = join(directory.path, 'snapshots')
    mkdirSync(folder)
    for (const name of [snapshotName(1_800_000_000_123), 'before-upgrade-x.sqlite', 'notes.txt', 'unfinished.sqlite']) {
      writeFileSync(join(folder, name), '')
    }
    assert.deepEqual(
      listSnapshots(folder).map(({ takenAtMs }) => takenAtMs),
      [1_800_000_000_123],
    )
    assert.deepEqual(listSnapshots(join(directory.path, 'absent')), [])
  })

  it('are taken by a running store, and none is left unfinished', async () => {
    await using directory = await stateDir()
    await using opened = await openStoreIn(directory.path, { snapshotMaxAgeMs: 1_000, snapshotSettleMs: 10 })
    const { store } = opened
    const deadline = performance.now() + 10_000
    for (let number = 0; (store.status().snapshots?.takenCount ?? 0) < 2; number += 1) {
      assert.ok(performance.now() < deadline)
      await store.apply(approvalOf(number % 100))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await store.close()
    const names = readdirSync(snapshotsIn(directory.path))
    assert.ok(names.length >= 2 && names.every((name) => name.startsWith('gateway-')), names.join())
  })
})
