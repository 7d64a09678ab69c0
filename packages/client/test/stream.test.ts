import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Emitter, guardForeign, MAX_ITERATOR_BACKLOG } from '../src/stream.ts'

const collecting = () => {
  const errors: unknown[] = []
  const guard = (foreign: () => void): void => {
    try {
      foreign()
    } catch (error) {
      errors.push(error)
    }
  }
  return { errors, emitter: new Emitter<number>({ guard }) }
}

test('a listener that throws disturbs neither the others nor the emitter', () => {
  const { errors, emitter } = collecting()
  const seen: number[] = []
  emitter.subscribe(() => {
    throw new Error('mine')
  })
  emitter.subscribe((value) => seen.push(value))
  emitter.emit(1)
  emitter.emit(2)
  assert.deepEqual(seen, [1, 2])
  assert.equal(errors.length, 2)
})

test('the same function may listen twice and stop once', () => {
  const { emitter } = collecting()
  let count = 0
  const listener = (): void => {
    count += 1
  }
  const stop = emitter.subscribe(listener)
  emitter.subscribe(listener)
  emitter.emit(1)
  stop()
  emitter.emit(2)
  assert.equal(count, 3)
})

test('a listener that comes while a value is delivered sees the next one', () => {
  const { emitter } = collecting()
  const late: number[] = []
  const stop = emitter.subscribe(() => {
    stop()
    emitter.subscribe((value) => late.push(value))
  })
  emitter.emit(1)
  emitter.emit(2)
  assert.deepEqual(late, [2])
})

test('an iterator misses nothing between two reads and ends when its stream ends', async () => {
  const { emitter } = collecting()
  const iterator = emitter[Symbol.asyncIterator]()
  emitter.emit(1)
  emitter.emit(2)
  assert.deepEqual(await iterator.next(), { done: false, value: 1 })
  const later = [iterator.next(), iterator.next(), iterator.next()]
  emitter.emit(3)
  emitter.end()
  assert.deepEqual(await Promise.all(later), [
    { done: false, value: 2 },
    { done: false, value: 3 },
    { done: true, value: undefined },
  ])
})

test('breaking out of a loop unsubscribes', async () => {
  const { emitter } = collecting()
  queueMicrotask(() => emitter.emit(1))
  for await (const value of emitter) {
    assert.equal(value, 1)
    break
  }
  emitter.emit(2)
})

test('an iterator that falls too far behind fails instead of growing or skipping silently', async () => {
  const { emitter } = collecting()
  const iterator = emitter[Symbol.asyncIterator]()
  for (let value = 0; value <= MAX_ITERATOR_BACKLOG; value += 1) emitter.emit(value)
  await assert.rejects(iterator.next(), { code: 'SLOW_CONSUMER' })
})

test('what foreign code throws surfaces on its own, outside the caller', (t) => {
  const scheduled: (() => void)[] = []
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => scheduled.push(run))
  guardForeign(() => {
    throw new Error('mine')
  })
  assert.equal(scheduled.length, 1)
  assert.throws(() => scheduled[0]?.(), { message: 'mine' })
})
