// After hello-ok: what is answered, what is dropped, and what ends the connection.

import { answered, type ConnectCase, SECRET } from '../case.ts'
import { admin, node, operator } from './peers.ts'

const NEW = { key: 'new' } as const
const asAdmin = { kind: 'connect', params: admin() } as const
const asReader = { kind: 'connect', params: operator() } as const
const asNode = { kind: 'connect', params: node(), device: NEW } as const

const invalid = (message: string | RegExp) => ({ code: 'INVALID_REQUEST', message })
const missing = (scope: string) => ({
  code: 'FORBIDDEN',
  detail: 'MISSING_SCOPE',
  message: `missing scope: ${scope}`,
  details: { missingScope: scope, requiredScopes: [scope] },
})
const unauthorizedNode = invalid('unauthorized role: node')
const unauthorizedOperator = invalid('unauthorized role: operator')

const frames: readonly ConnectCase[] = [
  {
    id: 'second-connect-admin',
    title: 'a second connect of an administrator is refused and the socket stays open',
    cites: ['requests.second-connect'],
    send: asAdmin,
    followUps: [{ method: 'connect', params: admin() }],
    expect: answered({ error: invalid('connect is only valid as the first request') }),
  },
  {
    id: 'second-connect-reader',
    title: 'a second connect without the admin scope is a missing scope',
    cites: ['requests.second-connect', 'requests.unknown-method'],
    send: asReader,
    followUps: [{ method: 'connect', params: operator() }],
    expect: answered({ error: missing('operator.admin') }),
  },
  {
    id: 'second-connect-node',
    title: 'a second connect of a node is a method of the other role',
    cites: ['requests.second-connect', 'requests.role'],
    send: asNode,
    followUps: [{ method: 'connect', params: node() }],
    expect: answered({ error: unauthorizedNode }),
  },
  {
    id: 'not-json',
    title: 'a message that is not JSON is dropped and the next request is answered',
    cites: ['requests.not-json'],
    send: asReader,
    followUps: [{ message: 'hello' }, { method: 'last-heartbeat' }],
    expect: answered({ count: 1 }),
  },
  {
    id: 'frame-no-type',
    title: 'a message without a type is answered under the id invalid',
    cites: ['requests.frame'],
    send: asReader,
    followUps: [{ message: {} }],
    expect: answered({ id: 'invalid', error: invalid(/^invalid request frame: /) }),
  },
  {
    id: 'frame-array',
    title: 'an array is answered under the id invalid',
    cites: ['requests.frame'],
    send: asReader,
    followUps: [{ message: [] }],
    expect: answered({ id: 'invalid', error: invalid(/^invalid request frame: /) }),
  },
  {
    id: 'frame-extra',
    title: 'a request with an unknown property is answered under its id',
    cites: ['requests.frame'],
    send: asReader,
    followUps: [{ message: { type: 'req', id: 'x7', method: 'health', zzz: 1 } }],
    expect: answered({ id: 'x7', error: invalid("invalid request frame: at root: unexpected property 'zzz'") }),
  },
  {
    id: 'frame-empty-id',
    title: 'an empty id is echoed',
    cites: ['requests.frame'],
    send: asReader,
    followUps: [{ message: { type: 'req', id: '', method: 'health' } }],
    expect: answered({
      id: '',
      error: invalid('invalid request frame: at /id: must not have fewer than 1 characters'),
    }),
  },
  {
    id: 'payload-over-limit',
    title: 'a message over 25 MiB ends with 1009',
    cites: ['limits.max-payload'],
    send: asReader,
    followUps: [{ bytes: 26_214_401 }],
    expect: answered({ count: 0, close: { code: 1009, reason: '' } }),
  },
]

const access: readonly ConnectCase[] = [
  {
    id: 'unknown-method-admin',
    title: 'an administrator is told that a method does not exist',
    cites: ['requests.unknown-method'],
    send: asAdmin,
    followUps: [{ method: 'no.such.method' }],
    expect: answered({ error: invalid('unknown method: no.such.method') }),
  },
  {
    id: 'unknown-method-reader',
    title: 'whoever is no administrator is told of the missing scope instead',
    cites: ['requests.unknown-method'],
    send: asReader,
    followUps: [{ method: 'no.such.method' }],
    expect: answered({ error: missing('operator.admin') }),
  },
  {
    id: 'unknown-method-node',
    title: 'a node is told that the method is not for it',
    cites: ['requests.unknown-method', 'requests.role'],
    send: asNode,
    followUps: [{ method: 'no.such.method' }],
    expect: answered({ error: unauthorizedNode }),
  },
  {
    id: 'scope-missing',
    title: 'a method above the scopes of the connection names the scope',
    cites: ['requests.scope'],
    send: asReader,
    followUps: [{ method: 'device.pair.list', params: {} }],
    expect: answered({ error: missing('operator.pairing') }),
  },
  {
    id: 'scope-none',
    title: 'a connection without scopes may not read',
    cites: ['requests.scope'],
    send: { kind: 'connect', params: operator({ scopes: [] }) },
    followUps: [{ method: 'node.list', params: {} }],
    expect: answered({ error: missing('operator.read') }),
  },
  {
    id: 'scope-none-health',
    title: 'a connection without scopes may ask for health',
    cites: ['requests.scope'],
    send: { kind: 'connect', params: operator({ scopes: [] }) },
    followUps: [{ method: 'health' }],
    expect: answered(),
  },
  {
    id: 'role-node-calls-operator-method',
    title: 'a node may not call methods of operators',
    cites: ['requests.role'],
    send: asNode,
    followUps: [{ method: 'node.list', params: {} }],
    expect: answered({ error: unauthorizedNode }),
  },
  {
    id: 'role-node-health',
    title: 'a node may ask for health',
    cites: ['requests.role'],
    send: asNode,
    followUps: [{ method: 'health' }],
    expect: answered(),
  },
  {
    id: 'role-operator-calls-node-method',
    title: 'an operator may not call methods of nodes',
    cites: ['requests.role'],
    send: asAdmin,
    followUps: [{ method: 'node.event', params: { event: 'x' } }],
    expect: answered({ error: unauthorizedOperator }),
  },
  {
    id: 'role-repeated',
    title: 'the twelfth call in a row of the other role ends the connection',
    cites: ['requests.role-repeated'],
    send: asNode,
    followUps: [{ method: 'node.list', params: {}, times: 12 }],
    expect: {
      ours: answered({
        count: 12,
        error: unauthorizedNode,
        close: { code: 1008, reason: 'repeated unauthorized calls' },
      }),
      official: answered({
        count: 11,
        error: unauthorizedNode,
        close: { code: 1008, reason: 'repeated unauthorized calls' },
      }),
      why: 'Law 9: the call that ends the connection is answered too.',
    },
  },
  {
    id: 'role-repeated-reset',
    title: 'an allowed call in between starts the count anew',
    cites: ['requests.role-repeated'],
    send: asNode,
    followUps: [
      { method: 'node.list', params: {}, times: 8 },
      { method: 'health' },
      { method: 'node.list', params: {}, times: 8 },
    ],
    expect: answered({ count: 17, error: unauthorizedNode }),
  },
]

const parameters: readonly ConnectCase[] = [
  {
    id: 'params-extra',
    title: 'an unknown parameter is refused with its name',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'node.list', params: { zzz: 1 } }],
    expect: answered({ error: invalid("invalid node.list params: at root: unexpected property 'zzz'") }),
  },
  {
    id: 'params-required',
    title: 'a missing parameter is named',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'node.describe', params: {} }],
    expect: answered({ error: invalid("invalid node.describe params: must have required property 'nodeId'") }),
  },
  {
    id: 'params-type',
    title: 'a mistyped parameter is named with its place',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'logs.tail', params: { limit: 'x' } }],
    expect: answered({ error: invalid('invalid logs.tail params: at /limit: must be integer') }),
  },
  {
    id: 'params-range',
    title: 'a parameter out of range is named with its bound',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'logs.tail', params: { limit: 0 } }],
    expect: answered({ error: invalid('invalid logs.tail params: at /limit: must be >= 1') }),
  },
  {
    id: 'params-array',
    title: 'parameters that are no object are refused',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'node.list', params: [] }],
    expect: answered({ error: invalid('invalid node.list params: must be object') }),
  },
  {
    id: 'params-null',
    title: 'parameters that are null count as absent',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'node.list', params: null }],
    expect: answered(),
  },
  {
    id: 'params-missing',
    title: 'parameters may be left out',
    cites: ['requests.params'],
    send: asReader,
    followUps: [{ method: 'node.list' }],
    expect: answered(),
  },
  {
    id: 'writes-limited',
    title: 'the 31st configuration write of a minute is refused, failed ones counted',
    cites: ['limits.control-writes'],
    isLoud: true,
    send: { kind: 'connect', params: admin({ auth: { token: SECRET } }) },
    followUps: [{ method: 'config.patch', params: {}, times: 31 }],
    expect: answered({
      error: {
        code: 'UNAVAILABLE',
        message: /^rate limit exceeded for config\.patch; retry after \d+s$/,
        details: { method: 'config.patch', limit: '30 per 60s' },
        retryable: true,
      },
    }),
  },
]

export const requestCases: readonly ConnectCase[] = [...frames, ...access, ...parameters]
