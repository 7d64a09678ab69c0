// The life of one supervised connection as a pure function: (state, input) -> (state, effects). Every rule about when
// to dial, wait, pause, park or warn is here and in attempt-end.ts; time and chance arrive with the input.
// It owns no timer: `wakeAt` says when it wants to hear `elapsed`, so a connection has at most one timer by construction.

import { endAttempt } from './attempt-end.ts'
import { breakerAfterWait } from './circuit-breaker.ts'
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionRules,
  type ConnectionState,
  endFailureStreak,
  INITIAL_CONNECTION,
  type Moment,
  type Step,
} from './connection-state.ts'
import { drawBelow } from './random.ts'

/** A timer later than this, in milliseconds, tells of a stalled event loop. */
export const STALL_MS = 50

/** The next state and what to do about it. An input that changes nothing returns the same state object. */
export function stepConnection(
  state: ConnectionState,
  input: ConnectionInput,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  // The one place where late callbacks of an older attempt are dropped.
  if ('generation' in input && input.generation !== state.generation) return [state, []]
  switch (input.type) {
    case 'start':
      return start(state, moment, rules)
    case 'stop':
      return stop(state)
    case 'changed':
      return changed(state, moment, rules)
    case 'resume':
      return resume(state, input.requestId)
    case 'granted':
      return granted(state, moment, rules)
    case 'elapsed':
      return elapsed(state, moment, rules)
    case 'yielded':
      return [state, state.phase === 'dialing' ? [{ type: 'leave' }] : []]
    case 'ready':
      return ready(state, moment, rules)
    case 'ended':
      return endAttempt(state, input.verdict, moment, rules)
  }
}

function start(state: ConnectionState, { nowMs, fraction }: Moment, { policy }: ConnectionRules): Step {
  if (state.phase !== 'stopped') return [state, []]
  const fresh = { ...INITIAL_CONNECTION, generation: state.generation, hasStarted: true }
  const jitterMs = state.hasStarted ? 0 : drawBelow(fraction, policy.startJitterMs)
  if (jitterMs === 0) return enqueue(fresh)
  return [{ ...fresh, phase: 'jitter', wakeAt: nowMs + jitterMs }, []]
}

function stop(state: ConnectionState): Step {
  const { phase } = state
  if (phase === 'stopped') return [state, []]
  const effects: ConnectionEffect[] = []
  if (phase === 'queued' || phase === 'dialing') effects.push({ type: 'leave' })
  if (phase === 'dialing' || phase === 'live') effects.push({ type: 'abandon', why: 'STOPPED' })
  // The streak ends with the run; what the last error was stays readable.
  const { attempts, lastError } = state
  const generation = state.generation + 1
  return [{ ...INITIAL_CONNECTION, generation, attempts, lastError, hasStarted: true }, effects]
}

function changed(state: ConnectionState, { nowMs }: Moment, { policy }: ConnectionRules): Step {
  if (state.phase === 'stopped') return [state, []]
  const fresh = endFailureStreak(state)
  switch (state.phase) {
    case 'dialing':
    case 'live':
      return [{ ...fresh, isSignalled: true }, []]
    case 'jitter':
    case 'queued':
      return [fresh, []]
  }
  // A caller that reports a change on every pass of some loop gets one attempt per base wait, not one per pass.
  const dialAt = (state.lastDialAt ?? nowMs) + policy.baseMs
  if (dialAt <= nowMs) return enqueue(fresh)
  const scheduledAt = state.phase === 'backoff' ? (state.wakeAt ?? dialAt) : dialAt
  return [{ ...fresh, phase: 'backoff', wakeAt: Math.min(dialAt, scheduledAt) }, []]
}

function resume(state: ConnectionState, requestId: string | undefined): Step {
  const heldId = state.pairing?.requestId ?? null
  if (requestId !== undefined && heldId !== null && requestId !== heldId) return [state, []]
  if (state.phase === 'dialing') return [{ ...state, isSignalled: true }, []]
  const isWaiting = state.phase === 'pairing' || state.phase === 'backoff' || state.phase === 'breaker-open'
  if (!isWaiting || state.pairing === null) return [state, []]
  return enqueue({ ...state, breaker: breakerAfterWait(state.breaker) })
}

function granted(state: ConnectionState, { nowMs }: Moment, { policy }: ConnectionRules): Step {
  if (state.phase !== 'queued') return [state, [{ type: 'leave' }]]
  const generation = state.generation + 1
  const next: ConnectionState = {
    ...state,
    phase: 'dialing',
    generation,
    attempts: state.attempts + 1,
    lastDialAt: nowMs,
    wakeAt: policy.dialDeadlineMs > 0 ? nowMs + policy.dialDeadlineMs : null,
    isSignalled: false,
  }
  return [next, [{ type: 'dial', generation }]]
}

function elapsed(state: ConnectionState, moment: Moment, rules: ConnectionRules): Step {
  switch (state.phase) {
    case 'jitter':
    case 'backoff':
    case 'pairing':
      return enqueue(state)
    case 'breaker-open':
      return enqueue({ ...state, breaker: breakerAfterWait(state.breaker) })
    case 'live':
      return [{ ...endFailureStreak(state), wakeAt: null }, []]
    case 'dialing':
      return dialDue(state, moment, rules)
    default:
      return [state, []]
  }
}

function dialDue(state: ConnectionState, moment: Moment, rules: ConnectionRules): Step {
  // A timer that comes late was held up by this process, not by the peer: the peer gets that time back.
  const lateMs = moment.nowMs - (state.wakeAt ?? moment.nowMs)
  if (lateMs > STALL_MS) return [{ ...state, wakeAt: moment.nowMs + lateMs }, []]
  const reason = `the dial did not settle within ${rules.policy.dialDeadlineMs} ms`
  const abandoned: ConnectionState = { ...state, generation: state.generation + 1 }
  const [next, effects] = endAttempt(abandoned, { verdict: 'retry', reason, code: 'DIAL_DEADLINE' }, moment, rules)
  return [next, [{ type: 'abandon', why: 'DIAL_DEADLINE' }, ...effects]]
}

function ready(state: ConnectionState, { nowMs }: Moment, { options }: ConnectionRules): Step {
  const wakeAt = nowMs + options.healthyAfterMs
  return [
    { ...state, phase: 'live', liveSince: nowMs, wakeAt, pairing: null, startingSince: null },
    [{ type: 'leave' }],
  ]
}

function enqueue(state: ConnectionState): Step {
  return [{ ...state, phase: 'queued', wakeAt: null }, [{ type: 'enter' }]]
}
