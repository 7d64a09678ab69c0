import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SessionsListParams, SessionsResolveParams } from '@openclaw/gateway-protocol'
import { agentOfSessionKey, canonicalSessionKey } from '../../src/sessions/session-key.ts'
import { findSessions, presentSession, selectSessions } from '../../src/sessions/session-query.ts'
import { sessionRow } from './session-row.ts'

const NOW = 10_000_000
const MINUTE = 60_000

const ROWS = [
  sessionRow({ key: 'agent:main:old', updatedAt: NOW - 90 * MINUTE, label: 'garden' }),
  sessionRow({ key: 'agent:main:new', updatedAt: NOW - MINUTE, derivedTitle: 'Weekly Review' }),
  sessionRow({ key: 'agent:ops:pinned', agentId: 'ops', updatedAt: 1, pinned: true, lastInteractionAt: 5 }),
  sessionRow({ key: 'agent:main:archived', archived: true }),
  sessionRow({ key: 'agent:main:global', kind: 'global', updatedAt: 2 }),
  sessionRow({ key: 'agent:main:unknown', kind: 'unknown', updatedAt: 3 }),
  sessionRow({ key: 'agent:main:child', updatedAt: 4, parentSessionKey: 'agent:main:new' }),
]

const listed = (params: SessionsListParams): string[] =>
  selectSessions(ROWS, params, NOW).map(({ key }) => key.split(':')[2] ?? '')

describe('the list of sessions', () => {
  const cases: readonly (readonly [string, SessionsListParams, readonly string[]])[] = [
    ['shows pinned ones first, then the newest', {}, ['pinned', 'new', 'old', 'child']],
    ['of one agent', { agentId: 'ops' }, ['pinned']],
    ['with a label', { label: 'garden' }, ['old']],
    ['active lately', { activeMinutes: 60 }, ['new']],
    ['searched by title, whatever the case', { search: ' weekly ' }, ['new']],
    ['searched for nothing', { search: '  ' }, ['pinned', 'new', 'old', 'child']],
    ['archived only', { archived: true }, ['archived']],
    ['archived too', { archived: 'all' }, ['pinned', 'new', 'old', 'child', 'archived']],
    ['global ones too', { includeGlobal: true }, ['pinned', 'new', 'old', 'child', 'global']],
    ['unknown ones too', { includeUnknown: true }, ['pinned', 'new', 'old', 'child', 'unknown']],
    ['spawned by another', { spawnedBy: 'agent:main:new' }, ['child']],
    ['somebody has spoken in', { requireLastInteraction: true }, ['pinned']],
  ]
  for (const [title, params, keys] of cases) {
    test(title, () => assert.deepEqual(listed(params), keys))
  }

  test('sends titles and previews on request only', () => {
    const row = sessionRow({ derivedTitle: 'T', lastMessagePreview: 'hi' })
    assert.ok(!('derivedTitle' in presentSession(row, {})))
    assert.equal(presentSession(row, { includeDerivedTitles: true }).derivedTitle, 'T')
    assert.equal(presentSession(row, { includeLastMessage: true }).lastMessagePreview, 'hi')
  })
})

describe('finding a session', () => {
  const found = (params: SessionsResolveParams): string[] => findSessions(ROWS, params, 'main').map(({ key }) => key)

  test('accepts its key, its alias, its id, the start of its id and its label', () => {
    for (const params of [
      { key: 'agent:main:old' },
      { key: 'old' },
      { sessionId: 'id of agent:main:old' },
      { label: 'garden' },
    ]) {
      assert.deepEqual(found(params), ['agent:main:old'], JSON.stringify(params))
    }
    assert.equal(found({ shortId: 'id of agent:main' }).length, 6)
  })

  test('looks for an alias inside the named agent', () => {
    assert.deepEqual(found({ key: 'pinned' }), [])
    assert.deepEqual(found({ key: 'pinned', agentId: 'ops' }), ['agent:ops:pinned'])
  })
})

describe('a session key', () => {
  test('is canonical when it names its agent', () => {
    assert.equal(canonicalSessionKey('main', 'ops'), 'agent:ops:main')
    assert.equal(canonicalSessionKey('agent:a:b:c', 'ops'), 'agent:a:b:c')
    assert.equal(canonicalSessionKey('agent:', 'ops'), 'agent:ops:agent:')
    assert.equal(agentOfSessionKey('agent:a:b:c'), 'a')
    for (const alias of ['main', 'agent:', 'agent::x', 'agent:a', 'agent:a:']) {
      assert.equal(agentOfSessionKey(alias), undefined, alias)
    }
  })
})
