// The shared secret: missing, wrong, right, and not asked for.

import { type ConnectCase, DEVICE_TOKEN, hello, SECRET } from '../case.ts'
import { BACKEND, behindProxy, CLI, mac, operator, PROBE, TEST } from './peers.ts'
import {
  deviceTokenMismatch,
  identityRequired,
  passwordMismatch,
  passwordMissing,
  tokenMismatch,
  tokenMismatchOfDevice,
  tokenMissing,
} from './refusals.ts'

const WRONG = 'not-the-secret'
const NEW = { key: 'new' } as const
const PREPARED = { key: 'prepared' } as const
const PAIRED_MAC = [{ params: mac(), device: true }] as const

const missing: readonly ConnectCase[] = [
  ...[
    { id: 'cli', client: CLI },
    { id: 'backend', client: BACKEND },
    { id: 'probe', client: PROBE },
    { id: 'test', client: TEST },
  ].map(
    ({ id, client }): ConnectCase => ({
      id: `no-secret-no-device-${id}`,
      title: `a ${id} client without secret and device needs a device identity`,
      cites: ['auth.no-device'],
      send: { kind: 'connect', params: operator({ client, auth: undefined }) },
      expect: identityRequired,
    }),
  ),
  {
    id: 'no-secret-empty-auth',
    title: 'an empty auth object is no secret',
    cites: ['auth.no-device'],
    send: { kind: 'connect', params: operator({ auth: {} }) },
    expect: identityRequired,
  },
  {
    id: 'no-secret-new-device',
    title: 'a new device without a token is told that the token is missing',
    cites: ['auth.token-missing'],
    send: { kind: 'connect', params: mac({ auth: undefined }), device: NEW },
    expect: tokenMissing,
  },
  {
    id: 'no-secret-paired-device',
    title: 'a paired device without a token is told that the token is missing',
    cites: ['auth.token-missing'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: undefined }), device: PREPARED },
    expect: tokenMissing,
  },
  {
    id: 'no-password-no-device',
    title: 'without password and device the command line needs a device identity',
    cites: ['auth.no-device'],
    configuration: 'password',
    send: { kind: 'connect', params: operator({ auth: undefined }) },
    expect: identityRequired,
  },
  {
    id: 'no-password-new-device',
    title: 'a new device without a password is told that the password is missing',
    cites: ['auth.password-missing'],
    configuration: 'password',
    send: { kind: 'connect', params: mac({ auth: undefined }), device: NEW },
    expect: passwordMissing,
  },
]

const wrong: readonly ConnectCase[] = [
  {
    id: 'wrong-token-cli',
    title: 'a wrong token from the command line is refused',
    cites: ['auth.token-mismatch'],
    send: { kind: 'connect', params: operator({ auth: { token: WRONG } }) },
    expect: tokenMismatch,
  },
  {
    id: 'wrong-token-as-password',
    title: 'a wrong password to a gateway with a token is a wrong token',
    cites: ['auth.token-mismatch', 'auth.secret'],
    send: { kind: 'connect', params: operator({ auth: { password: WRONG } }) },
    expect: tokenMismatch,
  },
  {
    id: 'wrong-token-backend',
    title: 'a wrong token from our own back end is refused like any other',
    cites: ['auth.token-mismatch'],
    send: { kind: 'connect', params: operator({ client: BACKEND, auth: { token: WRONG } }) },
    expect: tokenMismatch,
  },
  {
    id: 'wrong-token-new-device',
    title: 'a device with a wrong token may try its own token',
    cites: ['auth.token-mismatch'],
    send: { kind: 'connect', params: mac({ auth: { token: WRONG } }), device: NEW },
    expect: tokenMismatchOfDevice,
  },
  {
    id: 'wrong-token-both',
    title: 'a wrong token beside a wrong device token is a device token mismatch',
    cites: ['auth.device-token-mismatch'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { token: WRONG, deviceToken: WRONG } }), device: PREPARED },
    expect: deviceTokenMismatch,
  },
  {
    id: 'wrong-token-good-device-token',
    title: 'a good device token saves a wrong token',
    cites: ['auth.device-token'],
    prepare: PAIRED_MAC,
    send: { kind: 'connect', params: mac({ auth: { token: WRONG, deviceToken: DEVICE_TOKEN } }), device: PREPARED },
    expect: hello({ scopes: ['operator.read'], method: 'device-token', hasDeviceToken: true }),
  },
  {
    id: 'wrong-token-proxied',
    title: 'a wrong token from a proxied caller is refused',
    cites: ['auth.token-mismatch'],
    configuration: 'proxied',
    headers: behindProxy('203.0.113.9'),
    send: { kind: 'connect', params: operator({ auth: { token: WRONG } }) },
    expect: tokenMismatch,
  },
  {
    id: 'wrong-password-cli',
    title: 'a wrong password from the command line is refused',
    cites: ['auth.password-mismatch'],
    configuration: 'password',
    send: { kind: 'connect', params: operator({ auth: { password: WRONG } }) },
    expect: passwordMismatch,
  },
  {
    id: 'wrong-password-device',
    title: 'a device with a wrong password is not advised to try its token',
    cites: ['auth.password-mismatch'],
    configuration: 'password',
    send: { kind: 'connect', params: mac({ auth: { password: WRONG } }), device: NEW },
    expect: passwordMismatch,
  },
]

const right: readonly ConnectCase[] = [
  {
    id: 'token-in-password',
    title: 'the token is accepted in the field of the password',
    cites: ['auth.secret'],
    send: { kind: 'connect', params: operator({ auth: { password: SECRET } }) },
    expect: hello({ scopes: ['operator.read'], method: 'token' }),
  },
  {
    id: 'password',
    title: 'the password is accepted',
    cites: ['auth.secret', 'auth.scopes-kept'],
    configuration: 'password',
    send: { kind: 'connect', params: operator({ auth: { password: SECRET } }) },
    expect: hello({ scopes: ['operator.read'], method: 'password' }),
  },
  {
    id: 'password-in-token',
    title: 'the password is accepted in the field of the token',
    cites: ['auth.secret'],
    configuration: 'password',
    send: { kind: 'connect', params: operator({ auth: { token: SECRET } }) },
    expect: hello({ scopes: ['operator.read'], method: 'password' }),
  },
  {
    id: 'none-cli',
    title: 'without authentication the command line on this machine needs no device',
    cites: ['auth.none', 'auth.scopes-kept'],
    configuration: 'none',
    send: { kind: 'connect', params: operator({ auth: undefined }) },
    expect: {
      ours: hello({ scopes: ['operator.read'], method: 'none' }),
      official: identityRequired,
      why: "The owner's command line is let in as our own back end is, in both dialects: a key it makes up proves nothing more.",
    },
  },
  {
    id: 'none-backend',
    title: 'without authentication the back end on this machine needs no device',
    cites: ['auth.none', 'auth.scopes-kept'],
    configuration: 'none',
    send: { kind: 'connect', params: operator({ client: BACKEND, auth: undefined }) },
    expect: hello({ scopes: ['operator.read'], method: 'none' }),
  },
  {
    id: 'none-test',
    title: 'without authentication everyone else needs a device',
    cites: ['auth.none', 'auth.no-device'],
    configuration: 'none',
    send: { kind: 'connect', params: operator({ client: TEST, auth: undefined }) },
    expect: identityRequired,
  },
  {
    id: 'none-device',
    title: 'without authentication a device is paired and gets its token',
    cites: ['auth.none', 'pairing.silent'],
    configuration: 'none',
    send: { kind: 'connect', params: mac({ auth: undefined }), device: NEW },
    expect: hello({ scopes: ['operator.read'], method: 'none', hasDeviceToken: true }),
  },
]

export const secretCases: readonly ConnectCase[] = [...missing, ...wrong, ...right]
