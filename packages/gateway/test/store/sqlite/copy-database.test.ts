// Copies of a database that another process keeps writing: whole, and never older than what was acknowledged before.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { approvalOf, SAMPLE_PUTS, sampleDevice } from '../../../../testkit/src/contracts/store-samples.ts'
import { openForWriting } from '../../../src/store/sqlite/connection.ts'
import { copyDatabase } from '../../../src/store/sqlite/copy-database.ts'
import { DamageError } from '../../../src/store/sqlite/sqlite-error.ts'
import { Writer } from '../../../src/store/sqlite/writer.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))
const COPIES = 30

test(`${COPIES} copies beside a writer that never rests: each holds all that was acknowledged before it began`, async (t) => {
  await using directory = await stateDir()
  await using copies = await stateDir()
  // Into a file: a pipe would fill up while a copy is read through, and the writer end with it.
  const told = join(copies.path, 'acknowledged')
  await using output = await open(told, 'w')
  const child = spawn(process.execPath, ['--conditions=source', WRITER, directory.path, '1000'], {
    stdio: ['ignore', output.fd, 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  })
  const newestTold = async (): Promise<number> =>
    Number(
      (await readFile(told, 'utf8'))
        .split('\n')
        .slice(0, -1)
        .reduce((a, b) => (Number(b) > Number(a) ? b : a), '0'),
    )
  while ((await newestTold()) === 0) await delay(20)
  const ended = once(child, 'exit')
  const first = await newestTold()
  for (let round = 0; round < COPIES; round += 1) {
    await delay(30)
    const acknowledged = await newestTold()
    const target = join(copies.path, `${round}.sqlite`)
    const copied = await copyDatabase(directory.path, target)
    const numbers = (copied?.records.devices ?? []).map(([id]) => Number(id.slice('device-'.length)))
    assert.ok(Math.max(...numbers) >= acknowledged, `round ${round}: ${Math.max(...numbers)} < ${acknowledged}`)
    assert.equal((await stat(target)).mode & 0o777, 0o600)
    await assert.rejects(stat(`${target}-wal`))
  }
  child.kill('SIGKILL')
  await ended
  const newest = await newestTold()
  t.diagnostic(`${newest - first} approvals while ${COPIES} copies were taken`)
  assert.ok(newest > first)
  // The writer was not disturbed: what it left opens as it always does.
  await using opened = await openStoreIn(directory.path)
  assert.equal(opened.report.damage, undefined)
})

/** A database with device 1 in its log or folded in, and what to do to it while it is copied. */
async function copyWhile(isFolded: boolean, meddle: (writer: Writer) => void): Promise<readonly string[]> {
  await using directory = await stateDir()
  {
    await using opened = await openStoreIn(directory.path)
    await opened.store.close()
  }
  const path = join(directory.path, 'store', 'gateway.sqlite')
  const database = openForWriting(path)
  const writer = new Writer(database, path, 1_000)
  writer.commit([deviceRow(1)])
  if (isFolded) writer.checkpoint()
  await delay(30)
  let copies = 0
  const copied = await copyDatabase(directory.path, join(directory.path, 'copy.sqlite'), {
    copy: async (from, to) => {
      await copyFile(from, to)
      copies += 1
      if (copies === 1) meddle(writer)
    },
  })
  writer.close()
  assert.ok(copies > 2, 'tried again')
  return (copied?.records.devices ?? []).map(([id]) => id)
}

const deviceRow = (number: number) =>
  ({ put: 'devices', id: `device-${number}`, record: JSON.stringify(sampleDevice(number)) }) as const

test('a checkpoint between file and log is noticed, and the copy is taken again', async () => {
  assert.deepEqual(await copyWhile(false, (writer) => writer.checkpoint()), ['device-1'])
  const devices = await copyWhile(true, (writer) => {
    writer.commit([deviceRow(2)])
    writer.checkpoint()
    writer.commit([deviceRow(3)])
  })
  assert.deepEqual(devices, ['device-1', 'device-2', 'device-3'])
})

test('a checkpoint between two copies changes nothing, and a closed store is copied as it is', async () => {
  await using directory = await stateDir()
  {
    await using opened = await openStoreIn(directory.path)
    await opened.store.apply([SAMPLE_PUTS.devices(1), ...approvalOf(2)])
  }
  await delay(30)
  const target = join(directory.path, 'copy.sqlite')
  const copied = await copyDatabase(directory.path, target)
  assert.deepEqual(
    copied?.records.devices?.map(([id]) => id),
    ['device-1', 'device-2'],
  )
  assert.equal(copied?.logDamage, undefined)
})

test('damage is found in the copy, and the original is left as it was', async () => {
  await using directory = await stateDir()
  {
    await using opened = await openStoreIn(directory.path)
    for (let number = 0; number < 50; number += 1) await opened.store.apply(approvalOf(number))
  }
  const database = join(directory.path, 'store', 'gateway.sqlite')
  const bytes = await readFile(database)
  bytes.fill(0xa5, 4_096 * 2, 4_096 * 3)
  await writeFile(database, bytes)
  await delay(30)
  await assert.rejects(
    copyDatabase(directory.path, join(directory.path, 'copy.sqlite')),
    (error) => error instanceof DamageError,
  )
  assert.deepEqual(await readFile(database), bytes)
})

test('without a database there is nothing to copy', async () => {
  await using directory = await stateDir()
  assert.equal(await copyDatabase(directory.path, join(directory.path, 'copy.sqlite')), undefined)
})
