import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Fifo } from '../src/fifo.ts'

describe('a queue', () => {
  test('gives items back in the order they came, however pushes and shifts mix', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 2_000 }), (pushes) => {
        const queue = new Fifo<number>()
        const model: number[] = []
        pushes.forEach((isPush, index) => {
          if (isPush) {
            queue.push(index)
            model.push(index)
          } else {
            assert.equal(queue.peek(), model[0])
            assert.equal(queue.shift(), model.shift())
          }
          assert.equal(queue.size, model.length)
        })
      }),
    )
  })

  test('takes long queues apart in time that grows with their length, not its square', () => {
    const drainMs = (length: number): number => {
      const queue = new Fifo<number>()
      for (let index = 0; index < length; index += 1) queue.push(index)
      const startedAt = performance.now()
      while (queue.shift() !== undefined);
      return performance.now() - startedAt
    }
    drainMs(50_000)
    const fastest = (length: number): number => Math.min(...Array.from({ length: 5 }, () => drainMs(length)))
    const [short, long] = [fastest(20_000), fastest(200_000)]
    assert.ok(long < 100 * Math.max(short, 0.05), `${short} ms for 20,000, ${long} ms for 200,000`)
  })

  test('does not keep alive what has left it', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const queue = new Fifo<object>()
    const passThrough = (): WeakRef<object> => {
      const item = {}
      queue.push(item)
      queue.push({})
      queue.shift()
      return new WeakRef(item)
    }
    const left = passThrough()
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    assert.equal(left.deref(), undefined)
    assert.equal(queue.size, 1)
  })

  test('may hold anything, also nothing', () => {
    const queue = new Fifo<undefined>()
    queue.push(undefined)
    assert.equal(queue.size, 1)
    assert.equal(queue.shift(), undefined)
    assert.equal(queue.size, 0)
  })
})
