// Session keys: `agent:<agentId>:<rest>` is canonical, everything else is an alias inside an agent. Pure.

import { MAIN_SESSION } from '../agents/agent-directory.ts'

export { MAIN_SESSION }

const PREFIX = 'agent:'

/** The canonical form: `main` of agent `ops` is `agent:ops:main`. Canonical keys come back as they are. */
export const canonicalSessionKey = (key: string, agentId: string): string =>
  agentOfSessionKey(key) === undefined ? `${PREFIX}${agentId}:${key}` : key

export const mainSessionKey = (agentId: string): string => `${PREFIX}${agentId}:${MAIN_SESSION}`

/** The agent a canonical key names; undefined for aliases. */
export function agentOfSessionKey(key: string): string | undefined {
  if (!key.startsWith(PREFIX)) return undefined
  const [, agentId, rest] = key.split(':', 3)
  return agentId !== undefined && agentId.length > 0 && rest !== undefined && rest.length > 0 ? agentId : undefined
}
