// Which nodes exist: what each may do now, and what it asks for. Today none; node pairing replaces the inside.

export type NodeApprovalState = 'approved' | 'pending-approval' | 'pending-reapproval' | 'unapproved'

/** A row of `node.list`. Capabilities and commands are the effective ones. */
export interface NodeRow {
  readonly nodeId: string
  readonly displayName?: string
  readonly platform?: string
  readonly version?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly deviceFamily?: string
  readonly modelIdentifier?: string
  readonly remoteIp?: string
  readonly caps: readonly string[]
  readonly commands: readonly string[]
  readonly permissions?: Readonly<Record<string, boolean>>
  readonly pathEnv?: string
  readonly sessionHost: boolean
  readonly nodePluginTools: readonly unknown[]
  readonly approvalState: NodeApprovalState
  readonly pendingRequestId?: string
  readonly pendingDeclaredCaps?: readonly string[]
  readonly pendingDeclaredCommands?: readonly string[]
  readonly connectedAtMs?: number
  readonly lastConnectedAtMs?: number
  readonly lastDisconnectedAtMs?: number
  readonly lastSeenAtMs?: number
  readonly lastSeenReason?: string
  readonly approvedAtMs?: number
  readonly paired: boolean
  readonly connected: boolean
}

/** The answer of `node.pair.list`. */
export interface NodePairings {
  readonly pending: readonly Readonly<Record<string, unknown>>[]
  readonly paired: readonly Readonly<Record<string, unknown>>[]
}

export interface NodeDirectory {
  list(): readonly NodeRow[]
  get(nodeId: string): NodeRow | undefined
  pairings(): NodePairings
}

export class MemoryNodeDirectory implements NodeDirectory {
  readonly #rows: readonly NodeRow[]

  constructor(rows: readonly NodeRow[] = []) {
    this.#rows = rows
  }

  list(): readonly NodeRow[] {
    return this.#rows
  }

  get(nodeId: string): NodeRow | undefined {
    return this.#rows.find((row) => row.nodeId === nodeId)
  }

  pairings(): NodePairings {
    return { pending: [], paired: [] }
  }
}
