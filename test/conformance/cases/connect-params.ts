// Parameters of connect: protocol range, role, and what fits the schema.

import { type ConnectCase, closed, hello, refused } from '../case.ts'
import { CLI, NODE_HOST, node, operator, PROBE } from './peers.ts'

const badParams = (reason: string | RegExp) =>
  refused('INVALID_REQUEST', undefined, typeof reason === 'string' ? `invalid connect params: ${reason}` : reason)

const mismatch = (min: number, max: number) =>
  refused('INVALID_REQUEST', 'PROTOCOL_MISMATCH', 'protocol mismatch', {
    close: 1002,
    details: { clientMinProtocol: min, clientMaxProtocol: max, expectedProtocol: 4, minimumProbeProtocol: 3 },
  })

const versions: readonly ConnectCase[] = [
  ...(
    [
      [1, 3],
      [3, 3],
      [5, 6],
      [5, 4],
    ] as const
  ).map(
    ([min, max]): ConnectCase => ({
      id: `protocol-${min}-${max}`,
      title: `an operator that speaks ${min} to ${max} is refused with both ranges`,
      cites: ['handshake.protocol'],
      send: { kind: 'connect', params: operator({ minProtocol: min, maxProtocol: max }) },
      expect: mismatch(min, max),
    }),
  ),
  {
    id: 'protocol-3-5',
    title: 'a range that contains 4 is accepted',
    cites: ['handshake.protocol'],
    send: { kind: 'connect', params: operator({ minProtocol: 3, maxProtocol: 5 }) },
    expect: hello({ scopes: ['operator.read'] }),
  },
  {
    id: 'protocol-3-probe',
    title: 'a probe may speak version 3',
    cites: ['handshake.protocol-older'],
    send: { kind: 'connect', params: operator({ minProtocol: 3, maxProtocol: 3, client: PROBE }) },
    expect: hello({ scopes: [] }),
  },
  {
    id: 'protocol-2-probe',
    title: 'a probe may not speak version 2',
    cites: ['handshake.protocol-older'],
    send: { kind: 'connect', params: operator({ minProtocol: 2, maxProtocol: 2, client: PROBE }) },
    expect: mismatch(2, 2),
  },
  {
    id: 'protocol-3-node',
    title: 'a node may speak version 3',
    cites: ['handshake.protocol-older'],
    send: { kind: 'connect', params: node({ minProtocol: 3, maxProtocol: 3 }), device: { key: 'new' } },
    expect: hello({ scopes: [], hasDeviceToken: true }),
  },
]

const roles: readonly ConnectCase[] = [
  {
    id: 'role-unknown',
    title: 'an unknown role is refused',
    cites: ['handshake.role'],
    send: { kind: 'connect', params: operator({ role: 'admin' }) },
    expect: refused('INVALID_REQUEST', undefined, 'invalid role'),
    provokes: ['INVALID_ROLE'],
  },
  {
    id: 'role-empty',
    title: 'an empty role does not fit the schema',
    cites: ['handshake.params-typed'],
    send: { kind: 'connect', params: operator({ role: '' }) },
    expect: badParams('at /role: must not have fewer than 1 characters'),
    provokes: ['INVALID_CONNECT_PARAMS'],
  },
  {
    id: 'role-worker',
    title: 'a worker is turned away',
    cites: ['handshake.worker'],
    send: { kind: 'connect', params: operator({ role: 'worker' }) },
    expect: {
      ours: refused('INVALID_REQUEST', undefined, 'invalid role'),
      official: closed(1008, 'invalid-handshake'),
      why: 'Law 9: every refusal is answered; the role is unknown here like any other.',
    },
  },
  {
    id: 'role-absent',
    title: 'without a role the connection is an operator',
    cites: ['handshake.role-default'],
    send: { kind: 'connect', params: operator({ role: undefined }) },
    expect: hello({ scopes: ['operator.read'] }),
  },
  {
    id: 'scopes-absent',
    title: 'without scopes the connection has none',
    cites: ['handshake.role-default'],
    send: { kind: 'connect', params: operator({ scopes: undefined }) },
    expect: hello({ scopes: [] }),
  },
]

const parameters: readonly ConnectCase[] = [
  { id: 'root', params: operator({ zzz: 1 }), reason: "at root: unexpected property 'zzz'" },
  { id: 'client', params: operator({ client: { ...CLI, zzz: 1 } }), reason: "at /client: unexpected property 'zzz'" },
  { id: 'auth', params: operator({ auth: { zzz: 1 } }), reason: "at /auth: unexpected property 'zzz'" },
].map(
  ({ id, params, reason }): ConnectCase => ({
    id: `params-unknown-${id}`,
    title: `an unknown property (${reason}) is refused`,
    cites: ['handshake.params-closed'],
    send: { kind: 'connect', params },
    expect: badParams(reason),
  }),
)

const typed: readonly ConnectCase[] = [
  { id: 'client', params: operator({ client: undefined }), reason: "must have required property 'client'" },
  {
    id: 'version',
    params: operator({ client: { ...CLI, version: undefined } }),
    reason: "at /client: must have required property 'version'",
  },
  {
    id: 'version-empty',
    params: operator({ client: { ...CLI, version: '' } }),
    reason: 'at /client/version: must not have fewer than 1 characters',
  },
  { id: 'min-protocol-string', params: operator({ minProtocol: '4' }), reason: 'at /minProtocol: must be integer' },
  {
    id: 'min-protocol',
    params: operator({ minProtocol: undefined }),
    reason: "must have required property 'minProtocol'",
  },
  { id: 'scopes-string', params: operator({ scopes: 'operator.read' }), reason: 'at /scopes: must be array' },
  { id: 'scopes-number', params: operator({ scopes: [1] }), reason: 'at /scopes/0: must be string' },
  { id: 'permissions', params: operator({ permissions: { a: 'x' } }), reason: 'at /permissions/a: must be boolean' },
].map(
  ({ id, params, reason }): ConnectCase => ({
    id: `params-typed-${id}`,
    title: `a connect that does not fit (${reason}) is refused`,
    cites: ['handshake.params-typed'],
    send: { kind: 'connect', params },
    expect: badParams(reason),
  }),
)

const vocabulary: readonly ConnectCase[] = [
  {
    id: 'params-absent',
    title: 'a connect without parameters is refused',
    cites: ['handshake.params-typed'],
    send: { kind: 'messages', messages: [{ type: 'req', id: '1', method: 'connect' }] },
    expect: badParams('must be object'),
  },
  {
    id: 'params-two-faults',
    title: 'of two unknown properties at least the first is named',
    cites: ['handshake.params-closed'],
    send: { kind: 'connect', params: operator({ zzz: 1, client: { ...CLI, yyy: 2 } }) },
    expect: {
      ours: badParams("at root: unexpected property 'zzz'"),
      official: badParams("at root: unexpected property 'zzz'; at /client: unexpected property 'yyy'"),
      why: 'Law 1: the validator stops at the first fault, so that a stranger cannot buy work and reply bytes with faults.',
    },
  },
  {
    id: 'params-client-id',
    title: 'an unknown client id is refused',
    cites: ['handshake.vocabulary'],
    send: { kind: 'connect', params: operator({ client: { ...CLI, id: 'mine' } }) },
    expect: badParams('at /client/id: must be equal to one of the allowed values'),
  },
  {
    id: 'params-client-mode',
    title: 'an unknown client mode is refused',
    cites: ['handshake.vocabulary'],
    send: { kind: 'connect', params: node({ client: { ...NODE_HOST, mode: 'operator' } }) },
    expect: badParams('at /client/mode: must be equal to one of the allowed values'),
  },
]

export const connectParamsCases: readonly ConnectCase[] = [
  ...versions,
  ...roles,
  ...parameters,
  ...typed,
  ...vocabulary,
]
