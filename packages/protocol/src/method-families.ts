// Which methods this gateway validates, grouped so that a family's validators load on its first call only.
// Data for the generator and the lazy loader. Adding a method here is the first step of serving it.

/** A schema for methods whose parameters the published contract leaves open. */
export type InlineSchema = Readonly<Record<string, unknown>>

/** `true`: the contract's `<Method>Params` definition. A string: that definition. An object: the schema itself. */
export type ParamsSource = true | string | InlineSchema

const NONE: InlineSchema = { type: 'object', additionalProperties: false }
const OPEN: InlineSchema = { type: 'object' }
const limit = { type: 'integer', minimum: 1, maximum: 1000 }
const agentScoped: InlineSchema = {
  type: 'object',
  properties: { agentId: { type: 'string', minLength: 1 }, sessionKey: { type: 'string', minLength: 1 } },
  additionalProperties: false,
}

export const METHOD_FAMILIES = {
  system: {
    health: OPEN,
    status: {
      type: 'object',
      properties: { includeChannelSummary: { type: 'boolean' }, includeCliProjection: { type: 'boolean' } },
      additionalProperties: false,
    },
    'system-presence': NONE,
    'system-event': {
      type: 'object',
      required: ['text'],
      properties: {
        text: { type: 'string', minLength: 1, maxLength: 16_384 },
        ...Object.fromEntries(
          [
            'deviceId',
            'instanceId',
            'host',
            'ip',
            'mode',
            'version',
            'platform',
            'deviceFamily',
            'modelIdentifier',
            'reason',
            'sessionKey',
          ].map((name) => [name, { type: 'string', maxLength: 512 }]),
        ),
        lastInputSeconds: { type: 'number', minimum: 0 },
        roles: { type: 'array', items: { type: 'string' }, maxItems: 32 },
        scopes: { type: 'array', items: { type: 'string' }, maxItems: 64 },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 64 },
        wake: { type: 'boolean' },
      },
      additionalProperties: false,
    },
    'last-heartbeat': NONE,
    'set-heartbeats': {
      type: 'object',
      required: ['enabled'],
      properties: { enabled: { type: 'boolean' } },
      additionalProperties: false,
    },
    wake: true,
    'gateway.identity.get': NONE,
    'gateway.restart.preflight': NONE,
    'logs.tail': true,
    'diagnostics.stability': {
      type: 'object',
      properties: { limit, device: { type: 'string', minLength: 1, maxLength: 256 } },
      additionalProperties: false,
    },
    'system.info': true,
    'update.status': true,
  },
  devices: {
    'device.pair.list': true,
    'device.pair.approve': true,
    'device.pair.reject': true,
    'device.pair.remove': true,
    'device.pair.rename': true,
    'device.pair.setupCode': true,
    'device.pair.setupStatus': true,
    'device.token.rotate': true,
    'device.token.revoke': true,
    'device.scopes.requestUpgrade': {
      type: 'object',
      required: ['scopes'],
      properties: {
        scopes: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 128 }, minItems: 1, maxItems: 64 },
      },
      additionalProperties: false,
    },
    'device.scopes.waitUpgrade': {
      type: 'object',
      required: ['requestId'],
      properties: { requestId: { type: 'string', minLength: 1, maxLength: 128 } },
      additionalProperties: false,
    },
  },
  nodes: {
    'node.list': true,
    'node.describe': true,
    'node.pair.list': true,
  },
  approvals: {
    'exec.approval.list': NONE,
    'exec.approvals.get': true,
    'approval.history': true,
    'plugin.approval.list': NONE,
    'openclaw.approval.list': NONE,
    'question.list': true,
  },
  sessions: {
    'sessions.list': true,
    'sessions.describe': true,
    'sessions.resolve': true,
    'sessions.preview': true,
    'sessions.subscribe': NONE,
    'sessions.messages.subscribe': true,
    'sessions.messages.unsubscribe': true,
    'sessions.groups.list': true,
    'chat.history': true,
    'chat.startup': OPEN,
    'chat.metadata': true,
    'agent.identity.get': agentScoped,
    'agents.list': true,
  },
  cron: {
    'cron.status': true,
    'cron.list': true,
    'cron.get': true,
    'cron.runs': true,
  },
  config: {
    'config.get': true,
    'config.schema': true,
    'config.schema.lookup': true,
    'config.set': true,
    'config.patch': true,
    'config.apply': true,
  },
  inventory: {
    'channels.status': true,
    'models.list': true,
    'models.authStatus': true,
    'commands.list': true,
    'skills.status': true,
    'tools.catalog': true,
    'voicewake.get': NONE,
    'voicewake.routing.get': NONE,
    'talk.config': true,
    'usage.status': NONE,
    'environments.list': true,
    'plugins.list': true,
    'plugins.uiDescriptors': true,
    'projects.list': true,
    'taskSuggestions.list': true,
    'tasks.list': true,
    'worktrees.list': true,
    'users.self': NONE,
  },
} as const satisfies Record<string, Record<string, ParamsSource>>

export type MethodFamily = keyof typeof METHOD_FAMILIES

const FAMILY_OF: ReadonlyMap<string, MethodFamily> = new Map(
  Object.entries(METHOD_FAMILIES).flatMap(([family, methods]) =>
    Object.keys(methods).map((method) => [method, family as MethodFamily] as const),
  ),
)

/** The family that validates a method, or undefined for methods this gateway does not serve. */
export const familyOf = (method: string): MethodFamily | undefined => FAMILY_OF.get(method)

/** Every method with a validator, in table order. */
export const servedMethods = (): string[] => [...FAMILY_OF.keys()]
