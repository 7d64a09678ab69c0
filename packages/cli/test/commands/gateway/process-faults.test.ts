import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { ProcessFaults } from '../../../src/commands/gateway/process-faults.ts'
import { EXIT } from '../../../src/exit-codes.ts'

function setup() {
  const lines: { message: string; fields: Readonly<Record<string, unknown>> | undefined }[] = []
  const events: string[] = []
  const state = { now: 60_000 }
  const faults = new ProcessFaults({
    log: {
      error: (message, fields) => {
        lines.push({ message, fields })
        events.push('logged')
      },
      flush: () => events.push('flushed'),
    },
    exit: (code) => events.push(`exit ${code}`),
    now: () => state.now,
  })
  return { faults, lines, events, state }
}

const connectionError = (code: string): Error => Object.assign(new Error(code), { code, syscall: 'write' })

test('a rejection nobody handled is logged with its stack, and the gateway goes on', () => {
  const { faults, lines, events } = setup()
  faults.onRejection(new Error('lost'))
  assert.deepEqual(events, ['logged'])
  assert.match(String(lines[0]?.fields?.error), /Error: lost\n\s+at /)
})

test('an error of a connection ends that connection, not the gateway', () => {
  const { faults, events } = setup()
  for (const code of ['EPIPE', 'ECONNRESET', 'ETIMEDOUT']) faults.onException(connectionError(code))
  assert.deepEqual(events, ['logged', 'logged', 'logged'])
  assert.equal(faults.survivedCount, 3)
})

test('any other exception is logged, written out and ends the process for its supervisor', () => {
  const { faults, events } = setup()
  faults.onException(new TypeError('undefined is not a function'))
  assert.deepEqual(events, ['logged', 'flushed', `exit ${EXIT.internal}`])
})

test('a code without a system call is not taken for an error of a connection', () => {
  const { faults, events } = setup()
  faults.onException(Object.assign(new Error('forged'), { code: 'EPIPE' }))
  assert.equal(events.at(-1), `exit ${EXIT.internal}`)
})

test('a log that cannot be written out does not keep the process from ending', () => {
  const events: string[] = []
  const log = {
    error: () => {},
    flush: () => {
      throw new Error('not open yet')
    },
  }
  const faults = new ProcessFaults({ log, exit: (code) => events.push(`exit ${code}`) })
  assert.throws(() => faults.onException(new Error('x')))
  assert.deepEqual(events, [`exit ${EXIT.internal}`])
})

test('a flood of rejections fills no log: twenty a minute are described, the rest is counted', () => {
  const { faults, lines, state } = setup()
  for (let n = 0; n < 1_000; n += 1) faults.onRejection(new Error('again'))
  assert.equal(lines.length, 20)
  state.now += 60_000
  faults.onRejection(new Error('later'))
  assert.equal(lines.length, 21)
  assert.equal(lines.at(-1)?.fields?.omitted, 980)
  assert.equal(lines.at(-1)?.fields?.count, 1_001)
})

test('watching can be ended', () => {
  const { faults, events } = setup()
  const emitter = new EventEmitter()
  const stop = faults.watch(emitter as unknown as NodeJS.Process)
  emitter.emit('unhandledRejection', new Error('one'))
  stop()
  assert.equal(emitter.listenerCount('unhandledRejection') + emitter.listenerCount('uncaughtException'), 0)
  assert.equal(events.length, 1)
})
