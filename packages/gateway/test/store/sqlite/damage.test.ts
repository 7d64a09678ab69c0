import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { seededRandom } from '@breakwater/supervisor/testing'
import { approvalOf, SAMPLE_PUTS } from '../../../../testkit/src/contracts/store-samples.ts'
import type { TempDir } from '../../../../testkit/src/temp-dir.ts'
import {
  bitsIn,
  commitNumber,
  contentsOf,
  copyLiveFiles,
  copyStore,
  cutTo,
  databaseIn,
  flipBit,
  logIn,
  openHere,
  overwrite,
  snapshotsIn,
  writerOf,
} from './damaged-files.ts'
import { openStoreIn, recordingLog, stateDir } from './state-dir.ts'

const FULL = process.env.BREAKWATER_FULL === '1'
const SEED = Number(process.env.BREAKWATER_SEED ?? Date.now() % 1_000_000)
const DEVICES = 60
const PAGE_BYTES = 4_096

describe('a damaged database', () => {
  let template: TempDir
  let contents: string

  before(async () => {
    template = await stateDir()
    await using opened = await openStoreIn(template.path)
    const { store } = opened
    for (let number = 0; number < DEVICES; number += 1) {
      await store.apply([...approvalOf(number), SAMPLE_PUTS.setupCodes(number), SAMPLE_PUTS.meta(number)])
    }
    await store.close()
    const whole = openHere(template.path)
    contents = contentsOf(whole)
    whole.database.close()
  })
  after(() => template[Symbol.asyncDispose]())

  const flips = FULL ? 2_000 : 150
  it(`is never read as if it were whole: ${flips} single bits (seed ${SEED})`, async (t) => {
    const random = seededRandom(SEED)
    await using directory = await stateDir()
    const file = databaseIn(directory.path)
    let restored = 0
    for (let round = 0; round < flips; round += 1) {
      copyStore(template.path, directory.path)
      const bit = Math.floor(random() * bitsIn(file))
      flipBit(file, bit)
      const opened = openHere(directory.path)
      const audit = writerOf(directory.path, opened).listAudit({ limit: 500 })
      opened.database.close()
      const where = `seed ${SEED}, bit ${bit}`
      assert.equal(contentsOf(opened), contents, where)
      assertAuditIsHonest(audit, where)
      if (opened.report.damage === undefined) continue
      restored += 1
      assert.equal(opened.report.origin, 'restored', where)
    }
    t.diagnostic(`${restored} of ${flips} flips hit records or structure and were restored from the snapshot`)
    assert.ok(restored > flips / 10 && restored < flips)
  })

  /** A flipped bit in the audit is found when it is read: facts are right, named as damaged, or restored. */
  function assertAuditIsHonest(audit: ReturnType<ReturnType<typeof writerOf>['listAudit']>, where: string): void {
    const seqs = [...audit.entries.map(({ seq }) => seq), ...audit.damagedSeqs].sort((a, b) => a - b)
    assert.deepEqual(
      seqs,
      Array.from({ length: DEVICES }, (_, index) => index + 1),
      where,
    )
    for (const { seq, subject } of audit.entries) assert.equal(subject, `device-${seq - 1}`, where)
  }

  const damages: Readonly<Record<string, (file: string) => void>> = {
    'a page of zeros in the middle': (file) => overwrite(file, PAGE_BYTES * 3, Buffer.alloc(PAGE_BYTES)),
    'a page of noise': (file) => overwrite(file, PAGE_BYTES * 2, Buffer.alloc(PAGE_BYTES, 0xa5)),
    'half a page torn off': (file) => cutTo(file, Math.floor(bitsIn(file) / 8) - PAGE_BYTES / 2),
    'the second half missing': (file) => cutTo(file, Math.floor(bitsIn(file) / 16)),
    'an empty file': (file) => cutTo(file, 0),
    'a file that is something else': (file) => overwrite(file, 0, Buffer.from('PK\u0003\u0004 not a database')),
  }
  for (const [name, damage] of Object.entries(damages)) {
    it(`with ${name} is replaced by the newest snapshot, kept, and reported`, async () => {
      await using directory = await stateDir()
      copyStore(template.path, directory.path)
      damage(databaseIn(directory.path))
      const log = recordingLog()
      const startedAt = performance.now()
      await using opened = await openStoreIn(directory.path, { log })
      const { store, report } = opened
      assert.ok(performance.now() - startedAt < 5_000)
      assert.equal(store.devices.size, DEVICES)
      assert.equal(report.origin, 'restored')
      assert.equal(report.damage?.cause, 'damaged')
      assert.ok((report.damage?.problems.length ?? 0) > 0)
      assert.ok(existsSync(join(report.damage?.keptIn ?? '', 'gateway.sqlite')))
      assert.ok(report.damage?.restoredFrom?.startsWith(snapshotsIn(directory.path)))
      assert.ok(Math.abs(Date.now() - (report.damage?.restoredStateOfMs ?? 0)) < 600_000)
      assert.equal(log.lines.length, 1)
      assert.ok(log.lines[0]?.message.includes(report.damage?.keptIn ?? ''))
      await store.apply(approvalOf(DEVICES))
      await store.close()
      await using again = await openStoreIn(directory.path)
      assert.equal(again.report.damage, undefined)
      assert.equal(again.store.devices.size, DEVICES + 1)
      await again.store.close()
    })
  }

  it('says from when the restored state is and when the damaged file was last written', async () => {
    await using directory = await stateDir()
    copyStore(template.path, directory.path)
    const opened = openHere(directory.path)
    const writer = writerOf(directory.path, opened)
    writer.commit(commitNumber(500))
    writer.close()
    overwrite(databaseIn(directory.path), PAGE_BYTES * 3, Buffer.alloc(PAGE_BYTES))
    const { report, database, records } = openHere(directory.path)
    database.close()
    assert.equal(JSON.stringify(records), contents)
    const { restoredStateOfMs = 0, lastWrittenAtMs = 0 } = report.damage ?? {}
    assert.ok(restoredStateOfMs > 0 && lastWrittenAtMs > restoredStateOfMs)
  })

  it('never has an old log applied to the snapshot that takes its place', async () => {
    await using live = await stateDir()
    await using directory = await stateDir()
    for (const { path } of [live, directory]) copyStore(template.path, path)
    const writer = writerOf(live.path, openHere(live.path))
    for (let number = 500; number < 520; number += 1) writer.commit(commitNumber(number))
    copyLiveFiles(live.path, directory.path)
    writer.close()
    rmSync(databaseIn(directory.path))
    const { report, database, records } = openHere(directory.path)
    database.close()
    assert.equal(report.damage?.cause, 'missing')
    assert.equal(JSON.stringify(records), contents)
    assert.ok(existsSync(join(report.damage?.keptIn ?? '', 'gateway.sqlite-wal')))
  })

  it('falls back to an older snapshot when the newest is damaged too, and names it', async () => {
    await using directory = await stateDir()
    await using opened = await openStoreIn(directory.path)
    const { store } = opened
    await store.apply(approvalOf(1))
    await store.close()
    await using again = await openStoreIn(directory.path)
    await again.store.apply(approvalOf(2))
    await again.store.close()
    const [newest = ''] = readdirSync(snapshotsIn(directory.path)).sort().reverse()
    cutTo(join(snapshotsIn(directory.path), newest), 5_000)
    cutTo(databaseIn(directory.path), 5_000)
    const { report, records, database } = openHere(directory.path)
    database.close()
    assert.deepEqual(report.damage?.badSnapshots, [join(snapshotsIn(directory.path), newest)])
    assert.deepEqual(
      records.devices?.map(([id]) => id),
      ['device-1'],
    )
  })

  it('with no good snapshot refuses to open and leaves every file where it was', async () => {
    await using directory = await stateDir()
    copyStore(template.path, directory.path)
    rmSync(snapshotsIn(directory.path), { recursive: true })
    cutTo(databaseIn(directory.path), 5_000)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(openStoreIn(directory.path), { code: 'STORE_CORRUPT' })
    }
    assert.ok(existsSync(databaseIn(directory.path)))
    await using opened = await openStoreIn(directory.path, { whenUnrecoverable: 'start-empty' })
    const { store, report } = opened
    assert.equal(report.origin, 'started-empty')
    assert.ok(existsSync(join(report.damage?.keptIn ?? '', 'gateway.sqlite')))
    assert.equal(store.devices.size, 0)
    await store.close()
  })

  it('that has vanished while its snapshots are there is restored, not replaced by an empty one', async () => {
    await using directory = await stateDir()
    copyStore(template.path, directory.path)
    rmSync(databaseIn(directory.path))
    await using opened = await openStoreIn(directory.path)
    const { store, report } = opened
    assert.equal(report.damage?.cause, 'missing')
    assert.equal(store.devices.size, DEVICES)
    await store.close()
  })

  it('keeps a bounded number of damaged files', async () => {
    await using directory = await stateDir()
    for (let round = 0; round < 12; round += 1) {
      copyLeavingDamaged(directory.path)
      cutTo(databaseIn(directory.path), 5_000)
      openHere(directory.path, { nowMs: 1_800_000_000_000 + round }).database.close()
    }
    assert.equal(readdirSync(join(directory.path, 'store', 'damaged')).length, 8)
  })

  function copyLeavingDamaged(to: string): void {
    mkdirSync(join(to, 'store'), { recursive: true })
    if (!existsSync(snapshotsIn(to))) copyStore(template.path, to)
  }
})

describe('a damaged write-ahead log', () => {
  const COMMITS = 25
  let template: TempDir
  /** Contents after 0, 1, 2 ... commits. */
  const states: string[] = []

  before(async () => {
    template = await stateDir()
    await using live = await stateDir()
    await using scratch = await stateDir()
    const opened = openHere(live.path)
    const writer = writerOf(live.path, opened)
    openHere(scratch.path).database.close()
    openHere(template.path).database.close()
    for (let number = 0; number <= COMMITS; number += 1) {
      if (number > 0) writer.commit(commitNumber(number))
      if (number === 0) states.push(JSON.stringify(opened.records))
      else states.push(readCopy(live.path, scratch.path))
    }
    copyLiveFiles(live.path, template.path)
    writer.close()
  })
  after(() => template[Symbol.asyncDispose]())

  function readCopy(from: string, scratch: string): string {
    copyLiveFiles(from, scratch)
    const copy = openHere(scratch)
    copy.database.close()
    assert.equal(copy.report.logDamage, undefined)
    return contentsOf(copy)
  }

  const rounds = FULL ? 1_000 : 100
  it(`loses commits only with a report of it: ${rounds} single bits (seed ${SEED})`, async (t) => {
    const random = seededRandom(SEED)
    await using directory = await stateDir()
    openHere(directory.path).database.close()
    let reported = 0
    for (let round = 0; round < rounds; round += 1) {
      copyLiveFiles(template.path, directory.path)
      const bit = Math.floor(random() * bitsIn(logIn(directory.path)))
      flipBit(logIn(directory.path), bit)
      const { report, database, records } = openHere(directory.path)
      database.close()
      const found = states.indexOf(JSON.stringify(records))
      const where = `seed ${SEED}, bit ${bit}, found ${found}: ${JSON.stringify(report)}`
      assert.ok(found >= 0, where)
      const lost = COMMITS - found
      if (lost === 0) continue
      reported += 1
      const { unreadableCommits } = report.logDamage ?? {}
      assert.ok(report.logDamage !== undefined, where)
      if (unreadableCommits === undefined) assert.equal(found, 0, where)
      else assert.ok(Math.abs(unreadableCommits - lost) <= 1, where)
      if (unreadableCommits !== 1)
        assert.ok(existsSync(join(report.logDamage.keptIn ?? '', 'gateway.sqlite-wal')), where)
    }
    t.diagnostic(`${reported} of ${rounds} flips lost commits, all reported`)
    assert.ok(reported > rounds / 2)
  })

  it(`that ends anywhere opens with the commits that are whole (seed ${SEED})`, async () => {
    const random = seededRandom(SEED)
    await using directory = await stateDir()
    openHere(directory.path).database.close()
    for (let round = 0; round < rounds; round += 1) {
      copyLiveFiles(template.path, directory.path)
      const bytes = Math.floor((random() * bitsIn(logIn(directory.path))) / 8)
      cutTo(logIn(directory.path), bytes)
      const { report, database, records } = openHere(directory.path)
      database.close()
      assert.ok(states.includes(JSON.stringify(records)), `seed ${SEED}, cut at ${bytes}`)
      assert.equal(report.damage, undefined)
      assert.equal(report.logDamage, undefined)
    }
  })
})
