// Tells the world what became of pairing: events for operators, answers for those who wait, a line in the log per
// decision. Called after the decision is on disk, never before. Devices that keep asking are not its business.

import type { Logger } from '../observe/logger.ts'
import type { PairRequestRecord, SetupCodeRecord } from '../store/records.ts'
import { requestRow } from './device-rows.ts'
import type { AnsweredRequest, PairingAnswer, PairingWaits } from './pairing-waits.ts'

export interface AnnouncerComponents {
  /** Sends an event to everyone entitled to it. */
  readonly publish: (event: string, payload: unknown) => unknown
  readonly waits: PairingWaits
  readonly log: Logger
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export class PairingAnnouncer {
  readonly #components: AnnouncerComponents

  constructor(components: AnnouncerComponents) {
    this.#components = components
  }

  requested(request: PairRequestRecord): void {
    this.#components.publish('device.pair.requested', requestRow(request, request.createdAtMs))
  }

  resolved({ requestId, deviceId }: AnsweredRequest, answer: PairingAnswer): void {
    const { publish, waits, nowMs } = this.#components
    publish('device.pair.resolved', { requestId, deviceId, decision: answer, ts: nowMs() })
    waits.answer({ requestId, deviceId }, answer)
  }

  /** The list of paired devices looks different now. */
  changed(): void {
    this.#components.publish('device.pair.changed', {})
  }

  setupEnded(code: SetupCodeRecord): void {
    if (code.outcome === undefined) return
    const event =
      code.outcome.kind === 'completed' ? 'device.pair.setup.completed' : 'device.pair.setup.deliveryUncertain'
    this.#components.publish(event, setupOutcomeRow(code))
  }

  /** Something was decided; details belong to the audit. */
  decided(what: string, fields: Readonly<Record<string, unknown>>): void {
    this.#components.log.info(what, fields)
  }
}

/** An ended setup as its event and `device.pair.setupStatus` show it. */
export function setupOutcomeRow({ setupId, access, outcome }: SetupCodeRecord): object {
  return {
    setupId,
    deviceId: outcome?.deviceId,
    ...(outcome?.deviceName === undefined ? {} : { deviceName: outcome.deviceName }),
    access: access === 'owner' ? 'full' : access,
    ts: outcome?.atMs,
  }
}
