// Builds what admission's steps take in: a connection on this machine that presents nothing, unless told otherwise.

import type { ConnectParams } from '@breakwater/protocol'
import type { Candidate, Connecting, Negotiated, SecretChecked, SecretVerdict } from '../../src/admission/candidate.ts'
import type { Locality } from '../../src/listener/locality.ts'

export const NONCE = '7b1f0c2e-0000-4000-8000-000000000001'
export const NOW_MS = 1_900_000_000_000

export const LOCAL: Locality = { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' }
export const UNIX: Locality = { kind: 'local', via: 'unix-socket' }
export const REMOTE: Locality = { kind: 'remote', clientAddress: '192.0.2.9' }
export const PROXIED: Locality = { kind: 'proxied', clientAddress: '192.0.2.9', proxyAddress: '198.51.100.1' }

export const GOOD_TOKEN: SecretVerdict = { ok: true, method: 'token' }
export const NO_TOKEN: SecretVerdict = {
  ok: false,
  error: 'AUTH_TOKEN_MISSING',
  authReason: 'token_missing',
  isMissing: true,
}
export const BAD_TOKEN: SecretVerdict = {
  ok: false,
  error: 'AUTH_TOKEN_MISMATCH',
  authReason: 'token_mismatch',
  isMissing: false,
}

export const connectParams = (changes: Partial<ConnectParams> = {}): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id: 'openclaw-macos', mode: 'ui', version: '1', platform: 'macOS 15.3.1' },
  ...changes,
})

export const client = (
  id: ConnectParams['client']['id'],
  mode: ConnectParams['client']['mode'],
  platform = 'linux',
): ConnectParams['client'] => ({ id, mode, version: '1', platform })

export const candidate = (changes: Partial<Candidate> = {}): Candidate => ({
  connId: 'conn-1',
  nonce: NONCE,
  locality: LOCAL,
  peerAddress: '127.0.0.1',
  headers: { host: '127.0.0.1:18789' },
  ...changes,
})

export const connecting = (connect: Partial<ConnectParams> = {}, changes: Partial<Candidate> = {}): Connecting => ({
  ...candidate(changes),
  requestId: 'c1',
  connect: connectParams(connect),
})

export function negotiated(connect: Partial<ConnectParams> = {}, changes: Partial<Candidate> = {}): Negotiated {
  const { role = 'operator', scopes = [] } = connect
  return { ...connecting(connect, changes), role: role as Negotiated['role'], requestedScopes: scopes }
}

export const secretChecked = (
  secret: SecretVerdict,
  connect: Partial<ConnectParams> = {},
  changes: Partial<Candidate> = {},
): SecretChecked => ({ ...negotiated(connect, changes), secret })
