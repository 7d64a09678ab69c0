// Redeeming a setup code, as one decision of the store: the device gets exactly the roles and scopes the code names, and
// the code belongs to this device from now on. Spending the code is a second step, when the hello is written. Pure.

import type { Authenticated, ProvenDevice } from '../admission/candidate.ts'
import { append, put, remove } from '../store/changes.ts'
import type { DeviceRecord, PairRequestRecord } from '../store/records.ts'
import type { Decision, StoreView } from '../store/store.ts'
import { factsOf, remoteIpOf } from './candidate-facts.ts'
import { grantDevice } from './device-grants.ts'
import { isAnsweredBy } from './pairing-decisions.ts'
import { requestsOf } from './request-book.ts'
import { judgeSetupCode } from './setup-codes.ts'

export interface Redemption {
  readonly record: DeviceRecord
  readonly answered: readonly PairRequestRecord[]
}

/** Undefined when the code is no longer good on the newest state. */
export function redeemCode(
  view: StoreView,
  candidate: Authenticated,
  device: ProvenDevice,
  tokenSha256: string,
  nowMs: number,
): Decision<Redemption | undefined> {
  const code = view.setupCodes.get(tokenSha256)
  const fault = judgeSetupCode(code, { ...device, role: candidate.role }, nowMs)
  if (code === undefined || fault !== undefined) return { changes: [], result: undefined }
  const { roles, scopes, setupId } = code
  const grant = { ...device, roles, scopes, via: 'bootstrap', facts: factsOf(candidate) } as const
  const record = grantDevice(view.devices.get(device.deviceId), grant, nowMs)
  const answered = requestsOf(view, device.deviceId).filter((request) => isAnsweredBy(request, record))
  const actor = { kind: 'setup-code', id: setupId, ...remoteIpOf(candidate) } as const
  const changes = [
    put('devices', record),
    put('setupCodes', { ...code, boundTo: device }),
    ...answered.map((request) => remove('pairRequests', request.requestId)),
    append({
      atMs: nowMs,
      action: 'setup-code.redeemed',
      actor,
      subject: setupId,
      details: { deviceId: device.deviceId },
    }),
    append({
      atMs: nowMs,
      action: 'device.approved',
      actor,
      subject: device.deviceId,
      details: { roles, scopes },
    }),
  ]
  return { changes, result: { record, answered } }
}
