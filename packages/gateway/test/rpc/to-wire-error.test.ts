import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WireError } from '@breakwater/protocol'
import type { LogFields, Logger } from '../../src/observe/logger.ts'
import { silentLogger } from '../../src/observe/logger.ts'
import { toWireError } from '../../src/rpc/to-wire-error.ts'
import { STORE_FAULTS, StoreFault, type StoreFaultCode } from '../../src/store/fault.ts'

function recordingLog(): { log: Logger; errors: LogFields[] } {
  const errors: LogFields[] = []
  return { errors, log: { ...silentLogger, error: (_, fields = {}) => void errors.push(fields) } }
}

describe('what a handler throws', () => {
  test('is the answer when it was meant for the peer', () => {
    const { log, errors } = recordingLog()
    const refusal = new WireError('BUSY', { retryAfterMs: 5 })
    assert.equal(toWireError(refusal, 'm', log), refusal.shape)
    assert.deepEqual(errors, [])
  })

  for (const thrown of [
    new Error('password is hunter2'),
    'password is hunter2',
    { secret: 'hunter2' },
    undefined,
    null,
  ]) {
    test(`is a fault that names only where to look it up: ${String(thrown)}`, () => {
      const { log, errors } = recordingLog()
      const shape = toWireError(thrown, 'config.get', log)
      const { correlationId, ...details } = shape.details as Record<string, unknown>
      assert.deepEqual([shape.code, shape.retryable], ['UNAVAILABLE', false])
      assert.equal(shape.message, `internal error (${correlationId})`)
      assert.deepEqual(details, {
        method: 'config.get',
        nextCommand: `breakwater logs --grep ${correlationId}`,
        recovery: 'none',
      })
      assert.ok(!JSON.stringify(shape).includes('hunter2'))
      assert.equal(errors.length, 1)
      assert.equal(errors[0]?.correlationId, correlationId)
      if (thrown instanceof Error) assert.match(String(errors[0]?.error), /hunter2[\s\S]+at /, 'with its stack')
    })
  }
})

describe('a disk that took nothing', () => {
  const shapeOf = (code: StoreFaultCode, log: Logger) => toWireError(new StoreFault(code), 'device.pair.approve', log)

  test('is named, so that the caller may try again', () => {
    const { log, errors } = recordingLog()
    assert.deepEqual(shapeOf('STORE_FULL', log), {
      code: 'UNAVAILABLE',
      message: STORE_FAULTS.STORE_FULL.meaning,
      details: {
        reason: 'store-full',
        method: 'device.pair.approve',
        recovery: 'retry',
        nextCommand: 'breakwater doctor',
      },
      retryable: true,
      retryAfterMs: 5_000,
    })
    assert.deepEqual(errors, [])
  })

  test('is told from a store that will not work again', () => {
    const { log } = recordingLog()
    for (const code of Object.keys(STORE_FAULTS) as StoreFaultCode[]) {
      assert.equal(shapeOf(code, log).retryable, STORE_FAULTS[code].retryable, code)
    }
  })
})
