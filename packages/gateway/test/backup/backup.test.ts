// A backup holds what was acknowledged, and puts it back whole or not at all.

import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { seededRandom } from '@breakwater/supervisor/testing'
import { approvalOf, sampleDevice } from '../../../testkit/src/contracts/store-samples.ts'
import { type TempDir, tempDir } from '../../../testkit/src/temp-dir.ts'
import { type BackupOptions, createBackup } from '../../src/backup/create-backup.ts'
import { extractBackup } from '../../src/backup/extract-backup.ts'
import { restoreBackup } from '../../src/backup/restore-backup.ts'
import { encodeTarHeader, TAR_END, tarPadding } from '../../src/backup/tar.ts'
import { openStoreIn } from '../store/sqlite/state-dir.ts'

const KEY = 'k'.repeat(43)

/** A state directory as a gateway leaves it. */
async function usedState(devices: number): Promise<TempDir> {
  const dir = await tempDir()
  {
    await using opened = await openStoreIn(dir.path)
    for (let number = 0; number < devices; number += 1) await opened.store.apply(approvalOf(number))
  }
  await writeFile(join(dir.path, 'token'), 'the-token\n', { mode: 0o600 })
  await writeFile(join(dir.path, 'device-token.key'), KEY, { mode: 0o600 })
  await writeFile(join(dir.path, 'breakwater.json'), '{ gateway: { port: 0 } }', { mode: 0o600 })
  await mkdir(join(dir.path, 'identity'), { mode: 0o700 })
  await writeFile(join(dir.path, 'identity', 'gateway.json'), '{}', { mode: 0o600 })
  await mkdir(join(dir.path, 'logs'))
  await writeFile(join(dir.path, 'logs', 'breakwater-2026-01-01.log'), 'line\n')
  await delay(30)
  return dir
}

const optionsFor = ({ path }: TempDir, target: string, more: Partial<BackupOptions> = {}): BackupOptions => ({
  stateDir: path,
  configPath: join(path, 'breakwater.json'),
  configSources: [join(path, 'breakwater.json')],
  target,
  overwrite: false,
  release: '0.0.0-test',
  ...more,
})

const restore = ({ path }: TempDir, archive: string | undefined) =>
  restoreBackup({ stateDir: path, configPath: join(path, 'breakwater.json'), archive })

async function devicesIn({ path }: TempDir): Promise<string[]> {
  await using opened = await openStoreIn(path)
  return [...opened.store.devices.values()].map(({ deviceId }) => deviceId).sort()
}

test('everything that cannot be made anew is in it, for its owner alone', async () => {
  await using dir = await usedState(3)
  await using out = await tempDir()
  const target = join(out.path, 'backup.tar.gz')
  const { manifest, remarks } = await createBackup(optionsFor(dir, target))
  assert.deepEqual(remarks, [])
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    [
      'state/breakwater.json',
      'state/device-token.key',
      'state/identity/gateway.json',
      'state/token',
      'state/store/gateway.sqlite',
    ],
  )
  assert.equal(manifest.store?.counts.devices, 3)
  assert.equal((await stat(target)).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(out.path), ['backup.tar.gz'])
  await assert.rejects(createBackup(optionsFor(dir, target)), { code: 'EEXIST' })
  await createBackup(optionsFor(dir, target, { overwrite: true }))
})

test('put back, it is what was there, and what was there meanwhile is kept', async () => {
  await using dir = await usedState(3)
  await using out = await tempDir()
  const target = join(out.path, 'backup.tar.gz')
  await createBackup(optionsFor(dir, target))
  {
    await using opened = await openStoreIn(dir.path)
    await opened.store.apply([{ remove: 'devices', id: 'device-0' }, ...approvalOf(9)])
  }
  await writeFile(join(dir.path, 'token'), 'another\n', { mode: 0o600 })
  await writeFile(join(dir.path, 'made-later'), 'x')
  const { aside = '', manifest } = await restore(dir, target)
  assert.equal(manifest?.release, '0.0.0-test')
  assert.deepEqual(await devicesIn(dir), ['device-0', 'device-1', 'device-2'])
  assert.equal(await readFile(join(dir.path, 'token'), 'utf8'), 'the-token\n')
  assert.equal((await stat(join(dir.path, 'token'))).mode & 0o777, 0o600)
  assert.equal(await readFile(join(dir.path, 'logs', 'breakwater-2026-01-01.log'), 'utf8'), 'line\n')
  assert.equal(await readFile(join(aside, 'token'), 'utf8'), 'another\n')
  assert.equal(await readFile(join(aside, 'made-later'), 'utf8'), 'x')
  const left = (await readdir(dir.path)).filter((name) => name.startsWith('restore'))
  assert.deepEqual(left, [])
})

test('onto a new machine there is nothing to keep', async () => {
  await using dir = await usedState(2)
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  await createBackup(optionsFor(dir, target))
  await using other = await tempDir()
  const { aside } = await restore(other, target)
  assert.equal(aside, undefined)
  assert.deepEqual(await devicesIn(other), ['device-0', 'device-1'])
})

test('a configuration that lies elsewhere comes along with what it includes, and goes where it is looked for now', async () => {
  await using dir = await usedState(1)
  await using config = await tempDir()
  await using out = await tempDir()
  const configPath = join(config.path, 'gw.json')
  await writeFile(configPath, '{ "$include": "more.json" }')
  await writeFile(join(config.path, 'more.json'), '{}')
  const target = join(out.path, 'b.tar.gz')
  const sources = [configPath, join(config.path, 'more.json'), '/elsewhere/third.json']
  const { remarks } = await createBackup(optionsFor(dir, target, { configPath, configSources: sources }))
  assert.match(remarks[0] ?? '', /\/elsewhere\/third\.json is included from elsewhere/)
  await writeFile(configPath, '{ changed: true }')
  const { aside = '' } = await restoreBackup({ stateDir: dir.path, configPath, archive: target })
  assert.equal(await readFile(configPath, 'utf8'), '{ "$include": "more.json" }')
  assert.equal(await readFile(join(aside, '_configuration', 'gw.json'), 'utf8'), '{ changed: true }')
})

test('while somebody owns the state directory nothing is put back', async () => {
  await using dir = await usedState(1)
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  await createBackup(optionsFor(dir, target))
  await using opened = await openStoreIn(dir.path)
  await assert.rejects(restore(dir, target), { code: 'STORE_OWNED' })
  assert.equal(opened.store.devices.size, 1)
})

test('an archive with one wrong bit, or cut off anywhere, is refused and nothing is touched', async () => {
  const seed = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  await using dir = await usedState(2)
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  await createBackup(optionsFor(dir, target))
  const archive = await readFile(target)
  const tar = gunzipSync(archive)
  const before = (await readdir(dir.path)).sort()
  const bad = join(out.path, 'bad.tar.gz')
  for (let round = 0; round < 30; round += 1) {
    const changed = Buffer.from(tar)
    const at = Math.floor(random() * tar.length)
    changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    // Padding and the times of files mean nothing; everything else must be noticed.
    await writeFile(bad, gzipSync(changed))
    const work = await tempDir()
    const outcome = await extractBackup(bad, work.path).then(
      () => 'accepted',
      (error: { code?: string }) => error.code,
    )
    if (outcome === 'accepted') assert.ok(isMeaningless(tar, at), `seed ${seed}, round ${round}: byte ${at}`)
    else assert.ok(outcome === 'BACKUP_UNUSABLE' || outcome === 'STORE_TOO_NEW', `seed ${seed}: ${outcome}`)
    await work[Symbol.asyncDispose]()
  }
  for (let round = 0; round < 10; round += 1) {
    await writeFile(bad, archive.subarray(0, Math.floor(random() * archive.length)))
    await assert.rejects(restore(dir, bad), { code: 'BACKUP_UNUSABLE' }, `seed ${seed}`)
  }
  assert.deepEqual((await readdir(dir.path)).sort(), before)
})

/** Zeros behind a file's content, up to the next block; nobody reads them. */
function isMeaningless(tar: Buffer, at: number): boolean {
  const block = at - (at % 512)
  return tar.subarray(at, block + 512).every((byte, index) => index === 0 || byte === 0)
}

test('an archive with paths that lead out is refused', async () => {
  await using out = await tempDir()
  for (const path of ['../token', 'state/../../token', '/etc/passwd', 'state//x', 'other/x', 'state']) {
    const file = join(out.path, 'evil.tar.gz')
    const header = encodeTarHeader({ path, bytes: 2, mode: 0o600, modifiedAtMs: 0 })
    await writeFile(file, gzipSync(Buffer.concat([header, Buffer.from('hi'), tarPadding(2), TAR_END])))
    await using work = await tempDir()
    await assert.rejects(extractBackup(file, work.path), { code: 'BACKUP_UNUSABLE' }, path)
    assert.deepEqual(await readdir(work.path), [])
  }
  const other = join(out.path, 'other.tar.gz')
  await writeFile(other, 'no archive at all')
  await using work = await tempDir()
  await assert.rejects(extractBackup(other, work.path), { code: 'BACKUP_UNUSABLE' })
})

test('a damaged store is not backed up as if it were whole', async () => {
  await using dir = await usedState(50)
  const database = join(dir.path, 'store', 'gateway.sqlite')
  await writeFile(database, (await readFile(database)).fill(0xa5, 4_096 * 2, 4_096 * 3))
  await delay(30)
  await using out = await tempDir()
  await assert.rejects(createBackup(optionsFor(dir, join(out.path, 'b.tar.gz'))), { code: 'BACKUP_STORE_DAMAGED' })
  assert.deepEqual(await readdir(out.path), [])
})

test('a restore that was cut off keeps gateways out, and the next call finishes it', async () => {
  await using dir = await usedState(2)
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  await createBackup(optionsFor(dir, target))
  {
    await using opened = await openStoreIn(dir.path)
    await opened.store.apply([{ put: 'devices', record: sampleDevice(7) }])
  }
  // As a crash leaves it after the first of the old files was moved.
  const staging = join(dir.path, 'restore-staging-x')
  await mkdir(staging)
  await extractBackup(target, staging)
  const old = (await readdir(dir.path)).filter((name) => !['logs', 'owner.lock', basename(staging)].includes(name))
  const aside = 'before-restore-x'
  await mkdir(join(dir.path, aside))
  await rename(join(dir.path, 'store'), join(dir.path, aside, 'store'))
  const journal = { staging: basename(staging), aside, configPath: join(dir.path, 'breakwater.json'), old }
  await writeFile(join(dir.path, 'restore.json'), JSON.stringify(journal))

  await assert.rejects(openStoreIn(dir.path), { code: 'STORE_RESTORING' })
  await mkdir(join(dir.path, 'tls'), { mode: 0o700 })
  const finished = await restore(dir, undefined)
  assert.equal(finished.manifest, undefined)
  assert.deepEqual(await devicesIn(dir), ['device-0', 'device-1'])
  assert.equal(await readFile(join(dir.path, 'token'), 'utf8'), 'the-token\n')
  assert.ok((await readdir(join(dir.path, aside))).includes('store'))
})

test('cut off before any of its moves, a restore is finished by the next call', async () => {
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  {
    await using dir = await usedState(2)
    await createBackup(optionsFor(dir, target))
  }
  let moves = 1
  for (let cutAt = 0; cutAt < moves; cutAt += 1) {
    await using dir = await usedState(4)
    let count = 0
    const cut = restoreBackup(
      { stateDir: dir.path, configPath: join(dir.path, 'breakwater.json'), archive: target },
      {
        rename: async (from, to) => {
          if (count === cutAt) throw new Error('power cut')
          await rename(from, to)
          count += 1
        },
      },
    )
    await assert.rejects(cut, /power cut/)
    await assert.rejects(openStoreIn(dir.path), { code: 'STORE_RESTORING' }, `cut at ${cutAt}`)
    moves = 10
    await restore(dir, undefined)
    assert.deepEqual(await devicesIn(dir), ['device-0', 'device-1'], `cut at ${cutAt}`)
    assert.equal(await readFile(join(dir.path, 'device-token.key'), 'utf8'), KEY)
  }
})

test('a directory that others could read is private afterwards', async () => {
  await using dir = await usedState(1)
  await using out = await tempDir()
  const target = join(out.path, 'b.tar.gz')
  await chmod(join(dir.path, 'token'), 0o644)
  await createBackup(optionsFor(dir, target))
  await restore(dir, target)
  assert.equal((await stat(join(dir.path, 'token'))).mode & 0o777, 0o600)
})
