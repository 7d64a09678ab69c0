// Lets devices through to their session: known ones as they are, others by a rule, by a setup code, or by the answer to
// a request. Every change it makes is on disk before the connection hears of it; a known device that comes back as it
// left changes nothing (law 8). What is changed, and why, is decided elsewhere.

import type { Role } from '@breakwater/protocol'
import type { Authenticated, ProvenDevice } from '../admission/candidate.ts'
import { put } from '../store/changes.ts'
import type { DeviceRecord, PairRequestRecord, SetupCodeRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { PairingAnnouncer } from './announcer.ts'
import { judgePairing, type PairingJudgement, type PairingRules } from './approval-rules.ts'
import { askOf } from './candidate-facts.ts'
import { liveToken, reissueToken, useToken } from './device-grants.ts'
import type { PairingReason } from './pairing-policy.ts'
import type { PairRequestLimit, RequestStep } from './pairing-requests.ts'
import { refreshedPlatform } from './platform-refresh.ts'
import { redeemCode } from './redemption.ts'
import type { RequestBook } from './request-book.ts'
import { approveByRule } from './rule-approval.ts'
import type { SetupCodeDesk } from './setup-code-desk.ts'
import { issuerFor, isTokenHandedOut, needsReissue } from './token-delivery.ts'

export interface DeviceAdmissionComponents {
  readonly store: Store
  readonly announcer: PairingAnnouncer
  readonly requests: RequestBook
  readonly setupCodes: SetupCodeDesk
  readonly rules: () => PairingRules
  readonly isConnected: (deviceId: string) => boolean
  /** Names the shared secret in effect; undefined when there is none. */
  readonly sharedAuthGeneration: () => string | undefined
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

/** A device that just redeemed a setup code: all its tokens go out with the hello. */
export interface SetupHandoff {
  readonly roles: readonly Role[]
  readonly scopes: readonly string[]
  /** Call once, when the hello was written or could not be. */
  settle(isDelivered: boolean): Promise<void>
}

export type Admittance =
  | {
      readonly kind: 'admitted'
      readonly record: DeviceRecord | undefined
      /** The most this connection is granted, where that is less than it asked for. */
      readonly scopes?: readonly string[]
      readonly handoff?: SetupHandoff
    }
  | {
      readonly kind: 'required'
      readonly reason: PairingReason
      readonly record: DeviceRecord | undefined
      readonly request: PairRequestRecord
    }
  | { readonly kind: 'full'; readonly reason: PairingReason; readonly limit: PairRequestLimit; readonly max: number }
  | { readonly kind: 'scope-mismatch' }
  | { readonly kind: 'setup-code-spent'; readonly code: SetupCodeRecord }

type Answer = Admittance | Promise<Admittance>

export class DeviceAdmission {
  readonly #components: DeviceAdmissionComponents

  constructor(components: DeviceAdmissionComponents) {
    this.#components = components
  }

  /** Answers at once whenever nothing has to be stored. Rejects with a StoreFault, and then nothing has changed. */
  admit(candidate: Authenticated): Answer {
    const { device, setupCode } = candidate
    if (device === undefined) return { kind: 'admitted', record: undefined }
    if (setupCode !== undefined) return this.#redeem(candidate, device, setupCode)
    const { store, rules } = this.#components
    const record = store.devices.get(device.deviceId)
    const judgement = judgePairing(record, candidate, rules())
    switch (judgement.kind) {
      case 'scope-mismatch':
        return judgement
      case 'exempt':
        this.#noteSeen(candidate, device)
        return { kind: 'admitted', record }
      case 'paired':
        return this.#welcomeBack(candidate, device, judgement, record)
      case 'approve':
        return this.#approve(candidate, device)
      case 'ask':
        return this.#ask(candidate, device, judgement, record)
    }
  }

  #welcomeBack(
    candidate: Authenticated,
    device: ProvenDevice,
    { scopes }: Extract<PairingJudgement, { kind: 'paired' }>,
    record: DeviceRecord | undefined,
  ): Answer {
    this.#noteSeen(candidate, device)
    const admitted = (current: DeviceRecord | undefined): Admittance => ({
      kind: 'admitted',
      record: current,
      ...(scopes === undefined ? {} : { scopes }),
    })
    if (record === undefined || this.#afterConnect(record, candidate) === undefined) return admitted(record)
    const { store, rules } = this.#components
    return store
      .decide<DeviceRecord | undefined>((view) => {
        const current = view.devices.get(device.deviceId)
        const isPaired = judgePairing(current, candidate, rules()).kind === 'paired'
        if (current === undefined || !isPaired) return { changes: [], result: undefined }
        const after = this.#afterConnect(current, candidate)
        return { changes: after === undefined ? [] : [put('devices', after)], result: after ?? current }
      })
      .then((current) => (current === undefined ? this.admit(candidate) : admitted(current)))
  }

  /** What a connection changes about its device; undefined for nothing. */
  #afterConnect(record: DeviceRecord, candidate: Authenticated): DeviceRecord | undefined {
    const { sharedAuthGeneration, nowMs } = this.#components
    const { role, usedGeneration: presented } = candidate
    const isHandedOut = isTokenHandedOut(record, candidate)
    const token = liveToken(record, role)
    const generation = sharedAuthGeneration()
    if (isHandedOut && token !== undefined && needsReissue(token, candidate, generation)) {
      return reissueToken(record, role, issuerFor(candidate, generation), nowMs())
    }
    const used = useToken(record, role, { presented, isHandedOut }, nowMs())
    const platform = refreshedPlatform(record, candidate.connect.client)
    return platform === undefined ? used : { ...(used ?? record), platform }
  }

  async #approve(candidate: Authenticated, device: ProvenDevice): Promise<Admittance> {
    const { store, rules, announcer, isConnected, sharedAuthGeneration, newId, nowMs } = this.#components
    const requestId = newId()
    const input = {
      candidate,
      device,
      rules: rules(),
      issuer: issuerFor(candidate, sharedAuthGeneration()),
      isConnected,
      requestId,
      nowMs: nowMs(),
    }
    const approval = await store.decide((view) => approveByRule(view, input))
    if (approval === undefined) return this.admit(candidate)
    const { record, scopes, answered, superseded } = approval
    const { deviceId } = device
    this.#noteSeen(candidate, device)
    announcer.decided('device approved by a rule', { deviceId, via: record.approvedVia, role: candidate.role })
    announcer.resolved({ requestId, deviceId }, 'approved')
    for (const request of answered) announcer.resolved(request, 'approved')
    if (superseded.length > 0) announcer.changed()
    return { kind: 'admitted', record, scopes }
  }

  #ask(
    candidate: Authenticated,
    device: ProvenDevice,
    { reason, silent }: Extract<PairingJudgement, { kind: 'ask' }>,
    record: DeviceRecord | undefined,
  ): Answer {
    const ask = askOf(candidate, device, { silent, isRepair: record !== undefined })
    const toAdmittance = (step: RequestStep): Admittance =>
      step.kind === 'refused'
        ? { kind: 'full', reason, limit: step.limit, max: step.max }
        : { kind: 'required', reason, record, request: step.request }
    const step = this.#components.requests.ask(ask)
    return step instanceof Promise ? step.then(toAdmittance) : toAdmittance(step)
  }

  async #redeem(candidate: Authenticated, device: ProvenDevice, code: SetupCodeRecord): Promise<Admittance> {
    const { store, announcer, setupCodes, newId, nowMs } = this.#components
    const { roles, scopes, tokenSha256 } = code
    const redemption = await store.decide((view) => redeemCode(view, candidate, device, tokenSha256, nowMs()))
    if (redemption === undefined) return { kind: 'setup-code-spent', code }
    const { record, answered } = redemption
    this.#noteSeen(candidate, device)
    announcer.resolved({ requestId: newId(), deviceId: device.deviceId }, 'approved')
    for (const request of answered) announcer.resolved(request, 'approved')
    const settle = (isDelivered: boolean) => setupCodes.settle(tokenSha256, record, isDelivered)
    return { kind: 'admitted', record, handoff: { roles, scopes, settle } }
  }

  #noteSeen({ method, role }: Authenticated, { deviceId }: ProvenDevice): void {
    const atMs = this.#components.nowMs()
    const used = method === 'device-token' ? { tokenRole: role } : {}
    this.#components.store.sightings.note({ id: deviceId, atMs, reason: 'connect', ...used })
  }
}
