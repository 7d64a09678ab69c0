// Every method of an empty gateway answers, and what it answers fits the published contract where that has a schema.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { servedMethods } from '@breakwater/protocol'
import { ParamsValidators } from '@breakwater/protocol/params-validators'
import { Ajv, type ValidateFunction } from 'ajv'
import { methodFixture } from './method-fixture.ts'

interface ContractSchema {
  readonly definitions: Readonly<Record<string, object>>
}

const contract: ContractSchema = JSON.parse(
  readFileSync(new URL('../protocol.schema.json', import.meta.resolve('@openclaw/gateway-protocol')), 'utf8'),
)
const ajv = new Ajv({ strict: false, allErrors: true })
ajv.addSchema({ ...contract, $id: 'contract' })

const definition = (name: string): ValidateFunction => ajv.compile({ $ref: `contract#/definitions/${name}` })
const pointer = (path: string): ValidateFunction => ajv.compile({ $ref: `contract#${path}` })

const pascal = (method: string): string =>
  method
    .split(/[.-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')

/** Results the contract describes under another name than `<Method>Result`. */
const DESCRIBED_ELSEWHERE: Readonly<Record<string, ValidateFunction>> = {
  health: pointer('/definitions/Snapshot/properties/health'),
  'system-presence': pointer('/definitions/Snapshot/properties/presence'),
  'agent.identity.get': definition('AgentIdentityResult'),
  'exec.approvals.get': definition('ExecApprovalsSnapshot'),
}

/** Methods whose result the contract leaves open; `test` below pins what clients read of each. */
const LEFT_OPEN: Readonly<Record<string, readonly string[]>> = {
  status: [
    'runtimeVersion',
    'heartbeat',
    'channelSummary',
    'queuedSystemEvents',
    'tasks',
    'sessions',
    'eventLoop',
    'pid',
  ],
  'system-event': ['ok'],
  'set-heartbeats': ['ok', 'enabled'],
  wake: ['ok'],
  'gateway.identity.get': ['deviceId', 'publicKey'],
  'gateway.restart.preflight': ['safe', 'counts', 'blockers', 'summary'],
  'diagnostics.stability': ['generatedAt', 'capacity', 'count', 'dropped', 'firstSeq', 'lastSeq', 'events'],
  'device.pair.list': ['pending', 'paired'],
  'node.list': ['ts', 'nodes'],
  'node.pair.list': ['pending', 'paired'],
  'sessions.list': [
    'ts',
    'path',
    'count',
    'totalCount',
    'limitApplied',
    'nextOffset',
    'hasMore',
    'owners',
    'defaults',
    'sessions',
  ],
  'sessions.describe': ['session'],
  'sessions.preview': ['ts', 'previews'],
  'sessions.subscribe': ['subscribed'],
  'sessions.messages.subscribe': ['subscribed', 'key'],
  'sessions.messages.unsubscribe': ['subscribed', 'key'],
  'chat.history': ['sessionKey', 'messages', 'pendingInputs', 'hasMore', 'totalMessages', 'defaults', 'sessionInfo'],
  'chat.startup': ['sessionKey', 'messages', 'pendingInputs', 'hasMore', 'totalMessages', 'defaults', 'sessionInfo'],
  'chat.metadata': ['models', 'commands'],
  'cron.status': ['enabled', 'storePath', 'jobs', 'nextWakeAtMs'],
  'cron.list': ['jobs', 'snapshotRevision', 'total', 'offset', 'limit', 'hasMore', 'nextOffset', 'deliveryPreviews'],
  'cron.runs': ['entries', 'total', 'offset', 'limit', 'hasMore', 'nextOffset'],
  'models.authStatus': ['ts', 'providers', 'providerCapabilities'],
  'skills.status': ['workspaceDir', 'managedSkillsDir', 'agentId', 'skills'],
  'voicewake.get': ['triggers'],
  'voicewake.routing.get': ['config'],
  'usage.status': ['updatedAt', 'providers'],
}

/** Results that are a bare list or nothing, as on the wire. */
const NOT_AN_OBJECT: Readonly<Record<string, unknown>> = {
  'last-heartbeat': null,
  'exec.approval.list': [],
  'plugin.approval.list': [],
  'openclaw.approval.list': [],
}

/** Methods an empty gateway can only refuse, with their reason. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'device.pair.approve': /unknown requestId/,
  'device.pair.reject': /unknown requestId/,
  'device.pair.remove': /unknown deviceId/,
  'device.pair.rename': /unknown deviceId/,
  'device.token.rotate': /device token rotation denied/,
  'device.token.revoke': /device token revocation denied/,
  'device.scopes.requestUpgrade': /needs a paired device/,
  'device.scopes.waitUpgrade': /unknown requestId/,
  'node.describe': /unknown nodeId/,
  'cron.get': /cron job not found: nope/,
  'users.self': /requires an authenticated user/,
}

/** Parameters of methods that need some. */
const PARAMS: Readonly<Record<string, object>> = {
  'system-event': { text: 'Node: shed', host: 'shed' },
  'set-heartbeats': { enabled: true },
  wake: { mode: 'next-heartbeat', text: 'look' },
  'device.pair.approve': { requestId: 'nope' },
  'device.pair.reject': { requestId: 'nope' },
  'device.pair.remove': { deviceId: 'nope' },
  'device.pair.rename': { deviceId: 'nope', label: 'shed' },
  'device.pair.setupCode': { publicUrl: 'wss://gw.example.com' },
  'device.pair.setupStatus': { setupId: 'nope' },
  'device.token.rotate': { deviceId: 'nope', role: 'operator' },
  'device.token.revoke': { deviceId: 'nope', role: 'operator' },
  'device.scopes.requestUpgrade': { scopes: ['operator.read'] },
  'device.scopes.waitUpgrade': { requestId: 'nope' },
  'node.describe': { nodeId: 'nope' },
  'cron.get': { id: 'nope' },
  'sessions.describe': { key: 'main' },
  'sessions.resolve': { key: 'nope', allowMissing: true },
  'sessions.preview': { keys: ['agent:main:main'] },
  'sessions.messages.subscribe': { key: 'main' },
  'sessions.messages.unsubscribe': { key: 'main' },
  'chat.history': { sessionKey: 'agent:main:main' },
  'chat.startup': { sessionKey: 'agent:main:main' },
}

const ownMethods = servedMethods().filter((method) => !method.startsWith('config.'))

const describes = (method: string): ValidateFunction | undefined =>
  DESCRIBED_ELSEWHERE[method] ??
  (Object.hasOwn(contract.definitions, `${pascal(method)}Result`) ? definition(`${pascal(method)}Result`) : undefined)

describe('an empty gateway', () => {
  test('serves every method that has parameters validators, and no other', async () => {
    await using fixture = await methodFixture()
    assert.deepEqual([...fixture.names].sort(), [...ownMethods].sort())
  })

  for (const method of ownMethods) {
    test(`answers ${method} in the wire's shape`, async () => {
      await using fixture = await methodFixture()
      await writeFile(fixture.logFile, '{"message":"a"}\n')
      const params = PARAMS[method] ?? {}
      await assertParamsFit(method, params)
      const refusal = REFUSED[method]
      if (refusal !== undefined) {
        await assert.rejects(fixture.call(method, params), { message: refusal })
        return
      }
      const result = asSent(await fixture.call(method, params))
      if (Object.hasOwn(NOT_AN_OBJECT, method)) assert.deepEqual(result, NOT_AN_OBJECT[method])
      else assertFits(method, result)
    })
  }
})

/** The examples themselves must be legal calls. */
async function assertParamsFit(method: string, params: object): Promise<void> {
  const validators = new ParamsValidators()
  await validators.load(method)
  assert.equal(validators.check(method, params), undefined)
}

function assertFits(method: string, result: unknown): void {
  const validate = describes(method)
  if (validate !== undefined) {
    assert.ok(validate(result), `${method}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(result)}`)
    return
  }
  const fields = LEFT_OPEN[method]
  assert.ok(fields, `${method} has neither a schema nor a list of fields`)
  for (const field of fields) assert.ok(Object.hasOwn(result as object, field), `${method} lacks ${field}`)
}

const asSent = (result: unknown): unknown => JSON.parse(JSON.stringify(result))
