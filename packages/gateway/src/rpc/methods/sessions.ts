// Methods that read sessions and follow them. Changing a session and running an agent in it are not done here.

import type {
  ChatHistoryParams,
  ChatMetadataParams,
  SessionsDescribeParams,
  SessionsListParams,
  SessionsMessagesSubscribeParams,
  SessionsMessagesUnsubscribeParams,
  SessionsPreviewParams,
  SessionsResolveParams,
  SessionsResolveResult,
} from '@openclaw/gateway-protocol'
import type { AgentDirectory } from '../../agents/agent-directory.ts'
import type { Peer } from '../../connection/peer.ts'
import { MAX_SESSIONS_PER_PEER, type SessionSubscriptions } from '../../events/subscriptions.ts'
import type { Clock } from '../../observe/clock.ts'
import { limitOf, pageOf } from '../../page.ts'
import type { SessionDirectory, SessionRow } from '../../sessions/session-directory.ts'
import { agentOfSessionKey, canonicalSessionKey, mainSessionKey } from '../../sessions/session-key.ts'
import { findSessions, presentSession, referenceOf, selectSessions } from '../../sessions/session-query.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'
import { sessionNotFound, tooManySubscriptions } from '../refusals.ts'
import { agentOfScope, requireAgent } from './agents.ts'

export interface SessionMethodComponents {
  readonly clock: Clock
  readonly agents: AgentDirectory
  readonly sessions: SessionDirectory
  readonly subscriptions: SessionSubscriptions
}

const LIST_LIMIT = { byDefault: 100, atMost: 1_000 }
/** Sessions one preview call may ask for. */
const MAX_PREVIEWS = 256

/** No model is configured: clients show that as "none" instead of a made-up name. */
const NO_MODEL = { modelProvider: null, model: null, contextTokens: null }

export const sessionMethods = (components: SessionMethodComponents): MethodDefinition[] => {
  const { agents, subscriptions } = components
  return [
    defineMethod<SessionsListParams>('sessions.list', (params) => listSessions(components, params)),
    defineMethod<SessionsDescribeParams>('sessions.describe', (params) => {
      const row = components.sessions.get(canonicalSessionKey(params.key, agents.defaultId))
      return { session: row === undefined ? null : presentSession(row, params) }
    }),
    defineMethod<SessionsResolveParams>('sessions.resolve', (params) => resolveSession(components, params)),
    defineMethod<SessionsPreviewParams>('sessions.preview', (params) => previewSessions(components, params)),
    defineMethod('sessions.subscribe', (_params, { peer }) => {
      subscriptions.followChanges(peer)
      return { subscribed: true }
    }),
    defineMethod<SessionsMessagesSubscribeParams>('sessions.messages.subscribe', (params, { peer }) =>
      followMessages(components, params, peer),
    ),
    defineMethod<SessionsMessagesUnsubscribeParams>('sessions.messages.unsubscribe', ({ key, agentId }, { peer }) => {
      const canonical = canonicalSessionKey(key, agentId ?? agents.defaultId)
      subscriptions.unfollowMessages(peer, canonical)
      return { subscribed: false, key: canonical }
    }),
    defineMethod('sessions.groups.list', () => ({ groups: [], sectionOrder: [] })),
    defineMethod<ChatHistoryParams>('chat.history', (params) => chatHistory(components, params)),
    defineMethod<{ sessionKey?: unknown; agentId?: unknown }>('chat.startup', (params) =>
      chatStartup(components, params),
    ),
    defineMethod<ChatMetadataParams>('chat.metadata', (params) => {
      requireAgent(agents, agentOfScope(params))
      return { models: [], commands: [] }
    }),
  ]
}

function listSessions({ clock, sessions }: SessionMethodComponents, params: SessionsListParams) {
  const ts = clock.nowMs()
  const selected = selectSessions(sessions.list(), params, ts)
  const limit = limitOf(params.limit, LIST_LIMIT)
  const { items, total, nextOffset, hasMore } = pageOf(selected, { limit, offset: params.offset ?? 0 })
  return {
    ts,
    path: '(multiple)',
    count: items.length,
    totalCount: total,
    limitApplied: limit,
    nextOffset,
    hasMore,
    owners: [],
    defaults: NO_MODEL,
    sessions: items.map((row) => presentSession(row, params)),
  }
}

function resolveSession(
  { agents, sessions }: SessionMethodComponents,
  params: SessionsResolveParams,
): SessionsResolveResult {
  const reference = referenceOf(params)
  const found = reference === undefined ? [] : findSessions(sessions.list(), params, agents.defaultId)
  const [only] = found
  if (found.length === 1 && only !== undefined) return { ok: true, ...nameOf(only) }
  if (found.length > 1) return { ok: false, candidates: found.map(nameOf) }
  if (params.allowMissing === true) return { ok: false }
  throw sessionNotFound(reference ?? '')
}

const nameOf = ({ key, agentId, displayName }: SessionRow) => ({
  key,
  agentId,
  ...(displayName === undefined ? {} : { displayName }),
})

/** Transcripts do not exist yet, so a session that is known is an empty one. */
function previewSessions({ agents, clock, sessions }: SessionMethodComponents, { keys }: SessionsPreviewParams) {
  const previews = keys.slice(0, MAX_PREVIEWS).map((key) => ({
    key,
    status: sessions.get(canonicalSessionKey(key, agents.defaultId)) === undefined ? 'missing' : 'empty',
    items: [],
  }))
  return { ts: clock.nowMs(), previews }
}

function followMessages(
  { agents, subscriptions }: SessionMethodComponents,
  { key, agentId, includeApprovals }: SessionsMessagesSubscribeParams,
  peer: Peer,
) {
  const canonical = canonicalSessionKey(key, agentId ?? agents.defaultId)
  if (!subscriptions.followMessages(peer, canonical, includeApprovals === true)) {
    throw tooManySubscriptions(MAX_SESSIONS_PER_PEER)
  }
  return { subscribed: true, key: canonical }
}

/** A cursor asks for what came after it; without a transcript there is nothing to continue, so the client starts over. */
function chatHistory(components: SessionMethodComponents, { sessionKey, agentId, cursor }: ChatHistoryParams) {
  if (cursor !== undefined) return { kind: 'reset' }
  const { agents, clock, sessions } = components
  const agent = requireAgent(agents, agentOfScope(agentId === undefined ? { sessionKey } : { agentId, sessionKey }))
  const key = canonicalSessionKey(sessionKey, agent.id)
  const row = sessions.get(key)
  return {
    sessionKey,
    ...(row === undefined ? {} : { sessionId: row.sessionId }),
    messages: [],
    pendingInputs: { items: [], total: 0 },
    hasMore: false,
    totalMessages: 0,
    defaults: NO_MODEL,
    sessionInfo: { ...(row ?? untouchedSession(key, agent.id)), snapshotAt: clock.nowMs(), activeLeafEntryId: null },
  }
}

/** Without a session the page opens the main one of the default agent. */
function chatStartup(
  components: SessionMethodComponents,
  { sessionKey, agentId }: { sessionKey?: unknown; agentId?: unknown },
) {
  const { defaultId } = components.agents
  const key = typeof sessionKey === 'string' && sessionKey.length > 0 ? sessionKey : mainSessionKey(defaultId)
  return chatHistory(components, { sessionKey: key, ...(typeof agentId === 'string' ? { agentId } : {}) })
}

/** What is true of a session nobody has used yet. */
const untouchedSession = (key: string, agentId: string) => ({
  key,
  agentId: agentOfSessionKey(key) ?? agentId,
  kind: 'direct',
  isMain: key === mainSessionKey(agentId),
  updatedAt: null,
  archived: false,
  pinned: false,
  unread: false,
  hasActiveRun: false,
  activeRunIds: [],
})
