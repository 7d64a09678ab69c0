// Failures after which the disk's state is unknown: the store stops accepting changes and goes on answering reads.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { approvalOf, SAMPLE_PUTS } from '../../../../testkit/src/contracts/store-samples.ts'
import { openStoreIn, recordingLog, stateDir } from './state-dir.ts'

/** The writer thread of the store opened meanwhile. */
async function openWithThread(path: string, log = recordingLog()) {
  const created = once(process, 'worker') as Promise<[Worker]>
  const opened = await openStoreIn(path, { log })
  const [thread] = await created
  return { ...opened, thread, log }
}

describe('a store whose writer thread is lost', () => {
  it('rejects what was under way and everything later with STORE_WORKER_LOST, and still answers reads', async () => {
    await using directory = await stateDir()
    await using opened = await openWithThread(directory.path)
    const { store, thread, log } = opened
    await store.apply(approvalOf(1))
    const underWay = store.apply(approvalOf(2))
    const ended = thread.terminate()
    await assert.rejects(underWay, { code: 'STORE_WORKER_LOST' })
    await ended
    await assert.rejects(store.apply(approvalOf(3)), { code: 'STORE_WORKER_LOST', retryable: false })
    await assert.rejects(store.audit.list(), { code: 'STORE_WORKER_LOST' })
    assert.ok(store.devices.has('device-1') && !store.devices.has('device-2'))
    assert.equal(store.status().state, 'failed')
    assert.equal(store.status().failure, 'STORE_WORKER_LOST')
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1)
    await store.close()
  })

  it('can be closed and opened again with everything acknowledged', async () => {
    await using directory = await stateDir()
    await using opened = await openWithThread(directory.path)
    const { store, thread } = opened
    for (let number = 0; number < 20; number += 1) await store.apply(approvalOf(number))
    store.sightings.note({ id: 'device-1', atMs: 5 })
    await thread.terminate()
    await store.close()
    await using again = await openStoreIn(directory.path)
    assert.equal(again.store.devices.size, 20)
    assert.equal(again.report.damage, undefined)
    await again.store.close()
  })

  it('is noticed while it opens', async () => {
    await using directory = await stateDir()
    process.once('worker', (thread: Worker) => void thread.terminate())
    await assert.rejects(openStoreIn(directory.path), { code: 'STORE_WORKER_LOST' })
    await using opened = await openStoreIn(directory.path)
    const { store } = opened
    await store.apply([SAMPLE_PUTS.meta(1)])
    await store.close()
  })
})

describe('a store whose writes fail for no known reason', () => {
  const skip = process.platform === 'win32' ? 'file sizes cannot be limited here' : false

  it('fails for good with STORE_IO, and opens again with everything acknowledged', { skip }, async () => {
    await using directory = await stateDir()
    const command = `ulimit -f 300; exec "$0" --conditions=source "$1" "$2"`
    const script = fileURLToPath(new URL('./limited-writer.ts', import.meta.url))
    const run = spawnSync('bash', ['-c', command, process.execPath, script, directory.path], { encoding: 'utf8' })
    const said = JSON.parse(run.stdout) as { codes: string[]; acknowledged: number; inMemory: number; state: string }
    assert.deepEqual(said.codes, ['STORE_IO', 'STORE_IO'])
    assert.equal(said.state, 'failed')
    assert.ok(said.acknowledged > 0)
    assert.equal(said.inMemory, said.acknowledged)
    await using opened = await openStoreIn(directory.path)
    assert.equal(opened.store.devices.size, said.acknowledged)
    assert.equal(opened.report.damage, undefined)
  })
})
