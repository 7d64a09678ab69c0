// Who may dial now: a FIFO in front of a few start slots, as a pure function. A slot that is neither given back nor
// used up within the hold time goes to the next in line; giving it back late changes nothing.
// It knows ids only. The queue is bounded by the supervisor's connection limit: an id waits or holds at most once.

export interface StartLimits {
  readonly maxConcurrentStarts: number
  readonly startSpacingMs: number
  readonly slotHoldMs: number
}

interface Holder {
  readonly id: number
  readonly sinceMs: number
}

export interface StartQueueState {
  /** In order of arrival. */
  readonly waiting: readonly number[]
  /** In order of grant. */
  readonly holding: readonly Holder[]
  readonly lastGrantAt: number | null
}

export type StartQueueInput =
  | { readonly type: 'enter'; readonly id: number }
  | { readonly type: 'leave'; readonly id: number }
  | { readonly type: 'wake' }

export type StartQueueEffect =
  | { readonly type: 'grant'; readonly id: number }
  | { readonly type: 'held-too-long'; readonly id: number }

export const EMPTY_START_QUEUE: StartQueueState = { waiting: [], holding: [], lastGrantAt: null }

/**
 * `enter` waits in line (once), `leave` gives up the place in line or the slot, `wake` says time has passed.
 * Every step first frees slots held too long, then grants free ones in order of arrival.
 */
export function stepStartQueue(
  state: StartQueueState,
  input: StartQueueInput,
  nowMs: number,
  limits: StartLimits,
): readonly [StartQueueState, readonly StartQueueEffect[]] {
  const [freed, overdue] = freeOverdue(applyInput(state, input), nowMs, limits)
  const [next, grants] = grantFree(freed, nowMs, limits)
  return [next, [...overdue, ...grants]]
}

/** When a `wake` would next change something, or null while only arrivals and departures can. */
export function startQueueWakeAt(state: StartQueueState, limits: StartLimits): number | null {
  const oldest = state.holding[0]
  const holdOverAt = oldest === undefined ? Infinity : oldest.sinceMs + limits.slotHoldMs
  const isHeldBack = state.waiting.length > 0 && state.holding.length < limits.maxConcurrentStarts
  const spacingOverAt = isHeldBack ? (state.lastGrantAt ?? 0) + limits.startSpacingMs : Infinity
  const wakeAt = Math.min(holdOverAt, spacingOverAt)
  return wakeAt === Infinity ? null : wakeAt
}

function applyInput(state: StartQueueState, input: StartQueueInput): StartQueueState {
  if (input.type === 'enter') {
    const isKnown = state.waiting.includes(input.id) || state.holding.some(({ id }) => id === input.id)
    return isKnown ? state : { ...state, waiting: [...state.waiting, input.id] }
  }
  if (input.type === 'leave') {
    return {
      ...state,
      waiting: state.waiting.filter((id) => id !== input.id),
      holding: state.holding.filter(({ id }) => id !== input.id),
    }
  }
  return state
}

function freeOverdue(
  state: StartQueueState,
  nowMs: number,
  limits: StartLimits,
): readonly [StartQueueState, readonly StartQueueEffect[]] {
  const isOverdue = ({ sinceMs }: Holder): boolean => nowMs - sinceMs >= limits.slotHoldMs
  const overdue = state.holding.filter(isOverdue)
  if (overdue.length === 0) return [state, []]
  const holding = state.holding.filter((holder) => !isOverdue(holder))
  return [{ ...state, holding }, overdue.map(({ id }) => ({ type: 'held-too-long', id }))]
}

function grantFree(
  state: StartQueueState,
  nowMs: number,
  limits: StartLimits,
): readonly [StartQueueState, readonly StartQueueEffect[]] {
  const isSpaced = state.lastGrantAt === null || nowMs - state.lastGrantAt >= limits.startSpacingMs
  const free = isSpaced ? limits.maxConcurrentStarts - state.holding.length : 0
  const granted = state.waiting.slice(0, Math.max(0, limits.startSpacingMs > 0 ? Math.min(free, 1) : free))
  if (granted.length === 0) return [state, []]
  const next = {
    waiting: state.waiting.slice(granted.length),
    holding: [...state.holding, ...granted.map((id) => ({ id, sinceMs: nowMs }))],
    lastGrantAt: nowMs,
  }
  return [next, granted.map((id) => ({ type: 'grant', id }))]
}
