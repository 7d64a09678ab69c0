// What went wrong between the command and a gateway, as a failure a person can act on. Reads codes, never messages.

import { CLIENT_ERRORS, type ClientError, type ClientErrorCode, recoveryOf } from '@breakwater/client'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { Failure } from '../failure.ts'
import type { Target } from './resolve-target.ts'

export function toClientFailure(error: ClientError, target: Target): Failure {
  const recovery = recoveryOf(error) ?? CLIENT_ERRORS[error.code].recovery
  return {
    code: error.detailCode ?? error.upgrade?.type ?? error.wire?.code ?? error.code,
    message: error.message,
    exitCode: exitCodeOf(error),
    nextCommand: error.nextCommand,
    nextStep: nextStepOf(error, target),
    retryable: error.wire?.retryable ?? (recovery === 'retry' || recovery === 'wait'),
    retryAfterMs: error.retryAfterMs,
    details: Object.keys(error.details).length === 0 ? undefined : error.details,
  }
}

const EXIT_OF: Partial<Record<ClientErrorCode, ExitCode>> = {
  INVALID_OPTIONS: EXIT.usage,
  INVALID_URL: EXIT.usage,
  INSECURE_URL: EXIT.usage,
  PAYLOAD_TOO_LARGE: EXIT.usage,
  CONNECT_FAILED: EXIT.unreachable,
  CONNECT_TIMEOUT: EXIT.unreachable,
  TLS_UNTRUSTED: EXIT.unreachable,
  TLS_PIN_MISMATCH: EXIT.unreachable,
  INVALID_CHALLENGE: EXIT.unreachable,
  CLOSED: EXIT.unreachable,
}

const HTTP_UNAVAILABLE = 503

function exitCodeOf(error: ClientError): ExitCode {
  const { code, wire, upgrade } = error
  if (upgrade !== undefined) return upgrade.httpStatus === HTTP_UNAVAILABLE ? EXIT.notReady : EXIT.refused
  if (code === 'CONNECT_REFUSED') return wire?.code === 'UNAVAILABLE' ? EXIT.notReady : EXIT.refused
  if (code !== 'REQUEST_REFUSED') return EXIT_OF[code] ?? EXIT.failed
  if (wire?.code === 'FORBIDDEN' || wire?.code === 'NOT_PAIRED') return EXIT.refused
  return wire?.code === 'UNAVAILABLE' && wire.retryable === true ? EXIT.notReady : EXIT.failed
}

/** Said when the gateway itself named no command. */
function nextStepOf(error: ClientError, target: Target): string | undefined {
  if (error.nextCommand !== undefined) return undefined
  switch (error.code) {
    case 'CONNECT_TIMEOUT':
      return 'breakwater probe (shows how far it gets): the gateway hangs, is overloaded, or something between drops what is sent.'
    case 'CONNECT_FAILED':
      return target.isOurMachine
        ? 'breakwater gateway (starts it), or breakwater probe (shows where it fails)'
        : 'Check that the gateway runs and that this address reaches it: breakwater probe --url <address>'
    case 'TLS_UNTRUSTED':
      return 'Pin the certificate: --tls-fingerprint <sha256>, as the gateway prints it when it starts.'
    case 'TLS_PIN_MISMATCH':
      return 'Stop: this is not the gateway that was pinned. Compare the fingerprint on the gateway itself before you trust it.'
    case 'CONNECT_REFUSED':
      return 'breakwater probe'
    default:
      return undefined
  }
}
