// What every store promises, whatever it keeps its records in. An implementation's test is one call of `storeContract`
// plus the gaps it declares; durability against crashes and damaged files is tested where the files are.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store, StoreOptions } from '@breakwater/gateway'
import { FakeClock } from '@breakwater/supervisor/testing'
import fc from 'fast-check'
import {
  approvalOf,
  SAMPLE_IDS,
  SAMPLE_PUTS,
  sampleDevice,
  sampleFact,
  samplePairRequest,
  sampleSetupCode,
} from './store-samples.ts'

export interface StoreSubject extends AsyncDisposable {
  readonly store: Store
  /** Closes the store and opens one on what it left behind. */
  reopen(): Promise<Store>
  /** Makes the next commit fail like a full disk. */
  refuseNextCommit(): void
}

export interface StoreContractGaps {
  /** Why nothing is left after closing. */
  readonly reopen?: string
  /** Why a commit cannot be made to fail from outside. */
  readonly refusedCommit?: string
}

export type OpenStoreSubject = (clock: FakeClock, options: Partial<StoreOptions>) => Promise<StoreSubject>

type SampledNoun = keyof typeof SAMPLE_PUTS
const SAMPLED_NOUNS = Object.keys(SAMPLE_PUTS) as SampledNoun[]
const MAX_SETUP_CODES = 1_024

export function storeContract(name: string, openSubject: OpenStoreSubject, gaps: StoreContractGaps = {}): void {
  const open = (options: Partial<StoreOptions> = {}, clock = new FakeClock(1_000)) => openSubject(clock, options)
  describe(`store contract: ${name}`, () => {
    changes(open)
    decisions(open)
    bounds(open)
    audit(open)
    sightings(openSubject)
    closing(open)
    refusals(open, { skip: gaps.refusedCommit ?? false })
    reopening(open, { skip: gaps.reopen ?? false })
  })
}

type Open = (options?: Partial<StoreOptions>, clock?: FakeClock) => Promise<StoreSubject>
type Skip = { readonly skip: string | false }

function changes(open: Open): void {
  it('shows a change once its promise has resolved, and not before', async () => {
    await using subject = await open()
    const { store } = subject
    const applied = store.apply([SAMPLE_PUTS.devices(1)])
    assert.equal(store.devices.get('device-1'), undefined)
    await applied
    assert.deepEqual(store.devices.get('device-1'), sampleDevice(1))
    assert.equal(store.devices.size, 1)
  })

  for (const noun of SAMPLED_NOUNS) {
    it(`adds, replaces, lists and removes ${noun}`, async () => {
      await using subject = await open()
      const { store } = subject
      await store.apply([SAMPLE_PUTS[noun](1), SAMPLE_PUTS[noun](2), SAMPLE_PUTS[noun](1)])
      assert.equal(store[noun].size, 2)
      assert.equal(store[noun].values().toArray().length, 2)
      await store.apply([{ remove: noun, id: SAMPLE_IDS[noun](1) }])
      assert.equal(store[noun].has(SAMPLE_IDS[noun](1)), false)
      assert.equal(store[noun].has(SAMPLE_IDS[noun](2)), true)
      assert.deepEqual(store.status().records[noun].count, 1)
    })
  }

  it('replaces a record as a whole, so a field left out is gone', async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply([{ put: 'devices', record: sampleDevice(1, { operatorLabel: 'Kitchen' }) }])
    await store.apply([SAMPLE_PUTS.devices(1)])
    assert.equal(store.devices.get('device-1')?.operatorLabel, undefined)
  })

  it('applies the changes of one call in their order', async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply([SAMPLE_PUTS.meta(1), { remove: 'meta', id: 'fact-1' }])
    assert.equal(store.meta.has('fact-1'), false)
    await store.apply([{ remove: 'meta', id: 'fact-1' }, SAMPLE_PUTS.meta(1)])
    assert.equal(store.meta.has('fact-1'), true)
  })

  it('keeps its own frozen copy of a record', async () => {
    await using subject = await open()
    const { store } = subject
    const mutable = { ...sampleDevice(1), roles: ['operator'] as ('operator' | 'node')[] }
    const applied = store.apply([{ put: 'devices', record: mutable }])
    mutable.roles.push('node')
    await applied
    const kept = store.devices.get('device-1')
    assert.deepEqual(kept?.roles, ['operator'])
    assert.ok(Object.isFrozen(kept) && Object.isFrozen(kept.tokens.operator?.scopes))
  })

  it('removes nothing when there is nothing, without complaint', async () => {
    await using subject = await open()
    await subject.store.apply([{ remove: 'devices', id: 'nobody' }])
    assert.equal(subject.store.devices.size, 0)
  })
}

function decisions(open: Open): void {
  it('lets a decision see earlier ones that are still on their way to disk, and plain reads not', async () => {
    await using subject = await open()
    const { store } = subject
    const first = store.apply([SAMPLE_PUTS.devices(1)])
    const second = store.decide((view) => {
      assert.ok(view.devices.has('device-1'))
      assert.equal(view.devices.size, 1)
      assert.deepEqual([...view.devices.values()], [sampleDevice(1)])
      assert.equal(store.devices.has('device-1'), false)
      return { changes: [SAMPLE_PUTS.devices(2)], result: 'seen' }
    })
    assert.deepEqual(await Promise.all([first, second]), [undefined, 'seen'])
    assert.equal(store.devices.size, 2)
  })

  it('lets exactly one of many simultaneous approvals of a request win', async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply([SAMPLE_PUTS.pairRequests(1)])
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, () =>
        store.decide<string>((view) =>
          view.pairRequests.has('request-1')
            ? { changes: approvalOf(1), result: 'approved' }
            : { changes: [], result: 'unknown requestId' },
        ),
      ),
    )
    assert.equal(verdicts.filter((verdict) => verdict === 'approved').length, 1)
    assert.equal((await store.audit.list()).entries.length, 1)
  })

  it('answers a decision without changes only after everything it could see', async () => {
    await using subject = await open()
    const { store } = subject
    const order: string[] = []
    const write = store.apply([SAMPLE_PUTS.devices(1)]).then(() => order.push('write'))
    const read = store.decide(() => ({ changes: [], result: undefined })).then(() => order.push('read'))
    await Promise.all([write, read])
    assert.deepEqual(order, ['write', 'read'])
  })

  it('costs no commit to decide that nothing changes', async () => {
    await using subject = await open()
    const { store } = subject
    await Promise.all(Array.from({ length: 10 }, () => store.decide(() => ({ changes: [], result: undefined }))))
    assert.equal(store.status().commits.count, 0)
  })

  it('rejects with what a decision throws and keeps nothing of it', async () => {
    await using subject = await open()
    const { store } = subject
    const refusal = new Error('not allowed')
    await assert.rejects(
      store.decide(() => {
        throw refusal
      }),
      (error) => error === refusal,
    )
    assert.equal(await store.decide((view) => ({ changes: [], result: view.devices.size })), 0)
  })

  it('gives a burst of a thousand changes a handful of commits', async () => {
    await using subject = await open()
    const { store } = subject
    await Promise.all(Array.from({ length: 1_000 }, (_, number) => store.apply([SAMPLE_PUTS.devices(number)])))
    const { commits } = store.status()
    assert.equal(store.devices.size, 1_000)
    assert.equal(commits.rowCount, 1_000)
    assert.ok(commits.count <= 10, `${commits.count} commits`)
  })
}

function bounds(open: Open): void {
  it('refuses a record beyond the limit of its noun with STORE_LIMIT, and the rest of that decision too', async () => {
    await using subject = await open()
    const { store } = subject
    const full = Array.from({ length: MAX_SETUP_CODES }, (_, number) => SAMPLE_PUTS.setupCodes(number))
    await store.apply(full)
    await assert.rejects(store.apply([SAMPLE_PUTS.meta(1), SAMPLE_PUTS.setupCodes(MAX_SETUP_CODES)]), {
      code: 'STORE_LIMIT',
    })
    assert.equal(store.meta.size, 0)
    await store.apply([SAMPLE_PUTS.setupCodes(0)])
    await store.apply([{ remove: 'setupCodes', id: 'sha256-0' }, SAMPLE_PUTS.setupCodes(MAX_SETUP_CODES)])
    assert.equal(store.setupCodes.size, MAX_SETUP_CODES)
  })

  it('counts changes on their way against the limit', async () => {
    await using subject = await open()
    const { store } = subject
    const outcomes = await Promise.allSettled(
      Array.from({ length: MAX_SETUP_CODES + 5 }, (_, number) => store.apply([SAMPLE_PUTS.setupCodes(number)])),
    )
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 5)
    assert.equal(store.setupCodes.size, MAX_SETUP_CODES)
  })

  it('refuses with STORE_BUSY what the queue cannot hold, counts it, and takes it later', async () => {
    await using subject = await open({ maxWaitingChanges: 10 })
    const { store } = subject
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, number) => store.apply([SAMPLE_PUTS.devices(number)])),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    assert.deepEqual(
      refused.map(({ reason }) => [reason.code, reason.retryable]),
      [
        ['STORE_BUSY', true],
        ['STORE_BUSY', true],
      ],
    )
    assert.equal(store.status().queue.refusedCount, 2)
    assert.equal(store.status().queue.waitingChanges, 0)
    await store.apply([SAMPLE_PUTS.devices(11)])
    assert.equal(store.devices.size, 11)
  })

  it('refuses a decision larger than the whole queue with STORE_LIMIT, which no retry helps', async () => {
    await using subject = await open({ maxWaitingChanges: 10 })
    const changes = Array.from({ length: 11 }, (_, number) => SAMPLE_PUTS.devices(number))
    await assert.rejects(subject.store.apply(changes), { code: 'STORE_LIMIT', retryable: false })
    assert.equal(subject.store.devices.size, 0)
  })

  it('refuses with STORE_BUSY by size as well as by number', async () => {
    await using subject = await open({ maxWaitingBytes: 65_536 })
    const { store } = subject
    const large = sampleDevice(1, { displayName: 'x'.repeat(30_000) })
    const first = store.apply([{ put: 'devices', record: large }])
    await assert.rejects(store.apply([{ put: 'devices', record: large }]), { code: 'STORE_BUSY' })
    await first
  })
}

function audit(open: Open): void {
  it('lists facts newest first with a growing number, and pages through them', async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply(Array.from({ length: 5 }, (_, number) => ({ append: 'audit', fact: sampleFact(number) })))
    const page = await store.audit.list({ limit: 2 })
    assert.deepEqual(page.entries, [
      { ...sampleFact(4), seq: 5 },
      { ...sampleFact(3), seq: 4 },
    ])
    assert.equal(page.nextBeforeSeq, 4)
    const rest = await store.audit.list({ beforeSeq: 4, limit: 3 })
    assert.deepEqual(
      rest.entries.map(({ seq }) => seq),
      [3, 2, 1],
    )
    assert.equal(rest.nextBeforeSeq, undefined)
    assert.deepEqual(rest.damagedSeqs, [])
  })

  it('lists the facts about one subject', async () => {
    await using subject = await open()
    const { store } = subject
    const subjects = ['a', 'b', 'a', 'c', 'a']
    await store.apply(subjects.map((about, number) => ({ append: 'audit', fact: sampleFact(number, about) })))
    const { entries, nextBeforeSeq } = await store.audit.list({ subject: 'a', limit: 2 })
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      [5, 3],
    )
    assert.equal(nextBeforeSeq, 3)
    assert.deepEqual((await store.audit.list({ subject: 'nobody' })).entries, [])
  })

  it('refuses a page size out of range', async () => {
    await using subject = await open()
    for (const limit of [0, -1, 501, 1.5, Number.NaN]) {
      await assert.rejects(subject.store.audit.list({ limit }), RangeError)
    }
  })
}

function sightings(openSubject: OpenStoreSubject): void {
  it('keeps sightings of paired devices and pending requests at once, without a commit', async () => {
    const clock = new FakeClock(1_000)
    await using subject = await openSubject(clock, {})
    const { store } = subject
    await store.apply([SAMPLE_PUTS.devices(1), SAMPLE_PUTS.pairRequests(2)])
    const before = store.status().commits.count
    assert.equal(store.sightings.note({ id: 'device-1', atMs: 10, reason: 'connect', tokenRole: 'operator' }), true)
    assert.equal(store.sightings.note({ id: 'device-1', atMs: 20, tokenRole: 'node' }), true)
    assert.equal(store.sightings.note({ id: 'request-2', atMs: 30 }), true)
    assert.deepEqual(store.sightings.get('device-1'), {
      id: 'device-1',
      lastSeenAtMs: 20,
      reason: 'connect',
      tokensUsedAtMs: { operator: 10, node: 20 },
    })
    assert.equal(store.status().commits.count, before)
    assert.equal(store.status().sightings.unsavedCount, 2)
  })

  it('saves all sightings of an interval in one commit', async () => {
    const clock = new FakeClock(1_000)
    await using subject = await openSubject(clock, { sightingIntervalMs: 30_000 })
    const { store } = subject
    await store.apply(Array.from({ length: 100 }, (_, number) => SAMPLE_PUTS.devices(number)))
    const before = store.status().commits.count
    for (let atMs = 0; atMs < 300; atMs += 1) store.sightings.note({ id: `device-${atMs % 100}`, atMs })
    await clock.advance(29_999)
    assert.equal(store.status().sightings.unsavedCount, 100)
    await clock.advance(1)
    await eventually(() => store.status().sightings.savedCount === 100)
    assert.equal(store.status().commits.count, before + 1)
    assert.equal(store.status().sightings.unsavedCount, 0)
  })

  it('ignores and counts sightings of ids that are neither paired nor pending', async () => {
    await using subject = await openSubject(new FakeClock(), {})
    assert.equal(subject.store.sightings.note({ id: 'stranger', atMs: 1 }), false)
    assert.equal(subject.store.sightings.get('stranger'), undefined)
    assert.equal(subject.store.status().sightings.ignoredCount, 1)
  })

  it('forgets the sighting of a removed device', async () => {
    await using subject = await openSubject(new FakeClock(), {})
    const { store } = subject
    await store.apply([SAMPLE_PUTS.devices(1)])
    store.sightings.note({ id: 'device-1', atMs: 1 })
    await store.apply([{ remove: 'devices', id: 'device-1' }])
    assert.equal(store.sightings.get('device-1'), undefined)
    assert.equal(store.status().records.sightings.count, 0)
  })
}

function closing(open: Open): void {
  it('finishes what is under way, then refuses changes and goes on answering reads', async () => {
    await using subject = await open()
    const { store } = subject
    const applied = store.apply([SAMPLE_PUTS.devices(1)])
    const closed = store.close()
    await assert.rejects(store.apply([SAMPLE_PUTS.devices(2)]), { code: 'STORE_CLOSED' })
    await Promise.all([applied, closed, store.close()])
    assert.ok(store.devices.has('device-1'))
    assert.equal(store.status().state, 'closed')
    assert.equal(store.sightings.note({ id: 'device-1', atMs: 1 }), false)
    await assert.rejects(store.audit.list(), { code: 'STORE_CLOSED' })
  })
}

function refusals(open: Open, gap: Skip): void {
  it('changes nothing in memory when the disk refuses, and works again afterwards', gap, async () => {
    await using subject = await open()
    const { store } = subject
    await store.apply([SAMPLE_PUTS.devices(1)])
    subject.refuseNextCommit()
    await assert.rejects(store.apply([{ remove: 'devices', id: 'device-1' }, ...approvalOf(2)]), { code: 'STORE_FULL' })
    assert.deepEqual([...store.devices.values()], [sampleDevice(1)])
    const seen = await store.decide((view) => ({ changes: [], result: [...view.devices.values()] }))
    assert.deepEqual(seen, [sampleDevice(1)])
    assert.equal(store.status().state, 'open')
    assert.equal(store.status().commits.failedCount, 1)
    await store.apply(approvalOf(2))
    assert.equal(store.devices.size, 2)
  })

  it('fails the decisions that could see a change the disk refused', gap, async () => {
    await using subject = await open({ maxGroupChanges: 1 })
    const { store } = subject
    subject.refuseNextCommit()
    const outcomes = await Promise.allSettled([
      store.apply([SAMPLE_PUTS.devices(1)]),
      store.apply([SAMPLE_PUTS.devices(2)]),
      store.decide((view) => ({ changes: [], result: view.devices.size })),
    ])
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : outcome.value)),
      ['STORE_FULL', 'STORE_FULL', 'STORE_FULL'],
    )
    assert.equal(store.devices.size, 0)
    assert.equal(store.status().queue.waitingChanges, 0)
  })

  it('keeps sightings that could not be saved and saves them with the next batch', gap, async () => {
    const clock = new FakeClock(0)
    await using subject = await open({}, clock)
    const { store } = subject
    await store.apply([SAMPLE_PUTS.devices(1)])
    store.sightings.note({ id: 'device-1', atMs: 1 })
    subject.refuseNextCommit()
    await clock.advance(30_000)
    await eventually(() => store.status().sightings.failedSaves === 1)
    assert.equal(store.status().sightings.unsavedCount, 1)
    await clock.advance(30_000)
    await eventually(() => store.status().sightings.savedCount === 1)
  })
}

function reopening(open: Open, gap: Skip): void {
  it('finds everything again: records, audit, and the sightings saved by closing', gap, async () => {
    await using subject = await open()
    const { store } = subject
    for (const noun of SAMPLED_NOUNS) await store.apply([SAMPLE_PUTS[noun](1), SAMPLE_PUTS[noun](2)])
    await store.apply([{ append: 'audit', fact: sampleFact(1) }])
    store.sightings.note({ id: 'device-1', atMs: 7, reason: 'disconnect' })
    const again = await subject.reopen()
    assert.deepEqual(again.devices.get('device-1'), sampleDevice(1))
    assert.deepEqual(again.pairRequests.get('request-2'), samplePairRequest(2))
    assert.deepEqual(again.setupCodes.get('sha256-1'), sampleSetupCode(1))
    assert.equal(again.meta.size, 2)
    assert.deepEqual((await again.audit.list()).entries, [{ ...sampleFact(1), seq: 1 }])
    assert.deepEqual(again.sightings.get('device-1'), { id: 'device-1', lastSeenAtMs: 7, reason: 'disconnect' })
    assert.ok(Object.isFrozen(again.devices.get('device-1')?.tokens))
  })

  it('holds in memory what is on disk, whatever was done', gap, async () => {
    const step = fc.record({
      noun: fc.constantFrom(...SAMPLED_NOUNS),
      number: fc.nat({ max: 5 }),
      remove: fc.boolean(),
      joined: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using subject = await open({ maxGroupChanges: 3 })
        const { store } = subject
        const under: Promise<unknown>[] = []
        for (const { noun, number, remove, joined } of steps) {
          const change = remove ? { remove: noun, id: SAMPLE_IDS[noun](number) } : SAMPLE_PUTS[noun](number)
          under.push(store.apply(joined ? [change, { append: 'audit', fact: sampleFact(number) }] : [change]))
          if (number === 0) await under.at(-1)
        }
        await Promise.all(under)
        const before = await contentsOf(store)
        assert.deepEqual(await contentsOf(await subject.reopen()), before)
      }),
      { numRuns: 15 },
    )
  })
}

async function contentsOf(store: Store): Promise<unknown> {
  const byText = (a: unknown, b: unknown) => JSON.stringify(a).localeCompare(JSON.stringify(b))
  const nouns = SAMPLED_NOUNS.map((noun) => [noun, store[noun].values().toArray().sort(byText)])
  return [nouns, (await store.audit.list({ limit: 500 })).entries]
}

/** For work that has left this thread, where no promise can be awaited. */
async function eventually(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'it did not happen within 5 s')
    await new Promise((resolve) => setImmediate(resolve))
  }
}
