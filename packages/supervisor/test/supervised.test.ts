import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectionStatus, SupervisorError } from '../src/index.ts'
import { DialScript, refused, ScriptedSession } from './dial-script.ts'
import { createFixture } from './fixture.ts'

test('it dials, goes live, and dials again after the session ended', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  const session = script.latest.succeed()
  await clock.advance(0)
  assert.equal(connection.status().state, 'live')
  assert.equal(connection.status().liveSince, 0)
  await clock.advance(100_000)
  session.end({ verdict: 'retry', reason: 'service restart', code: '1012' })
  await clock.advance(0)
  assert.equal(connection.status().state, 'backoff')
  assert.deepEqual(connection.status().lastError, { reason: 'service restart', code: '1012', at: 100_000 })
  await clock.advance(1_000)
  assert.deepEqual(
    script.attempts.map(({ attempt }) => attempt.generation),
    [1, 2],
  )
  supervisor.stop()
})

test('a status is plain data and says when the next attempt is due', async () => {
  const { clock, supervisor } = createFixture({}, () => 0.5)
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  script.latest.refuse(refused)
  await clock.advance(200)
  const status = connection.status()
  assert.deepEqual(JSON.parse(JSON.stringify(status)), status)
  assert.deepEqual(status, {
    name: 'gateway',
    kind: 'client',
    state: 'backoff',
    generation: 1,
    attempts: 1,
    failures: 1,
    lastError: { reason: 'connection refused', code: 'ECONNREFUSED', at: 0 },
    nextAttemptAt: 500,
    nextAttemptInMs: 300,
    breaker: { state: 'closed', openMs: 0 },
    liveSince: null,
    pairingRequestId: null,
  })
  supervisor.stop()
})

test('throwing, rejecting and returning nonsense are failures like any other', async () => {
  const { clock, supervisor } = createFixture({}, () => 0)
  const outcomes = [
    () => {
      throw new Error('thrown')
    },
    () => Promise.reject(Object.assign(new Error('rejected'), { code: 'EPIPE' })),
    () => undefined as never,
  ]
  const seen: unknown[] = []
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: () => (outcomes.shift() ?? (() => new Promise<never>(() => {})))(),
    onChange: ({ state, lastError }) => {
      if (state === 'backoff') seen.push([lastError?.reason, lastError?.code])
    },
  })
  connection.start()
  await clock.advance(10)
  assert.deepEqual(seen, [
    ['thrown', null],
    ['rejected', 'EPIPE'],
    ['the dialler returned neither a session nor a verdict', 'INVALID_DIAL'],
  ])
  supervisor.stop()
})

test('a dial may answer without a promise', async () => {
  const { clock, supervisor } = createFixture()
  const session = new ScriptedSession()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: () => session })
  connection.start()
  await clock.advance(0)
  assert.equal(connection.status().state, 'live')
  supervisor.stop()
  assert.equal(session.closeCount, 1)
})

test('a session whose end rejects, or brings no verdict, is retried', async () => {
  const { clock, supervisor } = createFixture({}, () => 0)
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  script.latest.succeed().break(new Error('socket hang up'))
  await clock.advance(0)
  assert.equal(connection.status().lastError?.reason, 'socket hang up')
  script.latest.succeed().end(undefined as never)
  await clock.advance(0)
  assert.equal(connection.status().lastError?.reason, 'the session ended without a verdict')
  supervisor.stop()
})

test('stopping during a dial aborts its signal with a reason, and a session that comes late is closed', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const changes: ConnectionStatus[] = []
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: script.dial,
    onChange: (status) => changes.push(status),
  })
  connection.start()
  connection.stop()
  const { signal } = script.latest.attempt
  assert.equal(signal.aborted, true)
  assert.ok(SupervisorError.is(signal.reason) && signal.reason.code === 'STOPPED')
  const changeCount = changes.length
  const session = script.latest.succeed()
  await clock.advance(0)
  assert.equal(session.closeCount, 1)
  assert.equal(changes.length, changeCount, 'late results change nothing')
  assert.equal(connection.status().state, 'stopped')
})

test('stopping a live connection closes its session once and leaves its signal alone', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  const session = script.latest.succeed()
  await clock.advance(0)
  connection.stop()
  connection.stop()
  await clock.advance(0)
  assert.equal(session.closeCount, 1)
  assert.equal(script.latest.attempt.signal.aborted, false)
  assert.equal(clock.pendingCount, 0)
})

test('a session that ended by itself is not closed again', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  const session = script.latest.succeed()
  await clock.advance(0)
  session.end(refused)
  await clock.advance(0)
  connection.stop()
  assert.equal(session.closeCount, 0)
})

test('a dial over its deadline is aborted and replaced; its late session is closed, the new one kept', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  const slow = script.latest
  await clock.advance(61_000)
  assert.ok(SupervisorError.is(slow.attempt.signal.reason) && slow.attempt.signal.reason.code === 'DIAL_DEADLINE')
  assert.equal(script.attempts.length, 2)
  const kept = script.latest.succeed()
  await clock.advance(0)
  const late = slow.succeed()
  await clock.advance(0)
  assert.equal(late.closeCount, 1)
  late.end({ verdict: 'terminal', reason: 'from the past' })
  await clock.advance(0)
  assert.equal(connection.status().state, 'live')
  assert.equal(kept.closeCount, 0)
  supervisor.stop()
})

test('an aborted signal stops it; one that has aborted already keeps it from starting', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start(AbortSignal.abort())
  assert.equal(script.attempts.length, 0)
  assert.deepEqual(supervisor.status().connections, [])
  const controller = new AbortController()
  connection.start(controller.signal)
  assert.equal(script.attempts.length, 1)
  controller.abort()
  assert.equal(connection.status().state, 'stopped')
  assert.equal(clock.pendingCount, 0)
})

test('the signal of an earlier start has no power over a later one', () => {
  const { supervisor } = createFixture()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: new DialScript().dial })
  const controller = new AbortController()
  connection.start(controller.signal)
  connection.stop()
  connection.start()
  controller.abort()
  assert.equal(connection.status().state, 'dialing')
  supervisor.stop()
})

test('pairing keeps one request id, dials once per 300 s, and at once when approved', async () => {
  const { clock, supervisor, warnings } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'phone', kind: 'client', dial: script.dial })
  connection.start()
  script.latest.refuse({ verdict: 'pairing', reason: 'approve', code: 'PAIRING_REQUIRED', requestId: 'req-1' })
  await clock.advance(299_999)
  assert.equal(script.attempts.length, 1)
  assert.equal(connection.status().pairingRequestId, 'req-1')
  await clock.advance(1)
  assert.equal(script.attempts.length, 2)
  assert.equal(script.latest.attempt.pairingRequestId, 'req-1')
  script.latest.refuse({ verdict: 'pairing', reason: 'approve', requestId: 'req-1' })
  await clock.advance(10)
  connection.resume('another')
  assert.equal(script.attempts.length, 2)
  connection.resume('req-1')
  assert.equal(script.attempts.length, 3, 'approved: no wait at all')
  script.latest.succeed()
  await clock.advance(0)
  assert.equal(connection.status().pairingRequestId, null)
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['pairing'],
  )
  supervisor.stop()
})

test('a terminal refusal parks without timers until something changes', async () => {
  const { clock, supervisor, warnings } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({ name: 'gateway', kind: 'client', dial: script.dial })
  connection.start()
  script.latest.refuse({ verdict: 'terminal', reason: 'wrong token', code: 'AUTH_TOKEN_MISMATCH' })
  await clock.advance(86_400_000)
  assert.equal(script.attempts.length, 1)
  assert.equal(clock.pendingCount, 0)
  assert.equal(connection.status().state, 'parked')
  assert.equal(connection.status().nextAttemptAt, null)
  assert.deepEqual(
    warnings.map(({ kind }) => kind),
    ['parked'],
  )
  connection.changed()
  assert.equal(script.attempts.length, 2)
  supervisor.stop()
})

test('commands from inside a listener take effect when it returns, in order', async () => {
  const { clock, supervisor } = createFixture()
  const script = new DialScript()
  const states: string[] = []
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: script.dial,
    onChange: ({ state }) => {
      states.push(state)
      if (state === 'backoff') connection.stop()
    },
  })
  connection.start()
  script.latest.refuse(refused)
  await clock.advance(0)
  assert.deepEqual(states, ['queued', 'dialing', 'backoff', 'stopped'])
  assert.equal(clock.pendingCount, 0)
})

test('stopped and started again while its grant is on the way, only the second turn is used', () => {
  const { supervisor } = createFixture({ maxConcurrentStarts: 1 })
  const script = new DialScript()
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: script.dial,
    onChange: ({ state, generation }) => {
      if (state !== 'queued' || generation > 0) return
      connection.stop()
      connection.start()
    },
  })
  connection.start()
  assert.equal(script.attempts.length, 1)
  assert.equal(script.latest.attempt.signal.aborted, false)
  assert.deepEqual(supervisor.status().starts, { limit: 1, holding: 1, waiting: 0, heldTooLongCount: 0 })
  supervisor.stop()
  assert.equal(supervisor.status().starts.holding, 0)
})

test('a listener or a close that throws is reported and breaks nothing', async () => {
  const { clock, supervisor, faults } = createFixture()
  const script = new DialScript()
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: script.dial,
    onChange: () => {
      throw new Error('listener')
    },
  })
  connection.start()
  const session = script.latest.succeed()
  session.close = () => {
    throw new Error('close')
  }
  await clock.advance(0)
  connection.stop()
  assert.deepEqual(
    faults.map((error) => (error as Error).message),
    ['listener', 'listener', 'listener', 'close', 'listener'],
  )
  assert.equal(connection.status().state, 'stopped')
  assert.equal(clock.pendingCount, 0)
})

test('an attempt begins only after the previous one has ended', async () => {
  const { clock, supervisor } = createFixture({}, () => 0)
  let open = 0
  let peak = 0
  const connection = supervisor.supervise({
    name: 'gateway',
    kind: 'client',
    dial: async () => {
      open += 1
      peak = Math.max(peak, open)
      await new Promise((resolve) => clock.setTimer(() => resolve(null), 10))
      open -= 1
      return refused
    },
  })
  connection.start()
  await clock.advance(600_000)
  assert.ok(connection.status().attempts > 5)
  assert.equal(peak, 1)
  supervisor.stop()
})
