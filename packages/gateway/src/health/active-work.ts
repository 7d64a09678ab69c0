// Counts work that a restart would interrupt. Whoever starts such work holds a mark until it is done.
// Only counts: draining and stopping are the lifecycle's.

/** Kinds of work in the words of `gateway.restart.preflight`. */
export const WORK_KINDS = [
  'queueSize',
  'pendingReplies',
  'embeddedRuns',
  'cronRuns',
  'backgroundExecSessions',
  'rootRequests',
  'activeTasks',
] as const
export type WorkKind = (typeof WORK_KINDS)[number]

export type WorkCounts = Readonly<Record<WorkKind, number>>

export class ActiveWork {
  readonly #counts = Object.fromEntries(WORK_KINDS.map((kind) => [kind, 0])) as Record<WorkKind, number>

  /** Marks the start of a piece of work; the returned function marks its end, once. */
  begin(kind: WorkKind): () => void {
    this.#counts[kind] += 1
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#counts[kind] -= 1
    }
  }

  counts(): WorkCounts {
    return { ...this.#counts }
  }
}
