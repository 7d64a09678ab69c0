import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { awaitStopSignal, STOP_SIGNALS } from '../../../src/commands/gateway/stop-signals.ts'
import { EXIT } from '../../../src/exit-codes.ts'

function setup() {
  const emitter = new EventEmitter()
  const exits: number[] = []
  const state = { now: 1_000 }
  const stopped = awaitStopSignal({
    emitter: emitter as unknown as NodeJS.Process,
    exit: (code) => exits.push(code),
    now: () => state.now,
  })
  return { emitter, exits, state, stopped }
}

test('each of the stop signals asks for an orderly stop', async () => {
  for (const signal of STOP_SIGNALS) {
    const { emitter, exits, stopped } = setup()
    emitter.emit(signal)
    assert.equal(await stopped, signal)
    assert.deepEqual(exits, [])
  }
})

test('one press of Ctrl-C that arrives twice is one press', () => {
  const { emitter, exits, state } = setup()
  emitter.emit('SIGINT')
  state.now += 3
  emitter.emit('SIGINT')
  assert.deepEqual(exits, [])
})

test('a second interrupt ends the process at once', () => {
  const { emitter, exits, state } = setup()
  emitter.emit('SIGTERM')
  state.now += 1_000
  emitter.emit('SIGINT')
  assert.deepEqual(exits, [EXIT.interrupted])
})

test('a second SIGTERM does not shorten an orderly stop', () => {
  const { emitter, exits, state } = setup()
  emitter.emit('SIGTERM')
  state.now += 5_000
  emitter.emit('SIGTERM')
  assert.deepEqual(exits, [])
})
