import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import fc from 'fast-check'
import { FAIR_QUEUE_DEFAULTS, type FairJob, FairQueue, type FairQueueOptions } from '../../src/rpc/fair-queue.ts'
import { turns } from '../fake-loop.ts'

function queueOf(options: Partial<FairQueueOptions> = {}) {
  const pauses: [owner: string, isPaused: boolean][] = []
  const queue = new FairQueue(
    { onPause: (owner, isPaused) => pauses.push([owner, isPaused]) },
    { ...FAIR_QUEUE_DEFAULTS, ...options },
  )
  return { queue, pauses }
}

const job = (run: FairJob['run'], bytes = 1): FairJob => ({ bytes, run })

/** Counts how often its job ran. */
class Tally {
  count = 0
  readonly job = job(() => {
    this.count += 1
  })
}

/** A job that runs until it is told to end. */
function slowJob(): { job: FairJob; end: () => void; readonly isStarted: boolean } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isStarted = false
  return {
    job: job(() => {
      isStarted = true
      return promise
    }),
    end: resolve,
    get isStarted() {
      return isStarted
    },
  }
}

describe('a request', () => {
  test('of an owner with nothing waiting runs at once, in the same turn', () => {
    const { queue } = queueOf()
    const ran = new Tally()
    assert.ok(queue.submit('a', ran.job))
    assert.equal(ran.count, 1)
  })

  test('behind a burst of 10,000 of another device is delayed by less than a turn', async () => {
    const { queue } = queueOf()
    const burst = new Tally()
    for (let count = 0; count < 10_000; count += 1) queue.submit('noisy', burst.job)
    assert.equal(burst.count, FAIR_QUEUE_DEFAULTS.startsPerTurn)
    const ran = new Tally()
    queue.submit('quiet', ran.job)
    assert.equal(ran.count, 1, 'a newcomer does not wait at all')
    // One that has used up its share waits one turn, not for the end of the burst.
    for (let count = 0; count < FAIR_QUEUE_DEFAULTS.startsPerTurn; count += 1) {
      queue.submit('quiet', ran.job)
    }
    assert.equal(ran.count, FAIR_QUEUE_DEFAULTS.startsPerTurn)
    await turns(1)
    assert.equal(ran.count, FAIR_QUEUE_DEFAULTS.startsPerTurn + 1)
    assert.ok(burst.count <= 2 * FAIR_QUEUE_DEFAULTS.startsPerTurn, `${burst.count} of the burst ran in two turns`)
  })

  test('is never overtaken by a later one of its owner', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ owner: fc.constantFrom('a', 'b', 'c'), isAsync: fc.boolean() }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (requests, startsPerTurn, runningPerOwner) => {
          const { queue } = queueOf({ startsPerTurn, runningPerOwner })
          const started: Record<string, number[]> = { a: [], b: [], c: [] }
          requests.forEach(({ owner, isAsync }, number) => {
            const run = (): void | Promise<void> => {
              started[owner]?.push(number)
              if (isAsync) return turns(1)
            }
            assert.ok(queue.submit(owner, job(run)))
          })
          for (let turn = 0; turn < 300 && queue.ownerCount > 0; turn += 1) await turns(1)
          assert.equal(Object.values(started).flat().length, requests.length)
          for (const order of Object.values(started))
            assert.deepEqual(
              order,
              [...order].sort((x, y) => x - y),
            )
          assert.equal(queue.ownerCount, 0)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('that comes just as a place falls free still waits behind those that waited', async () => {
    const { queue } = queueOf({ runningPerOwner: 1 })
    const order: string[] = []
    const first = slowJob()
    queue.submit('a', first.job)
    queue.submit(
      'a',
      job(() => void order.push('second')),
    )
    first.end()
    // The end is noticed in a microtask, the next turn comes later.
    await Promise.resolve()
    await Promise.resolve()
    queue.submit(
      'a',
      job(() => void order.push('third')),
    )
    assert.deepEqual(order, [])
    await turns(2)
    assert.deepEqual(order, ['second', 'third'])
  })

  test('waits for what an earlier one of its owner has to load first', async () => {
    const { queue } = queueOf()
    const order: string[] = []
    const loading = Promise.withResolvers<void>()
    let asked = 0
    const prepare = (): Promise<void> => {
      asked += 1
      return loading.promise
    }
    queue.submit('a', { bytes: 1, prepare, run: () => void order.push('first') })
    queue.submit(
      'a',
      job(() => void order.push('second')),
    )
    queue.submit(
      'b',
      job(() => void order.push('other')),
    )
    await turns(3)
    assert.deepEqual(order, ['other'])
    loading.resolve()
    await turns(3)
    assert.deepEqual(order, ['other', 'first', 'second'])
    assert.equal(asked, 1)
    assert.equal(queue.ownerCount, 0)
  })

  test('runs even when what it needs could not be loaded: it says so itself', async () => {
    const { queue } = queueOf()
    let asked = 0
    const ran = new Tally()
    const prepare = (): Promise<void> => {
      asked += 1
      return Promise.reject(new Error('no such module'))
    }
    queue.submit('a', { bytes: 1, prepare, run: ran.job.run })
    await turns(3)
    assert.deepEqual([asked, ran.count, queue.ownerCount], [1, 1, 0])
  })
})

describe('running requests', () => {
  test('are bounded per owner; the next one starts when one ends', async () => {
    const { queue } = queueOf({ runningPerOwner: 2 })
    const jobs = [slowJob(), slowJob(), slowJob()]
    for (const each of jobs) queue.submit('a', each.job)
    await turns(3)
    assert.deepEqual(
      jobs.map(({ isStarted }) => isStarted),
      [true, true, false],
    )
    jobs[0]?.end()
    await turns(2)
    assert.ok(jobs[2]?.isStarted)
  })

  test('of one owner leave the others alone', async () => {
    const { queue } = queueOf({ runningPerOwner: 1 })
    queue.submit('a', slowJob().job)
    queue.submit('a', slowJob().job)
    const ran = new Tally()
    for (let count = 0; count < 5; count += 1) queue.submit('b', ran.job)
    assert.equal(ran.count, 5)
  })
})

describe('the loop', () => {
  /** Immediates scheduled while `act` runs and during the turns after it. */
  async function countImmediates(act: () => void, turnCount: number): Promise<number> {
    const real = globalThis.setImmediate
    const spy = mock.method(globalThis, 'setImmediate', real)
    try {
      act()
      for (let turn = 0; turn < turnCount; turn += 1) await new Promise((resolve) => real(resolve))
      return spy.mock.callCount()
    } finally {
      spy.mock.restore()
    }
  }

  test('is left alone while handlers run and nothing can start', async () => {
    const { queue } = queueOf({ runningPerOwner: 1 })
    const first = slowJob()
    const count = await countImmediates(() => {
      queue.submit('a', first.job)
      queue.submit('a', slowJob().job)
      queue.submit('a', slowJob().job)
    }, 50)
    assert.equal(count, 1, 'one turn follows the start, then silence')
    assert.equal(queue.waitingCount, 2)
    assert.equal(await countImmediates(() => {}, 20), 0)
    assert.ok((await countImmediates(first.end, 20)) <= 2)
    assert.equal(queue.waitingCount, 1)
  })

  test('is left alone while something is being loaded', async () => {
    const { queue } = queueOf()
    const count = await countImmediates(() => {
      queue.submit('a', { bytes: 1, prepare: () => new Promise(() => {}), run: () => {} })
      queue.submit(
        'a',
        job(() => {}),
      )
    }, 50)
    assert.equal(count, 0)
  })

  test('is left alone once everything has run, and no owner is remembered', async () => {
    const { queue } = queueOf()
    const count = await countImmediates(() => {
      for (let owner = 0; owner < 100; owner += 1)
        queue.submit(
          `o${owner}`,
          job(() => {}),
        )
    }, 20)
    assert.equal(count, 1)
    assert.equal(queue.ownerCount, 0)
  })

  test('works off a long queue in time that grows with its length', async () => {
    const { queue } = queueOf({ runningPerOwner: 1, startsPerTurn: 100_000, pauseReadingAbove: 10_000 })
    const ran = new Tally()
    const first = slowJob()
    queue.submit('a', first.job)
    for (let count = 0; count < 4_096; count += 1) queue.submit('a', ran.job)
    const startedAt = performance.now()
    first.end()
    await turns(3)
    assert.equal(ran.count, 4_096)
    assert.ok(performance.now() - startedAt < 100)
  })
})

describe('waiting requests', () => {
  test('are bounded per owner; what is too much is refused and counted', () => {
    const { queue } = queueOf({ startsPerTurn: 1, waitingPerOwner: 3 })
    const accepted = Array.from({ length: 6 }, () =>
      queue.submit(
        'a',
        job(() => {}),
      ),
    )
    assert.deepEqual(accepted, [true, true, true, true, false, false])
    assert.deepEqual([queue.waitingCount, queue.refusedCount], [3, 2])
    assert.ok(
      queue.submit(
        'b',
        job(() => {}),
      ),
      'another owner is not affected',
    )
  })

  test('are bounded in all, by count and by bytes', async () => {
    const byCount = queueOf({ startsPerTurn: 1, waitingInAll: 2 }).queue
    for (const owner of ['a', 'a', 'b', 'b'])
      byCount.submit(
        owner,
        job(() => {}),
      )
    assert.equal(
      byCount.submit(
        'b',
        job(() => {}),
      ),
      false,
    )
    const byBytes = queueOf({ startsPerTurn: 1, waitingBytesInAll: 100 }).queue
    byBytes.submit(
      'a',
      job(() => {}, 90),
    )
    assert.ok(
      byBytes.submit(
        'a',
        job(() => {}, 60),
      ),
    )
    assert.equal(
      byBytes.submit(
        'a',
        job(() => {}, 60),
      ),
      false,
    )
    await turns(3)
    assert.equal(byBytes.waitingCount, 0)
    byBytes.submit(
      'a',
      job(() => {}, 1),
    )
    assert.ok(
      byBytes.submit(
        'a',
        job(() => {}, 60),
      ),
      'bytes are given back when a request starts',
    )
  })

  test('that were refused leave nothing behind', async () => {
    const { queue } = queueOf({ waitingPerOwner: 0 })
    const loading = Promise.withResolvers<void>()
    assert.equal(queue.submit('a', { bytes: 1, prepare: () => loading.promise, run: () => {} }), false)
    loading.resolve()
    await turns(2)
    assert.equal(queue.ownerCount, 0)
  })

  test('stop the reading from their owner above a mark, and resume it at half of that', async () => {
    const { queue, pauses } = queueOf({ startsPerTurn: 1, pauseReadingAbove: 4 })
    for (let count = 0; count < 5; count += 1)
      queue.submit(
        'a',
        job(() => {}),
      )
    assert.deepEqual(pauses, [])
    queue.submit(
      'a',
      job(() => {}),
    )
    assert.deepEqual(pauses, [['a', true]], 'the fifth waiting one is too many')
    queue.submit(
      'a',
      job(() => {}),
    )
    assert.equal(pauses.length, 1, 'said once')
    await turns(3)
    assert.deepEqual(pauses, [['a', true]])
    await turns(1)
    assert.deepEqual(pauses, [
      ['a', true],
      ['a', false],
    ])
    assert.equal(queue.waitingCount, 2)
  })
})
