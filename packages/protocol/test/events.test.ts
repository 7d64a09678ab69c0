import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EVENT_FAMILIES, EVENTS, type EventEntry, eventEntry, SCOPES } from '@breakwater/protocol'

/** Protocol notes section 8, written out again. */
const SCOPE_OF: Readonly<Record<EventEntry['scope'], readonly string[]>> = {
  any: ['tick', 'health', 'heartbeat', 'shutdown', 'gateway.suspension', 'update.available'],
  'operator.read': [
    ...['agent', 'chat', 'chat.side_result', 'presence', 'cron', 'task', 'task.suggestion', 'sessions.changed'],
    ...['session.message', 'session.tool', 'session.operation', 'session.observer', 'session.sharing'],
    ...['session.suggestion', 'session.typing', 'config.changed', 'skills.changed', 'plugins.changed'],
    ...['voicewake.changed', 'voicewake.routing.changed', 'node.presence', 'node.hostStats'],
    ...['node.runnerInventory.changed', 'talk.event', 'ui.command', 'board.changed', 'progressCard.changed'],
    ...['mentions.changed', 'users.prefs.changed', 'portal.changed'],
  ],
  'operator.pairing': [
    ...['device.pair.requested', 'device.pair.resolved', 'device.pair.changed', 'device.pair.setup.completed'],
    ...['device.pair.setup.deliveryUncertain', 'node.pair.requested', 'node.pair.resolved'],
  ],
  'operator.approvals': [
    ...['exec.approval.requested', 'exec.approval.resolved', 'plugin.approval.requested', 'session.approval'],
    'openclaw.approval.resolved',
  ],
  'operator.questions': ['question.requested', 'question.resolved'],
  'operator.talk': ['talk.mode', 'talk.voice.change'],
  'operator.admin': ['terminal.data', 'terminal.exit', 'update.run.changed', 'plugins.install.progress'],
  'operator.write': ['plugin.something'],
  'operator.talk.secrets': [],
  'operator.sessions.read': [],
  'operator.sessions.write': [],
}

describe('who may receive an event', () => {
  for (const [scope, names] of Object.entries(SCOPE_OF)) {
    if (names.length === 0) continue
    test(`${scope}: ${names.length} names`, () => {
      for (const name of names) assert.equal(eventEntry(name)?.scope, scope, name)
    })
  }

  test('nobody, when the name is of no known family', () => {
    for (const name of [
      '',
      'made.up',
      'sessions',
      'exec',
      'execs.approval.x',
      'constructor',
      'toString',
      'connect.challenge',
    ]) {
      assert.equal(eventEntry(name), undefined, name)
    }
  })

  test('the longest prefix decides, and an exact name before any prefix', () => {
    assert.equal(eventEntry('plugin.approval.requested')?.scope, 'operator.approvals')
    assert.equal(eventEntry('session.approval')?.scope, 'operator.approvals')
    assert.equal(eventEntry('session.message')?.scope, 'operator.read')
  })
})

test('whatever asks a person for a decision, or carries content, is never skipped for a slow receiver', () => {
  for (const name of [
    'exec.approval.requested',
    'plugin.approval.resolved',
    'session.approval',
    'question.requested',
  ]) {
    assert.equal(eventEntry(name)?.lossy, false, name)
  }
  for (const name of ['agent', 'chat', 'session.message', 'terminal.data', 'shutdown']) {
    assert.equal(eventEntry(name)?.lossy, false, name)
  }
  for (const name of ['presence', 'tick', 'health', 'device.pair.requested']) {
    assert.equal(eventEntry(name)?.lossy, true, name)
  }
})

test('every rule names a scope that exists', () => {
  for (const [name, { scope }] of [...Object.entries(EVENTS), ...Object.entries(EVENT_FAMILIES)]) {
    assert.ok(scope === 'any' || SCOPES.includes(scope), name)
  }
})
