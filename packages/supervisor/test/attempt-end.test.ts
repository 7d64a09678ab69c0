import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isWarningFailure } from '../src/attempt-end.ts'
import { MAX_VERDICT_TEXT, type Verdict } from '../src/verdict.ts'
import { refused } from './dial-script.ts'
import { MachineWalk } from './machine-walk.ts'

const pairing = (requestId?: string): Verdict => ({ verdict: 'pairing', reason: 'approve this device', requestId })
const terminal: Verdict = { verdict: 'terminal', reason: 'wrong token', code: 'AUTH_TOKEN_MISMATCH' }
const starting = (retryAfterMs: number): Verdict => ({
  verdict: 'retry',
  reason: 'starting',
  retryAfterMs,
  starting: true,
})

test('failures in a row wait uniform(0, base * 2^n), then the breaker opens for at least 60 s', () => {
  const walk = new MachineWalk()
  const waits: number[] = []
  for (let failure = 1; failure <= 9; failure += 1) {
    walk.dial()
    walk.end(refused)
    waits.push(walk.waitMs)
  }
  assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 60_500, 120_500, 240_500, 300_500, 300_500])
})

test('a warning is due at exactly the 3rd failure and every power of two after it', () => {
  const walk = new MachineWalk()
  for (let failure = 1; failure <= 130; failure += 1) {
    walk.dial()
    walk.end(refused)
  }
  assert.deepEqual(
    walk.warnings,
    [3, 4, 8, 16, 32, 64, 128].map((failures) => `failing@${failures}`),
  )
  assert.deepEqual(
    [0, 1, 2, 5, 6, 7, 9, 24].filter((failures) => isWarningFailure(failures)),
    [],
  )
})

test('a session that ends before 60 s counts as a failure, one that lived longer starts a new count', () => {
  const walk = new MachineWalk()
  for (let drop = 1; drop <= 4; drop += 1) {
    walk.dial()
    walk.ready()
    walk.nowMs += 59_999
    assert.equal(walk.end(refused).failures, drop)
  }
  walk.dial()
  walk.ready()
  walk.nowMs += 60_000
  assert.equal(walk.end(refused).failures, 0)
  assert.equal(walk.waitMs, 500)
})

test('a probe that connects keeps the breaker half-open until the session is healthy', () => {
  const walk = new MachineWalk()
  for (let failure = 0; failure < 5; failure += 1) {
    walk.dial()
    walk.end(refused)
  }
  walk.dial()
  assert.equal(walk.ready().breaker.state, 'half-open')
  walk.nowMs += 1_000
  assert.deepEqual(walk.end(refused).breaker, { state: 'open', openMs: 120_000 })
  walk.dial()
  walk.ready()
  assert.equal(walk.elapse().breaker.state, 'closed')
  assert.equal(walk.state.failures, 0)
  assert.equal(walk.state.wakeAt, null)
})

test('a server hint is a floor, the draw comes on top of it, and a huge hint is cut', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end({ verdict: 'retry', reason: 'busy', retryAfterMs: 7_000 })
  assert.equal(walk.waitMs, 7_500)
  assert.equal(walk.state.failures, 1)
  for (const [retryAfterMs, expected] of [
    [1e15, 301_000],
    [Infinity, 302_000],
    [-5, 4_000],
  ] as const) {
    walk.dial()
    walk.end({ verdict: 'retry', reason: 'busy', retryAfterMs })
    assert.equal(walk.waitMs, expected)
  }
})

test('a hint that is not a number is ignored', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end({ verdict: 'retry', reason: 'busy', retryAfterMs: Number.NaN })
  assert.equal(walk.waitMs, 500)
})

test('a hint longer than the open breaker wins over it', () => {
  const walk = new MachineWalk()
  for (let failure = 0; failure < 5; failure += 1) {
    walk.dial()
    walk.end({ verdict: 'retry', reason: 'busy', retryAfterMs: 90_000 })
  }
  assert.equal(walk.state.phase, 'breaker-open')
  assert.equal(walk.waitMs, 90_500)
})

test('a starting server is asked again after its hint without growing the backoff or counting failures', () => {
  const walk = new MachineWalk()
  for (let answer = 0; answer < 30; answer += 1) {
    walk.dial()
    walk.end(starting(500))
    assert.equal(walk.waitMs, 1_000)
  }
  assert.equal(walk.state.failures, 0)
  assert.equal(walk.state.attempts, 30)
  assert.deepEqual(walk.warnings, [])
})

test('a server that claims to be starting for longer than 60 s is counted as failing', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end(starting(500))
  const since = walk.nowMs
  for (let answer = 0; answer < 200 && walk.state.failures === 0; answer += 1) {
    walk.dial()
    walk.end(starting(500))
  }
  assert.ok(walk.nowMs - since >= 60_000 && walk.nowMs - since < 62_000)
  walk.dial()
  walk.end(starting(500))
  assert.equal(walk.state.failures, 2)
})

test('a pairing request that may be asked for again is, after the hint and a spread, for as long as it takes', () => {
  const walk = new MachineWalk()
  const waits: number[] = []
  for (const retryAfterMs of [1_000, 30_000, 10_000_000, 0, undefined]) {
    walk.dial()
    walk.end({ ...pairing('req-1'), retryAfterMs } as Verdict)
    waits.push(walk.waitMs)
    assert.equal(walk.state.phase, 'pairing')
  }
  assert.deepEqual(waits, [1_500, 30_500, 300_500, 300_000, 300_000])
  assert.deepEqual([walk.state.failures, walk.state.breaker.state, walk.warnings], [0, 'closed', ['pairing@0']])
})

test('pairing pauses 300 s without counting a failure, and warns once per request', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end(pairing('req-1'))
  assert.equal(walk.state.phase, 'pairing')
  assert.equal(walk.waitMs, 300_000)
  assert.equal(walk.state.failures, 0)
  for (const requestId of ['req-1', undefined, 'req-1']) {
    walk.dial()
    walk.end(pairing(requestId))
    assert.equal(walk.state.pairing?.requestId, 'req-1')
  }
  assert.deepEqual(walk.warnings, ['pairing@0'])
  walk.dial()
  walk.end(pairing('req-2'))
  assert.deepEqual(walk.warnings, ['pairing@0', 'pairing@0'])
})

test('a failure while waiting for approval keeps the request id', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.end(pairing('req-1'))
  walk.dial()
  walk.end(refused)
  assert.equal(walk.state.pairing?.requestId, 'req-1')
  walk.dial()
  assert.equal(walk.ready().pairing, null)
})

test('a terminal refusal parks without a timer and warns', () => {
  const walk = new MachineWalk()
  walk.dial()
  const state = walk.end(terminal)
  assert.equal(state.phase, 'parked')
  assert.equal(state.wakeAt, null)
  assert.deepEqual(walk.warnings, ['parked@0'])
  assert.deepEqual(walk.effectTypes, ['leave', 'warn'])
})

test('a refusal of what was replaced during the dial does not park or pause: it dials once more', () => {
  for (const verdict of [terminal, pairing('req-1')]) {
    for (const signal of [{ type: 'changed' }, { type: 'resume', requestId: undefined }] as const) {
      const walk = new MachineWalk()
      walk.dial()
      walk.feed(signal)
      assert.equal(walk.end(verdict).phase, 'backoff')
      assert.ok(walk.waitMs < 1_000)
      walk.dial()
      assert.equal(walk.end(verdict).phase, verdict.verdict === 'terminal' ? 'parked' : 'pairing')
    }
  }
})

test('a session ended for good by a credential that was replaced meanwhile is dialled again', () => {
  const walk = new MachineWalk()
  walk.dial()
  walk.ready()
  walk.nowMs += 3_600_000
  walk.feed({ type: 'changed' })
  assert.equal(walk.end(terminal).phase, 'backoff')
})

test('what the other side wrote is kept only up to its limit', () => {
  const walk = new MachineWalk()
  walk.dial()
  const long = 'x'.repeat(100_000)
  walk.end({ verdict: 'pairing', reason: long, code: long, requestId: long })
  assert.equal(walk.state.lastError?.reason.length, MAX_VERDICT_TEXT)
  assert.equal(walk.state.lastError?.code?.length, MAX_VERDICT_TEXT)
  assert.equal(walk.state.pairing?.requestId?.length, MAX_VERDICT_TEXT)
})

test('for any draw and any number of failures the wait stays within its bounds', () => {
  const kind = fc.constantFrom('client', 'approval-handler', 'channel')
  const draws = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(kind, draws, (name, fractions) => {
      const walk = new MachineWalk(name)
      const [baseMs, capMs] =
        name === 'channel' ? [5_000, 300_000] : name === 'client' ? [1_000, 30_000] : [1_000, 60_000]
      for (const [index, fraction] of fractions.entries()) {
        walk.fraction = 0
        walk.dial()
        walk.fraction = fraction
        walk.end(refused)
        const openMs = index < 4 ? 0 : Math.min(60_000 * 2 ** (index - 4), 300_000)
        const ceilingMs = index < 4 ? Math.min(capMs, baseMs * 2 ** index) : baseMs
        assert.ok(walk.waitMs >= openMs && walk.waitMs < openMs + ceilingMs)
      }
    }),
  )
})
