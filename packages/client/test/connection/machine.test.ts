import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelloOk } from '@breakwater/protocol'
import {
  CLIENT_CLOSE,
  type Effect,
  type Ending,
  type Event,
  type EventType,
  type State,
  type StateName,
  step,
  TABLE,
} from '../../src/connection/machine.ts'
import { ClientError } from '../../src/errors.ts'
import { refusal, wireRefusal } from '../support/builders.ts'
import { helloOk } from '../support/hello.ts'

const error = new ClientError('CONNECT_FAILED', 'down')
const ending: Ending = { error, verdict: { verdict: 'retry', reason: 'down' }, hasFallback: false }
const waiting = { ending, isScheduled: true, nextAttemptAt: 5 }
const hello: HelloOk = helloOk()

const STATES: { readonly [N in StateName]: Extract<State, { name: N }> } = {
  idle: { name: 'idle' },
  connecting: { name: 'connecting', generation: 3, phase: 'open', waitsFor: undefined },
  challenged: { name: 'challenged', generation: 3, waitsFor: undefined },
  authenticating: { name: 'authenticating', generation: 3, connectId: '1:x', waitsFor: undefined },
  refused: { name: 'refused', generation: 3, error: refusal('AUTH_TOKEN_MISSING'), waitsFor: undefined },
  ready: { name: 'ready', generation: 3, hello },
  backoff: { name: 'backoff', ...waiting },
  pairing: { name: 'pairing', ...waiting },
  parked: { name: 'parked', ...waiting },
  stopped: { name: 'stopped' },
}

const EVENTS: { readonly [T in EventType]: Extract<Event, { type: T }> } = {
  dial: { type: 'dial', generation: 4 },
  opened: { type: 'opened' },
  challenge: { type: 'challenge', payload: { nonce: 'n', ts: 7 } },
  prepared: { type: 'prepared', text: 'frame', connectId: '1:x', isHeld: false },
  failed: { type: 'failed', error: new ClientError('IDENTITY_UNAVAILABLE', 'no key') },
  answered: { type: 'answered', frame: { type: 'res', id: '1:x', ok: true, payload: hello } },
  noted: { type: 'noted', hasFallback: false },
  expired: { type: 'expired' },
  silent: { type: 'silent' },
  closed: { type: 'closed', close: { code: 1006, reason: '' } },
  restart: { type: 'restart', close: { code: 1012, reason: 'node manifest changed' } },
  scheduled: { type: 'scheduled', as: 'parked', nextAttemptAt: undefined },
  stop: { type: 'stop' },
}

/** Every pair: the next state and the effects, or nothing where the pair is ignored. */
const GRID: { readonly [N in StateName]: { readonly [T in EventType]?: readonly [StateName, ...string[]] } } = {
  idle: { dial: ['connecting', 'open', 'arm:open'], stop: ['stopped', 'close:1000'] },
  connecting: {
    opened: ['connecting', 'arm:challenge'],
    challenge: ['challenged', 'prepare'],
    failed: ['parked', 'close:1008', 'end:IDENTITY_UNAVAILABLE'],
    expired: ['backoff', 'close:1008', 'end:CONNECT_TIMEOUT'],
    closed: ['backoff', 'end:CONNECT_FAILED'],
    stop: ['stopped', 'close:1000', 'end:CLOSED'],
  },
  challenged: {
    prepared: ['authenticating', 'send', 'arm:hello'],
    failed: ['parked', 'close:1008', 'end:IDENTITY_UNAVAILABLE'],
    expired: ['backoff', 'close:4000', 'end:CONNECT_TIMEOUT'],
    closed: ['backoff', 'end:CONNECT_FAILED'],
    stop: ['stopped', 'close:1000', 'end:CLOSED'],
  },
  authenticating: {
    answered: ['ready', 'begin'],
    failed: ['parked', 'close:1008', 'end:IDENTITY_UNAVAILABLE'],
    expired: ['backoff', 'close:4000', 'end:CONNECT_TIMEOUT'],
    closed: ['backoff', 'end:CONNECT_FAILED'],
    stop: ['stopped', 'close:1000', 'end:CLOSED'],
  },
  refused: {
    noted: ['parked', 'close:1008', 'end:CONNECT_REFUSED'],
    failed: ['parked', 'close:1008', 'end:CONNECT_REFUSED'],
    stop: ['stopped', 'close:1000', 'end:CLOSED'],
  },
  ready: {
    silent: ['backoff', 'close:4000', 'end:CLOSED'],
    restart: ['backoff', 'close:1012', 'end:CLOSED'],
    closed: ['backoff', 'end:CLOSED'],
    stop: ['stopped', 'close:1000', 'end:CLOSED'],
  },
  backoff: { dial: ['connecting', 'open', 'arm:open'], scheduled: ['parked'], stop: ['stopped', 'close:1000'] },
  pairing: { dial: ['connecting', 'open', 'arm:open'], scheduled: ['parked'], stop: ['stopped', 'close:1000'] },
  parked: { dial: ['connecting', 'open', 'arm:open'], scheduled: ['parked'], stop: ['stopped', 'close:1000'] },
  stopped: { dial: ['connecting', 'open', 'arm:open'] },
}

const labelOf = (effect: Effect): string => {
  if (effect.type === 'arm') return `arm:${effect.phase}`
  if (effect.type === 'close') return `close:${effect.close.code}`
  if (effect.type === 'end') return `end:${effect.ending.error.code}`
  return effect.type
}

test('every pair of state and event does what the grid says, and every other pair changes nothing', () => {
  for (const [name, state] of Object.entries(STATES) as [StateName, State][]) {
    for (const [type, event] of Object.entries(EVENTS) as [EventType, Event][]) {
      const [next, effects] = step(state, event)
      const expected = GRID[name][type]
      if (expected === undefined) {
        assert.equal(next, state, `${name} + ${type} must be ignored`)
        assert.deepEqual(effects, [])
      } else assert.deepEqual([next.name, ...effects.map(labelOf)], expected, `${name} + ${type}`)
    }
  }
})

test('the table holds exactly the pairs of the grid', () => {
  for (const [name, row] of Object.entries(TABLE)) {
    const expected = Object.keys(GRID[name as StateName])
    assert.deepEqual(Object.keys(row).sort(), expected.sort(), name)
  }
})

const run = (state: State, event: Event) => {
  const [next, effects] = step(state, event)
  const end = effects.find((effect) => effect.type === 'end')
  return { next, effects, error: end?.ending.error, verdict: end?.ending.verdict, ending: end?.ending }
}

test('a challenge without a nonce ends the attempt for good', () => {
  for (const payload of [undefined, null, {}, { nonce: '' }, { nonce: '  ' }, { nonce: 7 }, 'n']) {
    const { next, effects, error: thrown } = run(STATES.connecting, { type: 'challenge', payload })
    assert.equal(next.name, 'parked')
    assert.equal(thrown?.code, 'INVALID_CHALLENGE')
    assert.deepEqual(effects[0], { type: 'close', close: CLIENT_CLOSE.badChallenge })
  }
})

test('the challenge is handed on with its time, or without one that nobody could sign', () => {
  for (const [ts, read] of [
    [7, 7],
    [0, 0],
    [-1, undefined],
    [1.5, undefined],
    ['7', undefined],
    [2 ** 53, undefined],
    [undefined, undefined],
  ]) {
    const { effects } = run(STATES.connecting, { type: 'challenge', payload: { nonce: 'n', ts } })
    const challenge = { nonce: 'n', ts: read, canHold: false }
    assert.deepEqual(effects, [{ type: 'prepare', challenge, isWaiting: false }])
  }
})

test('an attempt made while a person is waited for knows it to its end, and what the gateway can do about it', () => {
  const [connecting] = step(STATES.pairing, { type: 'dial', generation: 4 })
  assert.ok(connecting.name === 'connecting')
  assert.equal(connecting.waitsFor, ending)
  const payload = { nonce: 'n', ts: 7, capabilities: ['other', 'pairing-wait'] }
  const [challenged, effects] = step(connecting, { type: 'challenge', payload })
  assert.deepEqual(effects, [{ type: 'prepare', challenge: { nonce: 'n', ts: 7, canHold: true }, isWaiting: true }])
  const [authenticating, sending] = step(challenged, { ...EVENTS.prepared, isHeld: true })
  assert.deepEqual(
    sending.map(({ type }) => type),
    ['send', 'arm', 'yield'],
  )
  const frame = { type: 'res', id: '1:x', ok: false, error: wireRefusal('PAIRING_REQUIRED') } as const
  const [refused] = step(authenticating, { type: 'answered', frame })
  assert.ok(refused.name === 'refused' && refused.waitsFor === ending)
  const [fresh] = step(STATES.backoff, { type: 'dial', generation: 4 })
  assert.ok(fresh.name === 'connecting' && fresh.waitsFor === undefined)
})

test('each handshake deadline names its phase and closes as the wire says', () => {
  const opened = { ...STATES.connecting, phase: 'challenge' } as const
  const cases = [
    [STATES.connecting, 'open', CLIENT_CLOSE.noChallenge],
    [opened, 'challenge', { code: 1008, reason: 'connect challenge timeout' }],
    [STATES.challenged, 'challenge', CLIENT_CLOSE.noHello],
    [STATES.authenticating, 'hello', { code: 4000, reason: 'connect timeout' }],
  ] as const
  for (const [state, phase, close] of cases) {
    const { error: thrown, effects } = run(state, { type: 'expired' })
    assert.equal(thrown?.phase, phase)
    assert.deepEqual(effects[0], { type: 'close', close })
  }
})

test('only the answer to its own connect request counts', () => {
  const other = { type: 'answered', frame: { type: 'res', id: '2:x', ok: true, payload: hello } } as const
  assert.equal(step(STATES.authenticating, other)[0], STATES.authenticating)
})

/** The gateway refuses, and what that means has been noted. */
const refuse = (code: string | undefined, over = {}, hasFallback = false) => {
  const error = wireRefusal(code, over)
  const [refused, effects] = step(STATES.authenticating, {
    type: 'answered',
    frame: { type: 'res', id: '1:x', ok: false, error },
  })
  assert.ok(refused.name === 'refused')
  assert.deepEqual(effects, [{ type: 'note', error: refused.error }])
  assert.equal(refused.error.wire, error)
  return run(refused, { type: 'noted', hasFallback })
}

test('a refusal keeps the whole error and parks, pairs or retries as its code says', () => {
  assert.equal(refuse('AUTH_TOKEN_MISSING').next.name, 'parked')
  assert.equal(refuse('DEVICE_AUTH_NONCE_MISMATCH').next.name, 'backoff')
  const pairing = refuse('PAIRING_REQUIRED', { details: { requestId: 'r1' } })
  assert.equal(pairing.next.name, 'pairing')
  assert.equal(pairing.error?.requestId, 'r1')
  assert.equal(pairing.error?.code, 'CONNECT_REFUSED')
  assert.deepEqual(pairing.effects[0], { type: 'close', close: CLIENT_CLOSE.failed })
})

test('a refused credential is followed by another one only when there is one', () => {
  for (const code of ['AUTH_TOKEN_MISMATCH', 'AUTH_DEVICE_TOKEN_MISMATCH', 'AUTH_BOOTSTRAP_TOKEN_INVALID']) {
    const last = refuse(code)
    assert.equal(last.next.name, 'parked')
    assert.equal(last.ending?.hasFallback, false)
    const retried = refuse(code, {}, true)
    assert.equal(retried.next.name, 'backoff')
    assert.equal(retried.ending?.hasFallback, true)
    assert.equal(retried.verdict?.verdict === 'retry' && retried.verdict.retryAfterMs, 250)
    assert.deepEqual(retried.effects[0], { type: 'close', close: CLIENT_CLOSE.retried })
  }
})

test('a gateway that is starting is left with 1013', () => {
  const starting = refuse(undefined, { code: 'UNAVAILABLE', details: { reason: 'startup-sidecars' } })
  assert.equal(starting.next.name, 'backoff')
  assert.deepEqual(starting.effects[0], { type: 'close', close: CLIENT_CLOSE.starting })
})

test('while a refusal is being noted the socket no longer matters, and the refusal stays the reason', () => {
  const frame = { type: 'res', id: '1:x', ok: false, error: wireRefusal('AUTH_SCOPE_MISMATCH') } as const
  const [refused] = step(STATES.authenticating, { type: 'answered', frame })
  const late: Event[] = [EVENTS.closed, EVENTS.expired, EVENTS.silent, { type: 'answered', frame }]
  for (const event of late) assert.equal(step(refused, event)[0], refused)
  assert.equal(run(refused, EVENTS.failed).error?.detailCode, 'AUTH_SCOPE_MISMATCH')
})

test('a device token refused by the close alone, in the one reason of the wire, is a refusal like the answered one', () => {
  const close = { code: 1008, reason: 'unauthorized: device token mismatch (rotate/reissue device token)' }
  const [refused, effects] = step(STATES.authenticating, { type: 'closed', close })
  assert.ok(refused.name === 'refused')
  assert.equal(refused.error.detailCode, 'AUTH_DEVICE_TOKEN_MISMATCH')
  assert.deepEqual(effects, [{ type: 'note', error: refused.error }])
  const unexplained = [
    [STATES.authenticating, { code: 1008, reason: 'device token mismatch' }],
    [STATES.authenticating, { ...close, reason: `${close.reason}!` }],
    [STATES.authenticating, { ...close, code: 4001 }],
    [STATES.challenged, close],
    [STATES.connecting, close],
    [STATES.ready, close],
  ] as const
  for (const [state, other] of unexplained) {
    const { next, effects: after } = run(state, { type: 'closed', close: other })
    assert.equal(next.name, 'backoff', `${state.name} ${other.code} ${other.reason}`)
    assert.deepEqual(
      after.map(({ type }) => type),
      ['end'],
    )
  }
})

test('an answer to connect that is neither hello-ok nor an error is a fault of the gateway', () => {
  const frames = [
    { type: 'res', id: '1:x', ok: true, payload: { type: 'hello-ok' } },
    { type: 'res', id: '1:x', ok: true },
    { type: 'res', id: '1:x', ok: true, payload: { ...hello, policy: undefined } },
    { type: 'res', id: '1:x', ok: false },
  ] as const
  for (const frame of frames) {
    assert.equal(run(STATES.authenticating, { type: 'answered', frame }).error?.code, 'INVALID_RESPONSE')
  }
})

test('what the transport knows about a failure survives', () => {
  const known = new ClientError('TLS_PIN_MISMATCH', 'gateway tls fingerprint mismatch')
  const { error: thrown, next } = run(STATES.connecting, {
    type: 'closed',
    close: { code: 1006, reason: '', error: known },
  })
  assert.equal(thrown, known)
  assert.equal(next.name, 'parked')
})

test('a close of a ready connection carries code and reason, and obeys an announced restart', () => {
  const close = { code: 1012, reason: 'service restart' }
  const { error: thrown, verdict } = run(STATES.ready, { type: 'closed', close, restartExpectedMs: 4_000 })
  assert.deepEqual(thrown?.close, close)
  assert.equal(verdict?.verdict === 'retry' && verdict.retryAfterMs, 4_000)
})

test('the schedule names the wait and its end; repeating it changes nothing', () => {
  const [first] = step(STATES.backoff, { type: 'scheduled', as: 'pairing', nextAttemptAt: 9 })
  assert.deepEqual(first, { name: 'pairing', ending, isScheduled: true, nextAttemptAt: 9 })
  assert.equal(step(first, { type: 'scheduled', as: 'pairing', nextAttemptAt: 9 })[0], first)
})

test('the codes and reasons a client closes with are pinned', () => {
  assert.deepEqual(CLIENT_CLOSE, {
    stopped: { code: 1000, reason: '' },
    failed: { code: 1008, reason: 'connect failed' },
    retried: { code: 1008, reason: 'connect retry' },
    starting: { code: 1013, reason: 'gateway starting' },
    noChallenge: { code: 1008, reason: 'connect challenge timeout' },
    badChallenge: { code: 1008, reason: 'connect challenge missing nonce' },
    noHello: { code: 4000, reason: 'connect timeout' },
    silent: { code: 4000, reason: 'tick timeout' },
  })
})
