// Device tokens, setup codes, and who may come without a device.

import { type ConnectCase, DEVICE_TOKEN, hello, SECRET } from '../case.ts'
import { admin, BACKEND, CONTROL_UI, mac, node, operator, PROBE, TEST, TUI } from './peers.ts'
import {
  deviceTokenMismatch,
  identityRequired,
  pageIdentityRequired,
  setupCodeInvalid,
  unauthorized,
} from './refusals.ts'

const WRONG = 'not-the-secret'
const NEW = { key: 'new' } as const
const PREPARED = { key: 'prepared' } as const
const PAIRED_MAC = [{ params: mac(), device: true }] as const

const deviceTokens: readonly ConnectCase[] = [
  {
    id: 'device-token',
    title: 'a paired device comes back with its token alone',
    cites: ['auth.device-token'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { deviceToken: DEVICE_TOKEN } }), device: PREPARED },
    expect: hello({ scopes: ['operator.read'], method: 'device-token', hasDeviceToken: true }),
  },
  {
    id: 'device-token-as-token',
    title: 'a device token is accepted in the field of the shared token',
    cites: ['auth.device-token'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { token: DEVICE_TOKEN } }), device: PREPARED },
    expect: hello({ scopes: ['operator.read'], method: 'device-token', hasDeviceToken: true }),
  },
  {
    id: 'device-token-wrong',
    title: 'a paired device with a wrong device token is refused',
    cites: ['auth.device-token-mismatch'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { deviceToken: WRONG } }), device: PREPARED },
    expect: deviceTokenMismatch,
  },
  {
    id: 'device-token-unknown-device',
    title: 'an unknown device with a device token is refused',
    cites: ['auth.device-token-mismatch'],
    send: { kind: 'connect', params: mac({ auth: { deviceToken: WRONG } }), device: NEW },
    expect: deviceTokenMismatch,
  },
  {
    id: 'device-token-other-role',
    title: "an operator's device token does not make a node",
    cites: ['auth.device-token-mismatch'],
    prepare: PAIRED_MAC,
    send: {
      kind: 'connect',
      params: mac({ role: 'node', scopes: [], auth: { deviceToken: DEVICE_TOKEN } }),
      device: PREPARED,
    },
    expect: deviceTokenMismatch,
  },
  {
    id: 'device-token-no-device',
    title: 'a device token without its device is no credential',
    cites: ['auth.no-device'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { deviceToken: DEVICE_TOKEN } }) },
    expect: identityRequired,
  },
  {
    id: 'device-token-more-scopes',
    title: 'a device token does not carry more scopes than were approved',
    cites: ['auth.scope-mismatch'],
    prepare: PAIRED_MAC,
    send: {
      kind: 'connect',
      params: mac({ scopes: ['operator.read', 'operator.admin'], auth: { deviceToken: DEVICE_TOKEN } }),
      device: PREPARED,
    },
    expect: unauthorized(
      'AUTH_SCOPE_MISMATCH',
      'unauthorized: device token scope mismatch (re-pair or approve scope upgrade)',
      'scope_mismatch',
      'review_auth_configuration',
    ),
  },
]

const setupCodes: readonly ConnectCase[] = [
  {
    id: 'setup-code-wrong-node',
    title: 'a node with a bad setup code is refused',
    cites: ['auth.bootstrap-invalid'],
    send: { kind: 'connect', params: node({ auth: { bootstrapToken: WRONG } }), device: NEW },
    expect: setupCodeInvalid,
  },
  {
    id: 'setup-code-wrong-operator',
    title: 'an operator with a bad setup code is refused',
    cites: ['auth.bootstrap-invalid'],
    send: { kind: 'connect', params: mac({ auth: { bootstrapToken: WRONG } }), device: NEW },
    expect: setupCodeInvalid,
  },
  {
    id: 'setup-code-no-device',
    title: 'a setup code without a device is no credential',
    cites: ['auth.no-device'],
    send: { kind: 'connect', params: mac({ auth: { bootstrapToken: WRONG } }) },
    expect: identityRequired,
  },
  {
    id: 'setup-code-wrong-good-token',
    title: 'a good token wins over a bad setup code',
    cites: ['auth.bootstrap-after-secret'],
    send: { kind: 'connect', params: mac({ auth: { token: SECRET, bootstrapToken: WRONG } }), device: NEW },
    expect: hello({ scopes: ['operator.read'], method: 'token' }),
  },
]

const withoutDevice: readonly ConnectCase[] = [
  {
    id: 'no-device-node',
    title: 'a node with the token but without a device is refused',
    cites: ['auth.no-device-node'],
    send: { kind: 'connect', params: node() },
    expect: identityRequired,
  },
  {
    id: 'no-device-tui',
    title: 'a terminal page without a device is refused',
    cites: ['auth.no-device-page'],
    send: { kind: 'connect', params: operator({ client: TUI }) },
    expect: pageIdentityRequired,
  },
  {
    id: 'no-device-control-ui',
    title: 'the Control UI without a device is refused',
    cites: ['auth.no-device-page'],
    headers: { origin: 'http://127.0.0.1:18789' },
    send: { kind: 'connect', params: operator({ client: CONTROL_UI }) },
    expect: pageIdentityRequired,
  },
  {
    id: 'no-device-cli-admin',
    title: 'the command line on this machine keeps the scopes it asks for',
    cites: ['auth.scopes-kept'],
    send: { kind: 'connect', params: admin() },
    expect: hello({ scopes: ['operator.admin'], method: 'token', hasDeviceToken: false }),
  },
  {
    id: 'no-device-backend',
    title: 'the back end on this machine keeps the scopes it asks for',
    cites: ['auth.scopes-kept'],
    send: { kind: 'connect', params: operator({ client: BACKEND }) },
    expect: hello({ scopes: ['operator.read'] }),
  },
  ...[
    { id: 'test', client: TEST },
    { id: 'probe', client: PROBE },
  ].map(
    ({ id, client }): ConnectCase => ({
      id: `no-device-${id}`,
      title: `a ${id} client without a device connects with no scopes`,
      cites: ['auth.scopes-cleared'],
      send: { kind: 'connect', params: operator({ client }) },
      expect: hello({ scopes: [] }),
    }),
  ),
  {
    id: 'scopes-unknown',
    title: 'unknown scopes are echoed',
    cites: ['auth.scopes-unknown'],
    send: { kind: 'connect', params: operator({ scopes: ['operator.read', 'operator.zzz', 'foo'] }) },
    expect: hello({ scopes: ['operator.read', 'operator.zzz', 'foo'] }),
  },
]

export const deviceCredentialCases: readonly ConnectCase[] = [...deviceTokens, ...setupCodes, ...withoutDevice]
