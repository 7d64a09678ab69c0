// What opening costs. The best of a few tries counts: a busy machine makes any single one slow, a regression all.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SAMPLE_PUTS, sampleFact } from '../../../../testkit/src/contracts/store-samples.ts'
import { openHere, toWrites, writerOf } from './damaged-files.ts'
import { openStoreIn, stateDir } from './state-dir.ts'

const TRIES = 5

async function bestOpenMs(path: string, check: (opened: Awaited<ReturnType<typeof openStoreIn>>) => void) {
  let bestMs = Number.POSITIVE_INFINITY
  for (let round = 0; round < TRIES; round += 1) {
    const startedAt = performance.now()
    await using opened = await openStoreIn(path)
    bestMs = Math.min(bestMs, performance.now() - startedAt)
    check(opened)
  }
  return bestMs
}

describe('opening a store', () => {
  it('takes less than 100 ms when it holds little', async (t) => {
    await using directory = await stateDir()
    const openMs = await bestOpenMs(directory.path, () => {})
    t.diagnostic(`${openMs.toFixed(1)} ms`)
    assert.ok(openMs < 100, `${openMs} ms`)
  })

  it('takes less than 300 ms with 1,000 devices and 100,000 audit facts', async (t) => {
    await using directory = await stateDir()
    const writer = writerOf(directory.path, openHere(directory.path))
    writer.commit(toWrites(Array.from({ length: 1_000 }, (_, number) => SAMPLE_PUTS.devices(number))))
    for (let start = 0; start < 100_000; start += 5_000) {
      const facts = Array.from({ length: 5_000 }, (_, number) => sampleFact(start + number))
      writer.commit(toWrites(facts.map((fact) => ({ append: 'audit', fact }))))
    }
    writer.close()
    const openMs = await bestOpenMs(directory.path, ({ store }) => assert.equal(store.devices.size, 1_000))
    t.diagnostic(`${openMs.toFixed(1)} ms`)
    assert.ok(openMs < 300, `${openMs} ms`)
  })

  it('trims the audit to its limit in the commit that goes beyond it', async () => {
    await using directory = await stateDir()
    await using opened = await openStoreIn(directory.path, { maxAuditEntries: 1_000 })
    const facts = Array.from({ length: 1_500 }, (_, number) => sampleFact(number))
    await opened.store.apply(facts.map((fact) => ({ append: 'audit', fact })))
    const { entries, nextBeforeSeq } = await opened.store.audit.list({ beforeSeq: 503, limit: 500 })
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [502, 501],
    )
    assert.equal(nextBeforeSeq, undefined)
  })
})
