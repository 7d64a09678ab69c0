// Methods about agents as identities, and what belongs to one agent.

import type {
  AgentIdentityResult,
  AgentsListResult,
  SkillsStatusParams,
  ToolsCatalogParams,
  ToolsCatalogResult,
} from '@openclaw/gateway-protocol'
import { type AgentDirectory, type AgentRow, MAIN_SESSION } from '../../agents/agent-directory.ts'
import { agentOfSessionKey } from '../../sessions/session-key.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'
import { unknownAgent } from '../refusals.ts'

export interface AgentMethodComponents {
  readonly agents: AgentDirectory
  /** Folder of skills that belong to no workspace. */
  readonly managedSkillsDir: string
}

/** Parameters of methods that answer for one agent. */
interface AgentScope {
  readonly agentId?: string
  readonly sessionKey?: string
}

/** Sets of tools an agent may be given, from fewest to all. */
const TOOL_PROFILES: ToolsCatalogResult['profiles'] = [
  { id: 'minimal', label: 'Minimal' },
  { id: 'coding', label: 'Coding' },
  { id: 'messaging', label: 'Messaging' },
  { id: 'full', label: 'Full' },
]

export const agentMethods = ({ agents, managedSkillsDir }: AgentMethodComponents): MethodDefinition[] => [
  defineMethod('agents.list', () => listAgents(agents)),
  defineMethod<AgentScope>('agent.identity.get', (scope) => identityOf(requireAgent(agents, agentOfScope(scope)))),
  defineMethod<SkillsStatusParams>('skills.status', (scope) => {
    const agent = requireAgent(agents, agentOfScope(scope))
    return { workspaceDir: agent.workspaceDir, managedSkillsDir, agentId: agent.id, skills: [] }
  }),
  defineMethod<ToolsCatalogParams>('tools.catalog', ({ agentId }) => ({
    agentId: requireAgent(agents, agentId).id,
    profiles: TOOL_PROFILES,
    groups: [],
  })),
]

/** The named agent, or the default one. Throws for names of no agent. */
export function requireAgent(agents: AgentDirectory, agentId = agents.defaultId): AgentRow {
  const agent = agents.get(agentId)
  if (agent === undefined) throw unknownAgent(agentId)
  return agent
}

/** The agent that parameters speak about: named, or the one of the session. */
export const agentOfScope = ({ agentId, sessionKey }: AgentScope): string | undefined =>
  agentId ?? (sessionKey === undefined ? undefined : agentOfSessionKey(sessionKey))

const listAgents = (agents: AgentDirectory): AgentsListResult => ({
  defaultId: agents.defaultId,
  ownership: 'sole',
  selectionRequired: false,
  mainKey: MAIN_SESSION,
  scope: 'per-sender',
  agents: agents.list().map(({ id, displayName, hasConfiguredName, workspaceDir }) => ({
    id,
    ...(hasConfiguredName ? { name: displayName } : {}),
    workspace: workspaceDir,
  })),
})

const identityOf = ({ id, displayName, hasConfiguredName }: AgentRow): AgentIdentityResult => ({
  agentId: id,
  name: displayName,
  nameSource: hasConfiguredName ? 'config' : 'default',
  avatar: displayName.slice(0, 1).toUpperCase(),
})
