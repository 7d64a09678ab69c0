import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SAMPLE_PUTS, sampleFact } from '../../../../testkit/src/contracts/store-samples.ts'
import type { Write } from '../../../src/store/backend.ts'
import { Writer } from '../../../src/store/sqlite/writer.ts'
import { databaseIn, openHere, toWrites, writerOf } from './damaged-files.ts'
import { stateDir } from './state-dir.ts'

const facts = (from: number, count: number): Write[] =>
  toWrites(Array.from({ length: count }, (_, number) => ({ append: 'audit', fact: sampleFact(from + number) })))

describe('the writer', () => {
  it('keeps nothing of a group one of whose rows is refused, and goes on with the next', async () => {
    await using directory = await stateDir()
    const opened = openHere(directory.path)
    const writer = writerOf(directory.path, opened)
    const refused = { put: 'devices', id: 'x', record: null } as unknown as Write
    assert.throws(() => writer.commit([...facts(0, 2), ...toWrites([SAMPLE_PUTS.meta(1)]), refused]))
    assert.equal(opened.database.isTransaction, false)
    writer.commit(facts(5, 1))
    assert.deepEqual(
      writer.listAudit({ limit: 10 }).entries.map(({ seq, subject }) => [seq, subject]),
      [[1, 'device-5']],
    )
    writer.close()
    const again = openHere(directory.path)
    again.database.close()
    assert.deepEqual(again.records.meta, [])
  })

  it('goes on numbering facts where the last owner stopped', async () => {
    await using directory = await stateDir()
    const first = writerOf(directory.path, openHere(directory.path))
    first.commit(facts(0, 3))
    first.close()
    const second = writerOf(directory.path, openHere(directory.path))
    second.commit(facts(3, 1))
    assert.equal(second.listAudit({ limit: 1 }).entries[0]?.seq, 4)
    second.close()
  })

  it('names facts that were changed behind its back instead of showing them', async () => {
    await using directory = await stateDir()
    const { database } = openHere(directory.path)
    const writer = new Writer(database, databaseIn(directory.path), 1_000)
    writer.commit(facts(0, 3))
    database.exec(`UPDATE audit SET subject = 'device-9' WHERE seq = 2`)
    const page = writer.listAudit({ limit: 10 })
    assert.deepEqual(page.damagedSeqs, [2])
    assert.deepEqual(
      page.entries.map(({ seq }) => seq),
      [3, 1],
    )
    writer.close()
  })

  it('empties its log when it has grown, and loses nothing by it', async () => {
    await using directory = await stateDir()
    const writer = writerOf(directory.path, openHere(directory.path))
    let commits = 0
    for (; !writer.isLogLong; commits += 1) writer.commit(facts(commits * 500, 500))
    writer.checkpoint()
    assert.equal(writer.isLogLong, false)
    assert.equal(writer.listAudit({ limit: 1 }).entries[0]?.seq, commits * 500)
    writer.close()
  })
})
