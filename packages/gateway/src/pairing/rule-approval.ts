// An approval that a rule gives while the device waits in the door, as one decision of the store: the device, the
// requests it answers, the stale twins it supersedes, the audit. Pure.

import type { Authenticated, ProvenDevice } from '../admission/candidate.ts'
import { append, put, remove } from '../store/changes.ts'
import type { DeviceRecord, PairRequestRecord } from '../store/records.ts'
import type { Change, Decision, StoreView } from '../store/store.ts'
import { judgePairing, type PairingRules } from './approval-rules.ts'
import { factsOf, remoteIpOf } from './candidate-facts.ts'
import { grantDevice, type TokenIssuer, useToken } from './device-grants.ts'
import { findStaleSiblings } from './device-siblings.ts'
import { isAnsweredBy } from './pairing-decisions.ts'
import { requestsOf } from './request-book.ts'
import { isTokenHandedOut } from './token-delivery.ts'

export interface RuleApprovalInput {
  readonly candidate: Authenticated
  readonly device: ProvenDevice
  readonly rules: PairingRules
  readonly issuer: TokenIssuer | undefined
  readonly isConnected: (deviceId: string) => boolean
  /** Names the approval in the audit and in its event. */
  readonly requestId: string
  readonly nowMs: number
}

export interface RuleApproval {
  readonly record: DeviceRecord
  readonly scopes: readonly string[]
  readonly answered: readonly PairRequestRecord[]
  readonly superseded: readonly DeviceRecord[]
}

/** Undefined when, on the newest state, no rule approves any more or none needs to. */
export function approveByRule(view: StoreView, input: RuleApprovalInput): Decision<RuleApproval | undefined> {
  const { candidate, device, rules, issuer, isConnected, nowMs } = input
  const before = view.devices.get(device.deviceId)
  const judgement = judgePairing(before, candidate, rules)
  if (judgement.kind !== 'approve') return { changes: [], result: undefined }
  const { via, scopes } = judgement
  const { role, usedGeneration: presented } = candidate
  const facts = factsOf(candidate)
  const grant = { ...device, roles: [role], scopes, via, facts, ...(issuer === undefined ? {} : { issuer }) }
  const granted = grantDevice(before, grant, nowMs)
  // A token that the approval rotated goes out with the hello of this very connection.
  const isHandedOut = isTokenHandedOut(granted, candidate)
  const record = useToken(granted, role, { presented, isHandedOut }, nowMs) ?? granted
  const superseded = findStaleSiblings(view.devices.values(), record, isConnected, nowMs)
  const answered = requestsOf(view, device.deviceId).filter((request) => isAnsweredBy(request, record))
  const changes = [
    put('devices', record),
    ...answered.map((request) => remove('pairRequests', request.requestId)),
    ...auditOf(input, via, scopes),
    ...superseded.flatMap((sibling) => supersede(sibling, input, via)),
  ]
  return { changes, result: { record, scopes, answered, superseded } }
}

const actorOf = (candidate: Authenticated, via: string) =>
  ({ kind: 'policy', id: via, ...remoteIpOf(candidate) }) as const

function auditOf(input: RuleApprovalInput, via: string, scopes: readonly string[]): readonly Change[] {
  const { candidate, device, requestId, nowMs: atMs } = input
  return [
    append({
      atMs,
      action: 'device.approved',
      actor: actorOf(candidate, via),
      subject: device.deviceId,
      requestId,
      details: { roles: [candidate.role], scopes },
    }),
  ]
}

function supersede(sibling: DeviceRecord, input: RuleApprovalInput, via: string): readonly Change[] {
  const { candidate, device, nowMs: atMs } = input
  return [
    remove('devices', sibling.deviceId),
    append({
      atMs,
      action: 'device.removed',
      actor: actorOf(candidate, via),
      subject: sibling.deviceId,
      details: { supersededBy: device.deviceId },
    }),
  ]
}
