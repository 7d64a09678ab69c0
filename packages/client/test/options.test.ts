import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULTS, resolveOptions } from '../src/options.ts'
import { CLIENT } from './support/builders.ts'

const url = 'ws://127.0.0.1:18789'

test('defaults are those of the wire', () => {
  assert.deepEqual(DEFAULTS, {
    role: 'operator',
    minProtocol: 4,
    maxProtocol: 4,
    openTimeoutMs: 15_000,
    challengeTimeoutMs: 15_000,
    helloTimeoutMs: 15_000,
    requestTimeoutMs: 30_000,
    closeGraceMs: 250,
    maxPendingRequests: 1_024,
    maxSettledRequests: 1_024,
    maxBufferedBytes: 52_428_800,
  })
})

test('undefined leaves a default in place, and the result is frozen', () => {
  const options = resolveOptions({ url, client: CLIENT, ...({ helloTimeoutMs: undefined } as object) })
  assert.equal(options.helloTimeoutMs, 15_000)
  assert.equal(Object.isFrozen(options), true)
})

test('every number out of range is refused by name', () => {
  const bad: Record<string, number[]> = {
    openTimeoutMs: [249, 600_001, 0, Number.NaN, 1.5 * 1_000 + 0.5],
    challengeTimeoutMs: [249],
    helloTimeoutMs: [600_001],
    requestTimeoutMs: [0, 86_400_001],
    closeGraceMs: [-1, 60_001],
    maxPendingRequests: [0],
    maxSettledRequests: [-1],
    maxBufferedBytes: [1],
    minProtocol: [0],
    maxProtocol: [100, 3],
  }
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.throws(
        () => resolveOptions({ url, client: CLIENT, [name]: value }),
        (error: Error) => {
          assert.ok(error.message.startsWith(name), error.message)
          return (error as { code?: string }).code === 'INVALID_OPTIONS'
        },
      )
    }
  }
})

test('an unsafe URL is refused while options are resolved', () => {
  assert.throws(() => resolveOptions({ url: 'ws://example.com', client: CLIENT }), { code: 'INSECURE_URL' })
})
