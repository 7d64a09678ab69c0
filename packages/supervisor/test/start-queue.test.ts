import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS } from '../src/options.ts'
import {
  EMPTY_START_QUEUE,
  type StartLimits,
  type StartQueueInput,
  type StartQueueState,
  startQueueWakeAt,
  stepStartQueue,
} from '../src/start-queue.ts'
import { seededRandom } from '../src/testing/index.ts'
import { runSchedules } from './schedules.ts'

class Queue {
  readonly granted: number[] = []
  readonly overdue: number[] = []
  readonly #limits: StartLimits
  state: StartQueueState = EMPTY_START_QUEUE

  constructor(limits: Partial<StartLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits }
  }

  feed(input: StartQueueInput, nowMs = 0): number[] {
    const [next, effects] = stepStartQueue(this.state, input, nowMs, this.#limits)
    this.state = next
    const granted = effects.filter(({ type }) => type === 'grant').map(({ id }) => id)
    this.granted.push(...granted)
    this.overdue.push(...effects.filter(({ type }) => type === 'held-too-long').map(({ id }) => id))
    return granted
  }

  get wakeAt(): number | null {
    return startQueueWakeAt(this.state, this.#limits)
  }
}

test('three may start, the rest wait in order of arrival', () => {
  const queue = new Queue()
  for (const id of [5, 3, 9, 1, 7]) queue.feed({ type: 'enter', id })
  assert.deepEqual(queue.granted, [5, 3, 9])
  assert.deepEqual(queue.feed({ type: 'leave', id: 3 }), [1])
  assert.deepEqual(queue.feed({ type: 'leave', id: 9 }), [7])
})

test('leaving the line gives up the turn: the next in line gets it', () => {
  const queue = new Queue({ maxConcurrentStarts: 1 })
  for (const id of [1, 2, 3]) queue.feed({ type: 'enter', id })
  queue.feed({ type: 'leave', id: 2 })
  assert.deepEqual(queue.feed({ type: 'leave', id: 1 }), [3])
})

test('entering twice keeps the first place', () => {
  const queue = new Queue({ maxConcurrentStarts: 1 })
  for (const id of [1, 2, 3, 2, 1]) queue.feed({ type: 'enter', id })
  assert.deepEqual(queue.state.waiting, [2, 3])
})

test('a slot held for 30 s goes to the next in line, and giving it back late changes nothing', () => {
  const queue = new Queue({ maxConcurrentStarts: 1 })
  queue.feed({ type: 'enter', id: 1 }, 0)
  queue.feed({ type: 'enter', id: 2 }, 10)
  assert.equal(queue.wakeAt, 30_000)
  assert.deepEqual(queue.feed({ type: 'wake' }, 29_999), [])
  assert.deepEqual(queue.feed({ type: 'wake' }, 30_000), [2])
  assert.deepEqual(queue.overdue, [1])
  const before = queue.state.holding
  assert.deepEqual(queue.feed({ type: 'leave', id: 1 }, 30_001), [])
  assert.deepEqual(queue.state.holding, before)
})

test('spacing keeps grants apart and asks to be woken when the next is due', () => {
  const queue = new Queue({ startSpacingMs: 500 })
  for (const id of [1, 2, 3]) queue.feed({ type: 'enter', id }, 1_000)
  assert.deepEqual(queue.granted, [1])
  assert.equal(queue.wakeAt, 1_500)
  assert.deepEqual(queue.feed({ type: 'wake' }, 1_499), [])
  assert.deepEqual(queue.feed({ type: 'wake' }, 1_500), [2])
  assert.deepEqual(queue.feed({ type: 'wake' }, 9_000), [3])
})

test('an idle queue wants no timer', () => {
  const queue = new Queue()
  assert.equal(queue.wakeAt, null)
  queue.feed({ type: 'enter', id: 1 })
  queue.feed({ type: 'leave', id: 1 }, 5)
  assert.equal(queue.wakeAt, null)
})

test('any schedule grants in order of arrival, never above the limit, and never forgets a waiter', async () => {
  await runSchedules((seed) => {
    const random = seededRandom(seed)
    const limits = { maxConcurrentStarts: 1 + Math.floor(random() * 4), slotHoldMs: 1_000, startSpacingMs: 0 }
    const queue = new Queue(limits)
    let nowMs = 0
    let expected: number[] = []
    for (let move = 0; move < 40; move += 1) {
      nowMs += Math.floor(random() * 300)
      const id = Math.floor(random() * 12)
      const type = (['enter', 'leave', 'wake'] as const)[Math.floor(random() * 3)] ?? 'wake'
      const isKnown = expected.includes(id) || queue.state.holding.some((holder) => holder.id === id)
      if (type === 'enter' && !isKnown) expected.push(id)
      if (type === 'leave') expected = expected.filter((waiting) => waiting !== id)
      const granted = queue.feed(type === 'wake' ? { type } : { type, id }, nowMs)
      assert.deepEqual(granted, expected.slice(0, granted.length), 'grants follow the order of arrival')
      expected = expected.slice(granted.length)
      assert.deepEqual(queue.state.waiting, expected)
      assert.ok(queue.state.holding.length <= limits.maxConcurrentStarts)
      assert.ok(expected.length === 0 || queue.state.holding.length === limits.maxConcurrentStarts, 'no idle slot')
      assert.ok(queue.state.holding.every(({ sinceMs }) => nowMs - sinceMs < limits.slotHoldMs))
    }
  })
})
