// Builds session rows: an ordinary conversation unless a test says otherwise.

import type { SessionRow } from '../../src/sessions/session-directory.ts'

export const sessionRow = (changes: Partial<SessionRow> = {}): SessionRow => ({
  key: 'agent:main:main',
  sessionId: `id of ${changes.key ?? 'main'}`,
  agentId: 'main',
  kind: 'direct',
  isMain: false,
  updatedAt: 0,
  archived: false,
  pinned: false,
  unread: false,
  hasActiveRun: false,
  activeRunIds: [],
  ...changes,
})
