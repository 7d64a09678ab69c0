// Methods that list what a gateway may have and this one does not, plus the few that are true of every gateway.
// Answers without behaviour are data: a method leaves the table when its subject gets a source.

import os from 'node:os'
import type { EnvironmentsListResult, TalkConfigParams, TasksListParams } from '@openclaw/gateway-protocol'
import type { Clock } from '../../observe/clock.ts'
import type { TaskDirectory } from '../../tasks/task-directory.ts'
import { selectTasks } from '../../tasks/task-query.ts'
import { VOICE_WAKE, VOICE_WAKE_ROUTING } from '../../voice-wake.ts'
import { type CallContext, defineMethod, type MethodDefinition } from '../define-method.ts'
import { missingScope, userRequired } from '../refusals.ts'

export interface InventoryMethodComponents {
  readonly clock: Clock
  readonly tasks: TaskDirectory
}

/** This machine: the only place where things run. Agents are not among them yet. */
const ENVIRONMENTS: EnvironmentsListResult = {
  environments: [
    {
      id: 'gateway',
      type: 'local',
      label: 'This gateway',
      status: 'available',
      platform: os.platform(),
      sessionHost: false,
      trust: 'persistent',
      capabilities: [],
    },
  ],
}

/** Answers that are the same for every caller and at every time. */
const CONSTANT_ANSWERS: Readonly<Record<string, object>> = {
  'models.list': { models: [] },
  'commands.list': { commands: [] },
  'voicewake.get': VOICE_WAKE,
  'voicewake.routing.get': VOICE_WAKE_ROUTING,
  'environments.list': ENVIRONMENTS,
  'plugins.list': { plugins: [], diagnostics: [], mutationAllowed: false },
  'plugins.uiDescriptors': { ok: true, descriptors: [] },
  'projects.list': { projects: [] },
  'taskSuggestions.list': { suggestions: [] },
  'worktrees.list': { worktrees: [] },
}

export const inventoryMethods = ({ clock, tasks }: InventoryMethodComponents): MethodDefinition[] => [
  ...Object.entries(CONSTANT_ANSWERS).map(([method, answer]) => defineMethod(method, () => answer)),
  defineMethod('models.authStatus', () => ({ ts: clock.nowMs(), providers: [], providerCapabilities: [] })),
  defineMethod('usage.status', () => ({ updatedAt: clock.nowMs(), providers: [] })),
  defineMethod<TasksListParams>('tasks.list', (params) => selectTasks(tasks.list(), params)),
  defineMethod<TalkConfigParams>('talk.config', (params, { peer }) => talkConfig(params, peer)),
  defineMethod('users.self', () => {
    throw userRequired('users.self')
  }),
]

/** Nothing about talking is configured, so there is nothing to hide; asking for secrets still needs the right to. */
function talkConfig({ includeSecrets }: TalkConfigParams, peer: CallContext['peer']) {
  if (includeSecrets === true && !peer.hasScope('operator.talk.secrets')) throw missingScope('operator.talk.secrets')
  return { config: {} }
}
