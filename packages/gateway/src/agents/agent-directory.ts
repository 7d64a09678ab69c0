// Which agents exist, as identities: every gateway has the default agent `main`, whether or not a model is configured.
// Running them is not done here.

import { join } from 'node:path'

export interface AgentRow {
  readonly id: string
  /** Shown to people; a gateway without configured names uses a neutral one. */
  readonly displayName: string
  readonly hasConfiguredName: boolean
  /** Folder the agent works in; created when it first runs. */
  readonly workspaceDir: string
  /** Where its sessions are kept, relative to the state directory: health tells it to everyone. */
  readonly sessionsPath: string
}

/** The contract other parts read; later implementations take agents from the configuration. */
export interface AgentDirectory {
  readonly defaultId: string
  list(): readonly AgentRow[]
  get(agentId: string): AgentRow | undefined
}

/** Name of the main session of every agent. */
export const MAIN_SESSION = 'main'

const DEFAULT_AGENT = 'main'

/** The directory of a gateway that configures no agents: `main` alone. */
export class DefaultAgentDirectory implements AgentDirectory {
  readonly defaultId = DEFAULT_AGENT
  readonly #rows: readonly AgentRow[]

  constructor({ stateDir }: { readonly stateDir: string }) {
    this.#rows = [
      {
        id: DEFAULT_AGENT,
        displayName: 'Assistant',
        hasConfiguredName: false,
        workspaceDir: join(stateDir, 'workspace'),
        sessionsPath: `agents/${DEFAULT_AGENT}/sessions`,
      },
    ]
  }

  list(): readonly AgentRow[] {
    return this.#rows
  }

  get(agentId: string): AgentRow | undefined {
    return this.#rows.find(({ id }) => id === agentId)
  }
}
