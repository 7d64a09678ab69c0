import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS, resolveOptions, resolvePolicy } from '../src/options.ts'
import { SupervisorError } from '../src/supervisor-error.ts'

const isInvalid = (name: string) => (error: unknown) =>
  SupervisorError.is(error) && error.code === 'INVALID_OPTION' && error.message.includes(name)

test('the defaults are the documented numbers', () => {
  const { policies: _, ...numbers } = DEFAULTS
  assert.deepEqual(numbers, {
    maxConcurrentStarts: 3,
    startSpacingMs: 0,
    slotHoldMs: 30_000,
    healthyAfterMs: 60_000,
    breakerFailures: 5,
    breakerOpenMs: 60_000,
    breakerMaxOpenMs: 300_000,
    pairingPauseMs: 300_000,
    maxRetryAfterMs: 300_000,
    startingGraceMs: 60_000,
    maxConnections: 4_096,
    nesting: 'throw',
  })
})

test('overrides are merged field by field, undefined leaves the default, and the result is frozen', () => {
  const input = { maxConcurrentStarts: 1, slotHoldMs: undefined, policies: { client: { baseMs: 10 } } }
  const options = resolveOptions(input)
  assert.equal(options.maxConcurrentStarts, 1)
  assert.equal(options.slotHoldMs, 30_000)
  assert.deepEqual(options.policies.client, { ...DEFAULTS.policies.client, baseMs: 10 })
  assert.deepEqual(options.policies.channel, DEFAULTS.policies.channel)
  assert.ok(Object.isFrozen(options) && Object.isFrozen(options.policies) && Object.isFrozen(options.policies.client))
})

test('a number outside its range, a fraction or not a number is refused by name', () => {
  for (const maxConcurrentStarts of [0, -1, 2.5, 1_001, Number.NaN, Infinity]) {
    assert.throws(() => resolveOptions({ maxConcurrentStarts }), isInvalid('maxConcurrentStarts'))
  }
  assert.throws(() => resolveOptions({ slotHoldMs: 0 }), isInvalid('slotHoldMs'))
  assert.throws(() => resolveOptions({ pairingPauseMs: 86_400_001 }), isInvalid('pairingPauseMs'))
  assert.throws(() => resolveOptions({ policies: { channel: { baseMs: 0 } } }), isInvalid('channel.baseMs'))
})

test('bounds that contradict each other are refused', () => {
  assert.throws(() => resolveOptions({ breakerMaxOpenMs: 10 }), isInvalid('breakerMaxOpenMs'))
  assert.throws(() => resolvePolicy('client', { capMs: 999 }), isInvalid('client.capMs'))
  assert.throws(() => resolveOptions({ nesting: 'ignore' as 'warn' }), isInvalid('nesting'))
})
