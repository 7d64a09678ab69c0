// A disk that really is full, read-only or too small: needs a mount, so it runs as root on Linux and skips loudly
// elsewhere.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FakeClock } from '@breakwater/supervisor/testing'
import { approvalOf, SAMPLE_PUTS, sampleDevice } from '../../../../testkit/src/contracts/store-samples.ts'
import type { Store } from '../../../src/store/store.ts'
import { openStoreIn, recordingLog, stateDir } from './state-dir.ts'

interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Takes all room but so many bytes. */
  fill(freeBytes: number): void
  empty(): void
  remount(option: 'ro' | 'rw'): void
}

const run = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0

/** Undefined where this user may not mount. */
async function smallDisk(size: string): Promise<SmallDisk | undefined> {
  const directory = await stateDir()
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', directory.path)) return undefined
  const filler = join(directory.path, 'filler')
  return {
    path: directory.path,
    fill: (freeBytes) => {
      const { bavail, bsize } = statfsSync(directory.path)
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - freeBytes)))
    },
    empty: () => rmSync(filler, { force: true }),
    remount: (option) => assert.ok(run('mount', '-o', `remount,${option}`, directory.path)),
    [Symbol.asyncDispose]: async () => {
      assert.ok(run('umount', directory.path))
      await directory[Symbol.asyncDispose]()
    },
  }
}

const probe = await smallDisk('64k')
await probe?.[Symbol.asyncDispose]()
const skip = probe === undefined ? 'a small tmpfs cannot be mounted by this user' : false

async function disk(size = '4m'): Promise<SmallDisk> {
  const made = await smallDisk(size)
  assert.ok(made)
  return made
}

/** For what another thread does: no promise of ours tells when. */
async function settled(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'it did not happen within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const largeDevice = (number: number) => sampleDevice(number, { displayName: `${number}`.padEnd(20_000, 'x') })

/** Writes until the disk refuses; the ids that were acknowledged. */
async function writeUntilRefused(store: Store): Promise<{ acknowledged: string[]; fault: unknown }> {
  const acknowledged: string[] = []
  for (let number = 0; number < 1_000; number += 1) {
    try {
      await store.apply([{ put: 'devices', record: largeDevice(number) }])
    } catch (fault) {
      return { acknowledged, fault }
    }
    acknowledged.push(`device-${number}`)
  }
  throw new Error('the disk never filled up')
}

describe('a full disk', { skip }, () => {
  it('refuses with STORE_FULL, changes nothing in memory, and works again when there is room', async () => {
    await using small = await disk()
    const log = recordingLog()
    await using opened = await openStoreIn(small.path, { log, snapshotSettleMs: 60_000 })
    const { store } = opened
    small.fill(400_000)
    const { acknowledged, fault } = await writeUntilRefused(store)
    assert.equal((fault as { code: string }).code, 'STORE_FULL')
    assert.equal((fault as { retryable: boolean }).retryable, true)
    assert.ok(acknowledged.length > 3)
    const inMemory = () => [...store.devices.values().map(({ deviceId }) => deviceId)].sort()
    assert.deepEqual(inMemory(), [...acknowledged].sort())
    assert.equal(await store.decide((view) => ({ changes: [], result: view.devices.size })), acknowledged.length)
    assert.equal(store.status().state, 'open')
    assert.equal(log.lines.filter(({ fields }) => fields?.code === 'STORE_FULL').length, 1)
    small.empty()
    await store.apply(approvalOf(2_000))
    await store.close()
    await using again = await openStoreIn(small.path)
    assert.equal(again.report.damage, undefined)
    assert.deepEqual([...again.store.devices.values().map(({ deviceId }) => deviceId)].sort(), [
      ...[...acknowledged, 'device-2000'].sort(),
    ])
    await again.store.close()
  })

  it('fails the decisions in line behind the one it refused, and keeps what was acknowledged', async () => {
    await using small = await disk()
    await using opened = await openStoreIn(small.path, { maxGroupChanges: 1, snapshotSettleMs: 60_000 })
    const { store } = opened
    small.fill(200_000)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, number) => store.apply([{ put: 'devices', record: largeDevice(number) }])),
    )
    const firstRefused = outcomes.findIndex(({ status }) => status === 'rejected')
    assert.ok(firstRefused > 0)
    assert.ok(outcomes.slice(firstRefused).every(({ status }) => status === 'rejected'))
    assert.equal(store.devices.size, firstRefused)
    await store.close()
    await using again = await openStoreIn(small.path)
    assert.equal(again.store.devices.size, firstRefused)
    await again.store.close()
  })

  it('costs the snapshot, not the store', async () => {
    await using small = await disk()
    const log = recordingLog()
    const clock = new FakeClock()
    await using opened = await openStoreIn(small.path, { log, clock, snapshotSettleMs: 5_000 })
    const { store } = opened
    await store.apply([SAMPLE_PUTS.devices(1)])
    small.fill(20_000)
    await clock.advance(5_000)
    await settled(() => store.status().snapshots?.failedCount === 1)
    assert.ok(log.lines.some(({ fields }) => fields?.code === 'STORE_FULL'))
    assert.equal(store.status().state, 'open')
    small.empty()
    await store.apply([SAMPLE_PUTS.devices(2)])
    await clock.advance(60_000)
    await settled(() => store.status().snapshots?.takenCount === 1)
    assert.equal(store.status().snapshots?.dirtySinceMs, undefined)
  })

  it('lets an existing store open and be read', async () => {
    await using small = await disk()
    await using first = await openStoreIn(small.path)
    await first.store.apply(approvalOf(1))
    await first.store.close()
    small.fill(0)
    const log = recordingLog()
    await using opened = await openStoreIn(small.path, { log })
    assert.ok(opened.store.devices.has('device-1'))
    assert.equal((await opened.store.audit.list()).entries.length, 1)
    await assert.rejects(opened.store.apply([SAMPLE_PUTS.meta(1)]), { code: 'STORE_FULL' })
    assert.ok(log.lines.length > 0)
    small.empty()
    await opened.store.apply([SAMPLE_PUTS.meta(1)])
  })

  it('is named when not even an empty store fits', async () => {
    await using small = await disk('64k')
    small.fill(8_192)
    await assert.rejects(openStoreIn(small.path), { code: 'STORE_FULL' })
    small.empty()
  })
})

describe('a read-only disk', { skip }, () => {
  it('is refused at opening with STORE_READONLY', async () => {
    await using small = await disk()
    await using opened = await openStoreIn(small.path)
    const { store } = opened
    await store.close()
    small.remount('ro')
    await assert.rejects(openStoreIn(small.path), { code: 'STORE_READONLY' })
    small.remount('rw')
    await using again = await openStoreIn(small.path)
    await again.store.close()
  })
})
