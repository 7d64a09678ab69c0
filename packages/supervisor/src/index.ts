// Public surface of the supervisor: the one way to dial. Browser-safe, no imports from elsewhere.

export { type Breaker, breakerAfterFailure, breakerAfterWait, CLOSED_BREAKER } from './circuit-breaker.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export type { LastError, Phase } from './connection-state.ts'
export type { Attempt, ConnectionSpec, Session } from './dial.ts'
export {
  DEFAULTS,
  type NestingRule,
  type PolicyOverrides,
  type SupervisorOptions,
  type SupervisorOptionsInput,
} from './options.ts'
export type { DialOwner, OwnerContext } from './owner-context.ts'
export { drawBelow, type Random } from './random.ts'
export {
  type ConnectionKind,
  KIND_POLICIES,
  type KindPolicy,
  type RetryPolicy,
  retryCeilingMs,
  retryDelayMs,
  START_JITTER_MS,
} from './retry-policy.ts'
export type { ConnectionStatus, SupervisorStatus } from './status.ts'
export type { Supervised } from './supervised.ts'
export { MAX_NAME_LENGTH, Supervisor, type SupervisorComponents } from './supervisor.ts'
export { SUPERVISOR_ERROR_CODES, SupervisorError, type SupervisorErrorCode } from './supervisor-error.ts'
export {
  MAX_VERDICT_TEXT,
  type PairingVerdict,
  type RetryVerdict,
  type TerminalVerdict,
  type Verdict,
} from './verdict.ts'
export type { Warning, WarningKind } from './warning.ts'
