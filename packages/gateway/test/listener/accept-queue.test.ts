import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AcceptQueue, SERVED_PER_TURN } from '../../src/listener/accept-queue.ts'
import { turns } from '../fake-loop.ts'

const socket = (served: number[], number: number, isDestroyed = () => false) => ({
  isDestroyed,
  serve: () => {
    served.push(number)
  },
})

describe('accepted sockets', () => {
  test('are not served in the turn they came in', async () => {
    const served: number[] = []
    const queue = new AcceptQueue()
    queue.push(socket(served, 1))
    assert.deepEqual([served.length, queue.waitingCount], [0, 1])
    await turns(1)
    assert.deepEqual([served.length, queue.waitingCount], [1, 0])
  })

  test('are served in order, a few per turn', async () => {
    const served: number[] = []
    const queue = new AcceptQueue()
    for (let number = 0; number < 3 * SERVED_PER_TURN; number += 1) queue.push(socket(served, number))
    for (let turn = 1; turn <= 3; turn += 1) {
      await turns(1)
      assert.equal(served.length, turn * SERVED_PER_TURN)
    }
    assert.deepEqual(
      served,
      [...served].sort((a, b) => a - b),
    )
  })

  test('that went away while waiting cost no place', async () => {
    const served: number[] = []
    const queue = new AcceptQueue()
    for (let number = 0; number < 500; number += 1) queue.push(socket(served, number, () => true))
    queue.push(socket(served, 500))
    await turns(1)
    assert.deepEqual(served, [500])
    assert.equal(queue.waitingCount, 0)
  })

  test('that come while others are served wait behind them', async () => {
    const served: number[] = []
    const queue = new AcceptQueue()
    queue.push({
      isDestroyed: () => false,
      serve: () => {
        served.push(1)
        queue.push(socket(served, 3))
      },
    })
    queue.push(socket(served, 2))
    await turns(2)
    assert.deepEqual(served, [1, 2, 3])
  })
})
