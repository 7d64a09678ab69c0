// A stream of values for many readers: listeners, and iterators with a bounded backlog each.
// Values are not kept: a reader sees what is emitted after it came. Readers never disturb the emitter or each other.

import { ClientError } from './errors.ts'

/** Values an iterator may fall behind before it fails with SLOW_CONSUMER. */
export const MAX_ITERATOR_BACKLOG = 4_096

export interface Stream<T> extends AsyncIterable<T> {
  /** Calls `listener` with every value from now on; returns how to stop. */
  subscribe(listener: (value: T) => void): () => void
}

export class Emitter<T> implements Stream<T> {
  readonly #listeners = new Set<(value: T) => void>()
  readonly #iterators = new Set<() => void>()
  readonly #guard: (foreign: () => void) => void

  /** `guard` runs foreign code and reports what it throws. */
  constructor(components: { readonly guard: (foreign: () => void) => void }) {
    this.#guard = components.guard
  }

  emit(value: T): void {
    // A copy: a listener added or removed meanwhile takes effect with the next value.
    for (const listener of [...this.#listeners]) this.#guard(() => listener(value))
  }

  subscribe(listener: (value: T) => void): () => void {
    const own = (value: T): void => listener(value)
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /** Ends every iterator; listeners stay. Used when nothing more will come. */
  end(): void {
    for (const end of [...this.#iterators]) end()
  }

  /** Reads from now on, also what is emitted between two `next` calls. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    const backlog: T[] = []
    const waiting: PromiseWithResolvers<IteratorResult<T>>[] = []
    let state: 'open' | 'lost' | 'done' = 'open'
    const finish = (as: 'lost' | 'done'): void => {
      if (state !== 'open') return
      state = as
      unsubscribe()
      this.#iterators.delete(end)
      for (const reader of waiting.splice(0)) reader.resolve(DONE)
    }
    const end = (): void => finish('done')
    const unsubscribe = this.subscribe((value) => {
      const reader = waiting.shift()
      if (reader !== undefined) reader.resolve({ done: false, value })
      else if (backlog.push(value) > MAX_ITERATOR_BACKLOG) finish('lost')
    })
    this.#iterators.add(end)
    return {
      next: () => {
        if (state === 'lost')
          return Promise.reject(new ClientError('SLOW_CONSUMER', 'the iterator was read too slowly'))
        if (backlog.length > 0) return Promise.resolve({ done: false, value: backlog.shift() as T })
        if (state === 'done') return Promise.resolve(DONE)
        const reader = Promise.withResolvers<IteratorResult<T>>()
        waiting.push(reader)
        return reader.promise
      },
      return: () => {
        backlog.length = 0
        end()
        return Promise.resolve(DONE)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

const DONE: IteratorResult<never> = { done: true, value: undefined }

/** Runs foreign code; what it throws surfaces as an uncaught error of its own, never inside the connection. */
export function guardForeign(foreign: () => void): void {
  try {
    foreign()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
