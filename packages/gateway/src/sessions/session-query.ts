// Which sessions a list shows and in which order, and how one is found by what a person typed. Pure.

import type { SessionsListParams, SessionsResolveParams } from '@openclaw/gateway-protocol'
import { matchesText } from '../page.ts'
import type { SessionRow } from './session-directory.ts'
import { canonicalSessionKey } from './session-key.ts'

const MS_PER_MINUTE = 60_000

/** Archived, global and unknown sessions are left out unless asked for. */
export function selectSessions(rows: readonly SessionRow[], params: SessionsListParams, nowMs: number): SessionRow[] {
  const { agentId, label, spawnedBy, search, activeMinutes, archived = false } = params
  const activeSince = activeMinutes === undefined ? undefined : nowMs - activeMinutes * MS_PER_MINUTE
  const selected = rows.filter(
    (row) =>
      (archived === 'all' || row.archived === archived) &&
      (params.includeGlobal === true || row.kind !== 'global') &&
      (params.includeUnknown === true || row.kind !== 'unknown') &&
      (agentId === undefined || row.agentId === agentId) &&
      (label === undefined || row.label === label) &&
      (spawnedBy === undefined || row.spawnedBy === spawnedBy || row.parentSessionKey === spawnedBy) &&
      (activeSince === undefined || (row.updatedAt ?? 0) >= activeSince) &&
      (params.requireLastInteraction !== true || row.lastInteractionAt !== undefined) &&
      matchesText(search, [row.key, row.label, row.displayName, row.derivedTitle, row.sessionId]),
  )
  const sortBy = params.sortBy ?? 'updatedAt'
  return selected.sort((a, b) => Number(b.pinned) - Number(a.pinned) || (b[sortBy] ?? 0) - (a[sortBy] ?? 0))
}

/** Titles and previews cost the reader bandwidth: they are sent on request only. */
export function presentSession(
  row: SessionRow,
  { includeDerivedTitles, includeLastMessage }: Pick<SessionsListParams, 'includeDerivedTitles' | 'includeLastMessage'>,
): SessionRow {
  const { derivedTitle, lastMessagePreview, ...rest } = row
  return {
    ...rest,
    ...(includeDerivedTitles === true && derivedTitle !== undefined ? { derivedTitle } : {}),
    ...(includeLastMessage === true && lastMessagePreview !== undefined ? { lastMessagePreview } : {}),
  }
}

/** How a resolved session was named, for messages. */
export const referenceOf = ({ key, sessionId, label, shortId }: SessionsResolveParams): string | undefined =>
  key ?? sessionId ?? label ?? shortId

/** Every session the parameters may mean; one is a hit, several are candidates. */
export function findSessions(
  rows: readonly SessionRow[],
  { key, sessionId, label, shortId, agentId, spawnedBy }: SessionsResolveParams,
  defaultAgentId: string,
): SessionRow[] {
  const canonical = key === undefined ? undefined : canonicalSessionKey(key, agentId ?? defaultAgentId)
  return rows.filter(
    (row) =>
      (agentId === undefined || row.agentId === agentId) &&
      (spawnedBy === undefined || row.spawnedBy === spawnedBy) &&
      (canonical === undefined || row.key === canonical || row.key === key) &&
      (sessionId === undefined || row.sessionId === sessionId) &&
      (label === undefined || row.label === label) &&
      (shortId === undefined || row.sessionId.startsWith(shortId)),
  )
}
