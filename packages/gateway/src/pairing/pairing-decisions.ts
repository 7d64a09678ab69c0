// What operators decide about devices: approve, reject, remove, rename. Each decision is one step of the store with its
// line in the audit; everyone hears of it once it is on disk (law 7). Needs no running gateway: the owner's offline
// commands use the same code.

import { coversScopes } from '@breakwater/protocol'
import { append, put, remove } from '../store/changes.ts'
import type { DeviceRecord, PairRequestRecord } from '../store/records.ts'
import type { Change, Store, StoreView } from '../store/store.ts'
import type { PairingAnnouncer } from './announcer.ts'
import { type Approver, judgeApproval, mayManage, mayTurnAway } from './approver.ts'
import { type DeviceFacts, grantDevice } from './device-grants.ts'
import { isSamePlatform } from './pairing-policy.ts'
import { decided, type Outcome, type PairingRefusal, refused } from './refusals.ts'
import { type RequestBook, requestsOf } from './request-book.ts'

export interface PairingDecisionComponents {
  readonly store: Store
  readonly requests: RequestBook
  readonly announcer: PairingAnnouncer
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

const nothing = <T>(refusal: PairingRefusal): { changes: readonly Change[]; result: Outcome<T> } => ({
  changes: [],
  result: refused(refusal),
})

export class PairingDecisions {
  readonly #store: Store
  readonly #requests: RequestBook
  readonly #announcer: PairingAnnouncer
  readonly #nowMs: () => number

  constructor({ store, requests, announcer, nowMs }: PairingDecisionComponents) {
    this.#store = store
    this.#requests = requests
    this.#announcer = announcer
    this.#nowMs = nowMs
  }

  /** Grants exactly what the request shows; other requests of the device that this answers too are closed with it. */
  async approve(
    requestId: string,
    by: Approver,
  ): Promise<Outcome<{ readonly requestId: string; readonly device: DeviceRecord }>> {
    const nowMs = this.#nowMs()
    const outcome = await this.#store.decide((view) => {
      const request = this.#requests.find(view, requestId)
      if (request === undefined) return nothing<Approval>({ reason: 'unknown-request' })
      const problem = judgeApproval(by, request)
      if (problem !== undefined) {
        const isDenied = problem.reason === 'denied'
        return nothing<Approval>(isDenied ? { reason: 'denied', what: 'device pairing approval' } : problem)
      }
      const device = grantDevice(view.devices.get(request.deviceId), grantOf(request), nowMs)
      const answered = requestsOf(view, request.deviceId).filter(
        (other) => other.requestId === requestId || isAnsweredBy(other, device),
      )
      const changes = [
        put('devices', device),
        ...answered.map((other) => remove('pairRequests', other.requestId)),
        append({
          atMs: nowMs,
          action: 'device.approved',
          actor: by.actor,
          subject: device.deviceId,
          requestId,
          details: { roles: request.roles, scopes: request.scopes },
        }),
      ]
      return { changes, result: decided({ device, answered }) }
    })
    if (!outcome.ok) return outcome
    const { device, answered } = outcome.value
    this.#announcer.decided('device approved', { requestId, deviceId: device.deviceId, by: by.actor })
    for (const request of answered) this.#announcer.resolved(request, 'approved')
    return decided({ requestId, device })
  }

  /** Closes the one request. A setup code that the device was redeeming is worth nothing any more. */
  async reject(
    requestId: string,
    by: Approver,
  ): Promise<Outcome<{ readonly requestId: string; readonly deviceId: string }>> {
    const nowMs = this.#nowMs()
    const outcome = await this.#store.decide((view) => {
      const request = this.#requests.find(view, requestId)
      if (request === undefined) return nothing<PairRequestRecord>({ reason: 'unknown-request' })
      const { deviceId, roles } = request
      if (!mayTurnAway(by, deviceId, roles))
        return nothing<PairRequestRecord>({ reason: 'denied', what: 'device pairing rejection' })
      const changes = [
        remove('pairRequests', requestId),
        ...retireCodesOf(view, deviceId, nowMs, by),
        append({ atMs: nowMs, action: 'device.rejected', actor: by.actor, subject: deviceId, requestId }),
      ]
      return { changes, result: decided(request) }
    })
    if (!outcome.ok) return outcome
    const { deviceId } = outcome.value
    this.#announcer.decided('device rejected', { requestId, deviceId, by: by.actor })
    this.#announcer.resolved(outcome.value, 'rejected')
    return decided({ requestId, deviceId })
  }

  /** Forgets the device: its record with everything that hangs on it, its requests, the codes it was redeeming. */
  async remove(deviceId: string, by: Approver): Promise<Outcome<{ readonly deviceId: string }>> {
    const nowMs = this.#nowMs()
    const outcome = await this.#store.decide((view) => {
      const record = view.devices.get(deviceId)
      const problem = this.#judgeRemoval(record, deviceId, by)
      if (problem !== undefined) return nothing<readonly PairRequestRecord[]>(problem)
      const requests = requestsOf(view, deviceId)
      const changes = [
        remove('devices', deviceId),
        ...requests.map((request) => remove('pairRequests', request.requestId)),
        ...retireCodesOf(view, deviceId, nowMs, by),
        append({ atMs: nowMs, action: 'device.removed', actor: by.actor, subject: deviceId }),
      ]
      return { changes, result: decided<readonly PairRequestRecord[]>(requests) }
    })
    if (!outcome.ok) return outcome
    this.#announcer.decided('device removed', { deviceId, by: by.actor })
    for (const request of outcome.value) this.#announcer.resolved(request, 'rejected')
    this.#announcer.changed()
    return decided({ deviceId })
  }

  async rename(
    deviceId: string,
    label: string,
    by: Approver,
  ): Promise<Outcome<{ readonly deviceId: string; readonly label: string }>> {
    const nowMs = this.#nowMs()
    const operatorLabel = label.trim()
    if (operatorLabel === '') return refused({ reason: 'blank-label' })
    const outcome = await this.#store.decide((view) => {
      const record = view.devices.get(deviceId)
      if (!mayManage(by, deviceId)) return nothing<void>({ reason: 'denied', what: 'device rename' })
      if (record === undefined) return nothing<void>({ reason: 'unknown-device' })
      const changes = [
        put('devices', { ...record, operatorLabel }),
        append({
          atMs: nowMs,
          action: 'device.renamed',
          actor: by.actor,
          subject: deviceId,
          details: { label: operatorLabel },
        }),
      ]
      return { changes, result: decided<void>(undefined) }
    })
    if (!outcome.ok) return outcome
    this.#announcer.changed()
    return decided({ deviceId, label: operatorLabel })
  }

  #judgeRemoval(record: DeviceRecord | undefined, deviceId: string, by: Approver): PairingRefusal | undefined {
    if (!mayManage(by, deviceId)) return { reason: 'denied', what: 'device pairing removal' }
    if (record === undefined) return { reason: 'unknown-device' }
    return mayTurnAway(by, deviceId, record.roles) ? undefined : { reason: 'denied', what: 'device pairing removal' }
  }
}

interface Approval {
  readonly device: DeviceRecord
  readonly answered: readonly PairRequestRecord[]
}

function grantOf(request: PairRequestRecord) {
  const { deviceId, publicKey, roles, scopes } = request
  return { deviceId, publicKey, roles, scopes, via: 'owner' as const, facts: factsOf(request) }
}

const factsOf = ({
  displayName,
  platform,
  deviceFamily,
  clientId,
  clientMode,
  browserOrigin,
  remoteIp,
}: PairRequestRecord): DeviceFacts => ({
  ...(displayName === undefined ? {} : { displayName }),
  ...(platform === undefined ? {} : { platform }),
  ...(deviceFamily === undefined ? {} : { deviceFamily }),
  ...(clientId === undefined ? {} : { clientId }),
  ...(clientMode === undefined ? {} : { clientMode }),
  ...(browserOrigin === undefined ? {} : { browserOrigin }),
  ...(remoteIp === undefined ? {} : { remoteIp }),
})

/** Whether the device may now do everything the request asks for, so that the request needs no answer of its own. */
export function isAnsweredBy(request: PairRequestRecord, device: DeviceRecord): boolean {
  const hasRoles = request.roles.every(
    (role) => device.tokens[role]?.revokedAtMs === undefined && device.roles.includes(role),
  )
  const wanted = request.roles.includes('operator') ? request.scopes : []
  return (
    request.publicKey === device.publicKey &&
    hasRoles &&
    coversScopes(device.approvedScopes, wanted) &&
    isSamePlatform(device, request)
  )
}

function retireCodesOf(view: StoreView, deviceId: string, nowMs: number, by: Approver): readonly Change[] {
  return [...view.setupCodes.values()]
    .filter(({ boundTo, retiredAtMs }) => boundTo?.deviceId === deviceId && retiredAtMs === undefined)
    .flatMap((code) => [
      put('setupCodes', { ...code, retiredAtMs: nowMs }),
      append({
        atMs: nowMs,
        action: 'setup-code.revoked',
        actor: by.actor,
        subject: code.setupId,
        details: { deviceId },
      }),
    ])
}
