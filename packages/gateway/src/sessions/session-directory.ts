// Which sessions exist and what is known of each without opening its transcript.
// Today an empty one in memory; the session store replaces the inside, the methods that read it stay.

export interface SessionRow {
  /** Canonical, `agent:<agentId>:<rest>`. */
  readonly key: string
  readonly sessionId: string
  readonly agentId: string
  readonly kind: 'direct' | 'group' | 'global' | 'unknown'
  readonly isMain: boolean
  readonly label?: string
  readonly displayName?: string
  /** Title made from the first message. */
  readonly derivedTitle?: string
  readonly lastMessagePreview?: string
  /** Epoch milliseconds of the last change; null when nothing was ever said. */
  readonly updatedAt: number | null
  readonly lastInteractionAt?: number
  readonly createdAt?: number
  readonly archived: boolean
  readonly pinned: boolean
  readonly unread: boolean
  readonly hasActiveRun: boolean
  readonly activeRunIds: readonly string[]
  readonly model?: string
  readonly modelProvider?: string
  readonly totalTokens?: number
  readonly parentSessionKey?: string
  readonly spawnedBy?: string
  readonly spawnDepth?: number
}

export interface SessionDirectory {
  list(): readonly SessionRow[]
  get(key: string): SessionRow | undefined
}

export class MemorySessionDirectory implements SessionDirectory {
  readonly #rows: ReadonlyMap<string, SessionRow>

  constructor(rows: readonly SessionRow[] = []) {
    this.#rows = new Map(rows.map((row) => [row.key, row]))
  }

  list(): readonly SessionRow[] {
    return [...this.#rows.values()]
  }

  get(key: string): SessionRow | undefined {
    return this.#rows.get(key)
  }
}
