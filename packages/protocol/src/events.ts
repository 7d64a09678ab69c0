// Events of the wire: who may receive each, and whether a slow consumer may miss it (protocol notes section 8).

import type { Scope } from './scopes.ts'

export interface EventEntry {
  /** Scope an operator needs; `any` reaches every authenticated connection, nodes included. */
  readonly scope: Scope | 'any'
  /** Lossy events are skipped for a connection whose buffer is full; others close it as a slow consumer. */
  readonly lossy: boolean
}

const to = (scope: EventEntry['scope'], lossy: boolean): EventEntry => ({ scope, lossy })

/** Exact event names. Families with open-ended members are in `EVENT_FAMILIES`. */
export const EVENTS = {
  tick: to('any', true),
  health: to('any', true),
  heartbeat: to('any', true),
  shutdown: to('any', false),
  'gateway.suspension': to('any', false),
  'update.available': to('any', true),
  agent: to('operator.read', false),
  chat: to('operator.read', false),
  'chat.side_result': to('operator.read', false),
  presence: to('operator.read', true),
  cron: to('operator.read', true),
  task: to('operator.read', true),
  'task.suggestion': to('operator.read', true),
  'sessions.changed': to('operator.read', true),
  'config.changed': to('operator.read', true),
  'skills.changed': to('operator.read', true),
  'plugins.changed': to('operator.read', true),
  'voicewake.changed': to('operator.read', true),
  'voicewake.routing.changed': to('operator.read', true),
  'node.presence': to('operator.read', true),
  'node.hostStats': to('operator.read', true),
  'node.runnerInventory.changed': to('operator.read', true),
  'talk.event': to('operator.read', true),
  'ui.command': to('operator.read', false),
  'progressCard.changed': to('operator.read', true),
  'mentions.changed': to('operator.read', true),
  'users.prefs.changed': to('operator.read', true),
  'portal.changed': to('operator.read', true),
  'device.pair.requested': to('operator.pairing', true),
  'device.pair.resolved': to('operator.pairing', true),
  'device.pair.changed': to('operator.pairing', true),
  'device.pair.setup.completed': to('operator.pairing', true),
  'device.pair.setup.deliveryUncertain': to('operator.pairing', true),
  'node.pair.requested': to('operator.pairing', true),
  'node.pair.resolved': to('operator.pairing', true),
  'session.approval': to('operator.approvals', false),
  'question.requested': to('operator.questions', false),
  'question.resolved': to('operator.questions', false),
  'talk.mode': to('operator.talk', true),
  'talk.voice.change': to('operator.talk', true),
  'terminal.data': to('operator.admin', false),
  'terminal.exit': to('operator.admin', false),
  'update.run.changed': to('operator.admin', true),
  'plugins.install.progress': to('operator.admin', true),
} as const satisfies Record<string, EventEntry>

export type EventName = keyof typeof EVENTS

/** Prefixes whose members share one rule. The longest match wins; a name that matches nothing reaches nobody. */
export const EVENT_FAMILIES: Readonly<Record<string, EventEntry>> = {
  'session.': to('operator.read', false),
  'board.': to('operator.read', true),
  'exec.approval.': to('operator.approvals', false),
  'plugin.approval.': to('operator.approvals', false),
  'openclaw.approval.': to('operator.approvals', false),
  'plugin.': to('operator.write', true),
}

const FAMILY_PREFIXES = Object.keys(EVENT_FAMILIES).sort((a, b) => b.length - a.length)

/** The rule of an event, or undefined for names nobody may receive (fail closed). */
export function eventEntry(event: string): EventEntry | undefined {
  if (Object.hasOwn(EVENTS, event)) return EVENTS[event as EventName]
  const prefix = FAMILY_PREFIXES.find((candidate) => event.startsWith(candidate))
  return prefix === undefined ? undefined : EVENT_FAMILIES[prefix]
}
