// Names what a system error of a connection means to its owner. Reads error codes, never texts.

import { ClientError } from '../errors.ts'
import type { GatewayEndpoint } from '../url.ts'

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_CHAIN_TOO_LONG',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; is the gateway running?',
  ENOENT: 'no such socket; is the gateway running?',
  EACCES: 'not permitted; the socket belongs to the user that runs the gateway',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved now',
  ECONNRESET: 'the connection was reset; a ws:// URL to a TLS port ends like this',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host did not answer',
  EPROTO: 'TLS failed; a wss:// URL to a port without TLS ends like this',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed; a wss:// URL to a port without TLS ends like this',
}

export function toConnectError(cause: unknown, endpoint: GatewayEndpoint): ClientError {
  const code = codeOf(cause)
  if (code !== undefined && UNTRUSTED.has(code)) {
    const message =
      `${endpoint.label}: the certificate is not trusted (${code}). Trust its authority, or pin the certificate with ` +
      'its SHA-256 fingerprint as shown on the gateway itself.'
    return new ClientError('TLS_UNTRUSTED', message, { cause })
  }
  const hint = code === undefined ? undefined : HINTS[code]
  const what = [code, hint].filter((part) => part !== undefined).join(': ')
  return new ClientError('CONNECT_FAILED', `${endpoint.label}: ${what === '' ? 'connecting failed' : what}`, { cause })
}

/** An address family race reports one error holding one per address. */
function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  if ('code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof AggregateError ? codeOf(cause.errors[0]) : undefined
}
