// What the end of an attempt or session leads to: a retry with backoff, a pause for approval, or parking. Pure; the
// part of the connection machine that reads verdicts, counts failures and chooses waits.

import { breakerAfterFailure } from './circuit-breaker.ts'
import {
  type ConnectionEffect,
  type ConnectionRules,
  type ConnectionState,
  endFailureStreak,
  type Moment,
  type Step,
} from './connection-state.ts'
import type { SupervisorOptions } from './options.ts'
import { retryDelayMs } from './retry-policy.ts'
import { boundText, type PairingVerdict, type RetryVerdict, type Verdict } from './verdict.ts'

/** Whether the `failures`-th failure in a row earns a warning: the 3rd, and every power of two after it. */
export function isWarningFailure(failures: number): boolean {
  return failures === 3 || (failures >= 4 && (failures & (failures - 1)) === 0)
}

/** The step after a dial or a live session ended with `verdict`. */
export function endAttempt(state: ConnectionState, verdict: Verdict, moment: Moment, rules: ConnectionRules): Step {
  const leave: readonly ConnectionEffect[] = state.phase === 'dialing' ? [{ type: 'leave' }] : []
  // Judged by time, not by whether the timer got its turn: a stalled loop must not turn a drop into a failure.
  const isHealthy = state.liveSince !== null && moment.nowMs - state.liveSince >= rules.options.healthyAfterMs
  const settled: ConnectionState = {
    ...(isHealthy ? endFailureStreak(state) : state),
    liveSince: null,
    lastError: {
      reason: boundText(verdict.reason),
      code: verdict.code === undefined ? null : boundText(verdict.code),
      at: moment.nowMs,
    },
  }
  const [next, effects] = afterVerdict(settled, verdict, isHealthy, moment, rules)
  return [next, [...leave, ...effects]]
}

function afterVerdict(
  state: ConnectionState,
  verdict: Verdict,
  isHealthy: boolean,
  moment: Moment,
  rules: ConnectionRules,
): Step {
  if (verdict.verdict === 'retry') return retryLater(state, verdict, isHealthy, moment, rules)
  // What was refused has been replaced or approved meanwhile: pausing or parking now would miss that signal for good.
  const next = verdict.verdict === 'pairing' ? holdRequest(state, verdict) : state
  if (state.isSignalled) {
    return [{ ...next, phase: 'backoff', wakeAt: moment.nowMs + retryDelayMs(rules.policy, 0, moment.fraction) }, []]
  }
  if (verdict.verdict === 'terminal') {
    return [{ ...next, phase: 'parked', wakeAt: null }, [{ type: 'warn', kind: 'parked' }]]
  }
  const isNews = state.pairing === null || state.pairing.requestId !== next.pairing?.requestId
  return [
    { ...next, phase: 'pairing', wakeAt: moment.nowMs + pairingWaitMs(verdict, moment, rules) },
    isNews ? [{ type: 'warn', kind: 'pairing' }] : [],
  ]
}

/** Whoever may ask again does so with the same spread as any first retry. */
function pairingWaitMs(verdict: PairingVerdict, { fraction }: Moment, { policy, options }: ConnectionRules): number {
  const askAgainMs = hintMs(verdict, options)
  return askAgainMs === 0 ? options.pairingPauseMs : askAgainMs + retryDelayMs(policy, 0, fraction)
}

function holdRequest(state: ConnectionState, { requestId }: PairingVerdict): ConnectionState {
  const heldId = requestId === undefined ? (state.pairing?.requestId ?? null) : boundText(requestId)
  return { ...state, pairing: { requestId: heldId } }
}

function retryLater(
  state: ConnectionState,
  verdict: RetryVerdict,
  isHealthy: boolean,
  { nowMs, fraction }: Moment,
  { policy, options }: ConnectionRules,
): Step {
  const startingSince = verdict.starting === true ? (state.startingSince ?? nowMs) : null
  const isExcused = startingSince !== null && nowMs - startingSince < options.startingGraceMs
  const isFailure = !isHealthy && !isExcused
  const failures = state.failures + (isFailure ? 1 : 0)
  const breaker = isFailure ? breakerAfterFailure(state.breaker, failures, options) : state.breaker
  const isOpen = breaker.state === 'open'
  // The draw comes on top of the floor: callers given the same hint must not all return in the same millisecond.
  const floorMs = Math.max(breaker.state === 'open' ? breaker.openMs : 0, hintMs(verdict, options))
  const spreadMs = retryDelayMs(policy, isOpen ? 0 : Math.max(0, failures - 1), fraction)
  const next: ConnectionState = {
    ...state,
    phase: isOpen ? 'breaker-open' : 'backoff',
    failures,
    breaker,
    startingSince,
    wakeAt: nowMs + floorMs + spreadMs,
  }
  return [next, isFailure && isWarningFailure(failures) ? [{ type: 'warn', kind: 'failing' }] : []]
}

function hintMs({ retryAfterMs }: RetryVerdict | PairingVerdict, { maxRetryAfterMs }: SupervisorOptions): number {
  return retryAfterMs !== undefined && retryAfterMs > 0 ? Math.min(retryAfterMs, maxRetryAfterMs) : 0
}
