// Tells a silent connection from a quiet one (client notes section 8). Pure; the driver owns the timer and asks.

/** What pending requests say about waiting: none, all with deadlines of their own, or at least one without. */
export type PendingKind = 'none' | 'bounded' | 'unbounded'

/** Tick interval assumed when hello-ok names none, in milliseconds. */
export const FALLBACK_TICK_INTERVAL_MS = 30_000
const MIN_CHECK_INTERVAL_MS = 1_000
const MAX_CHECK_INTERVAL_MS = 86_400_000

/** The gateway's tick interval made safe to arm a timer with. */
export const tickIntervalOf = (policy: { readonly tickIntervalMs?: unknown }): number =>
  typeof policy.tickIntervalMs === 'number' && policy.tickIntervalMs > 0 && Number.isFinite(policy.tickIntervalMs)
    ? Math.min(policy.tickIntervalMs, MAX_CHECK_INTERVAL_MS)
    : FALLBACK_TICK_INTERVAL_MS

export const checkIntervalMs = (tickIntervalMs: number): number => Math.max(tickIntervalMs, MIN_CHECK_INTERVAL_MS)

/**
 * True when nothing valid was heard for more than two tick intervals. Never while requests are pending that all have
 * deadlines: those own the timing then.
 */
export const isSilent = (
  lastActivityAt: number,
  nowMs: number,
  tickIntervalMs: number,
  pending: PendingKind,
): boolean => pending !== 'bounded' && nowMs - lastActivityAt > 2 * tickIntervalMs
