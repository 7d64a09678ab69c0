// An attempt of a device to connect and how it was judged, in the words the decision log keeps. Pure.

import { ERRORS, type ErrorEntry } from '@breakwater/protocol'
import type { AdmissionAttempt } from '../observe/decision-log.ts'
import type { Authorised, Connecting, Verdict } from './candidate.ts'

/** Undefined for callers without a device. */
export function attemptOf(
  { connect, locality }: Connecting,
  verdict: Verdict<Authorised>,
  { isProven, nowMs }: { readonly isProven: boolean; readonly nowMs: number },
): AdmissionAttempt | undefined {
  const { device, client, role = 'operator', scopes = [] } = connect
  if (device === undefined) return undefined
  const { displayName } = client
  return {
    deviceId: device.id,
    isProven,
    role,
    scopes,
    client: `${client.id}/${client.mode}`,
    ...(displayName === undefined ? {} : { name: displayName }),
    ...(locality.kind === 'local' ? {} : { remoteIp: locality.clientAddress }),
    clockAheadMs: Math.round(device.signedAt - nowMs),
    ...outcomeOf(verdict),
  }
}

function outcomeOf(verdict: Verdict<Authorised>) {
  if (verdict.ok) return { cause: 'admitted', message: `let in by ${verdict.value.method}` }
  const { error, options, waiting } = verdict.refusal
  const entry: ErrorEntry = ERRORS[error]
  return {
    cause: error,
    message: options.message ?? entry.message,
    ...(options.nextCommand === undefined ? {} : { nextCommand: options.nextCommand }),
    ...(waiting?.requestId === undefined ? {} : { requestId: waiting.requestId }),
  }
}
