// Options of a supervisor: meaning, range and default of each, resolved once into a frozen value.
// Per-kind waits live in retry-policy.ts; nothing else in the package falls back to a literal.

import type { BreakerLimits } from './circuit-breaker.ts'
import { type ConnectionKind, KIND_POLICIES, type KindPolicy } from './retry-policy.ts'
import { SupervisorError } from './supervisor-error.ts'

/** Longest wait any option may ask for, in milliseconds (one day; well inside what a platform timer can hold). */
export const MAX_WAIT_MS = 86_400_000

/** What happens when a connection is started inside the dial of another. */
export type NestingRule = 'throw' | 'warn'

export interface SupervisorOptions extends BreakerLimits {
  /** Attempts that may be on their way (dialled, neither live nor failed) at once. 1 .. 1 000. */
  readonly maxConcurrentStarts: number
  /** Least time between two attempts leaving the start queue, in milliseconds. 0 = none. 0 .. 86 400 000. */
  readonly startSpacingMs: number
  /** A start slot held this long is given to the next in line although its attempt goes on, in milliseconds. >= 1. */
  readonly slotHoldMs: number
  /** A session live for this long ends the failure streak, in milliseconds. 0 = at once. */
  readonly healthyAfterMs: number
  /** Pause after a pairing verdict unless the approval is signalled, in milliseconds. >= 1. */
  readonly pairingPauseMs: number
  /** Longest server hint that is obeyed, in milliseconds; a longer one is cut to this. 0 = hints are ignored. */
  readonly maxRetryAfterMs: number
  /**
   * How long a server may go on answering "starting" before its answers count as failures, in milliseconds.
   * 0 = they count at once.
   */
  readonly startingGraceMs: number
  /** Connections that may run at once; also bounds the start queue. 1 .. 1 000 000. */
  readonly maxConnections: number
  /** `throw` (development, tests) refuses a nested start; `warn` lets it run and reports it. */
  readonly nesting: NestingRule
  /** Waits per kind of connection. */
  readonly policies: Readonly<Record<ConnectionKind, KindPolicy>>
}

/** What a caller may override; kinds and their fields are merged over the defaults one by one. */
export type SupervisorOptionsInput = Overrides<Omit<SupervisorOptions, 'policies'>> & {
  readonly policies?: Overrides<Record<ConnectionKind, PolicyOverrides>> | undefined
}

/** Fields of a kind's policy that a caller may override; undefined leaves the default. */
export type PolicyOverrides = Overrides<KindPolicy>

type Overrides<T> = { readonly [K in keyof T]?: T[K] | undefined }

export const DEFAULTS = {
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
  policies: KIND_POLICIES,
} as const satisfies SupervisorOptions

const RANGES = {
  maxConcurrentStarts: [1, 1_000],
  startSpacingMs: [0, MAX_WAIT_MS],
  slotHoldMs: [1, MAX_WAIT_MS],
  healthyAfterMs: [0, MAX_WAIT_MS],
  breakerFailures: [1, 1_000],
  breakerOpenMs: [1, MAX_WAIT_MS],
  breakerMaxOpenMs: [1, MAX_WAIT_MS],
  pairingPauseMs: [1, MAX_WAIT_MS],
  maxRetryAfterMs: [0, MAX_WAIT_MS],
  startingGraceMs: [0, MAX_WAIT_MS],
  maxConnections: [1, 1_000_000],
} as const satisfies Record<Exclude<keyof SupervisorOptions, 'policies' | 'nesting'>, readonly [number, number]>

const POLICY_RANGES = {
  baseMs: [1, MAX_WAIT_MS],
  capMs: [1, MAX_WAIT_MS],
  startJitterMs: [0, MAX_WAIT_MS],
  dialDeadlineMs: [0, MAX_WAIT_MS],
} as const satisfies Record<keyof KindPolicy, readonly [number, number]>

/** Merges over the defaults, checks every range and freezes. Throws `INVALID_OPTION` naming the first bad option. */
export function resolveOptions(input: SupervisorOptionsInput = {}): SupervisorOptions {
  const resolved: SupervisorOptions = { ...DEFAULTS, ...withoutUndefined({ ...input, policies: undefined }) }
  for (const [key, range] of Object.entries(RANGES)) assertWithin(key, resolved[key as keyof typeof RANGES], range)
  if (resolved.breakerMaxOpenMs < resolved.breakerOpenMs) throw invalid('breakerMaxOpenMs', 'at least breakerOpenMs')
  if (resolved.nesting !== 'throw' && resolved.nesting !== 'warn') throw invalid('nesting', "'throw' or 'warn'")
  const policies = {
    client: resolvePolicy('client', input.policies?.client),
    'approval-handler': resolvePolicy('approval-handler', input.policies?.['approval-handler']),
    channel: resolvePolicy('channel', input.policies?.channel),
  }
  return Object.freeze({ ...resolved, policies: Object.freeze(policies) })
}

/** One kind's row with `override` laid over it; also used for what a single connection overrides. */
export function resolvePolicy(
  kind: ConnectionKind,
  override: PolicyOverrides = {},
  defaults: KindPolicy = KIND_POLICIES[kind],
): KindPolicy {
  const policy: KindPolicy = { ...defaults, ...withoutUndefined(override) }
  for (const [key, range] of Object.entries(POLICY_RANGES)) {
    assertWithin(`${kind}.${key}`, policy[key as keyof KindPolicy], range)
  }
  if (policy.capMs < policy.baseMs) throw invalid(`${kind}.capMs`, 'at least baseMs')
  return Object.freeze(policy)
}

function withoutUndefined<T extends object>(input: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const defined = Object.entries(input).filter(([, value]) => value !== undefined)
  return Object.fromEntries(defined) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function assertWithin(name: string, value: number, [min, max]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < min || value > max) throw invalid(name, `a whole number, ${min} .. ${max}`)
}

function invalid(name: string, expected: string): SupervisorError {
  return new SupervisorError('INVALID_OPTION', `supervisor option ${name}: expected ${expected}`)
}
