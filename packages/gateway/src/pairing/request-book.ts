// The pairing requests that wait for an answer: answers asks with the id they have or a new one, on disk before anybody
// is told of it, and clears away what has expired. Asking again for the same changes nothing on disk.

import { put, remove } from '../store/changes.ts'
import type { PairRequestRecord } from '../store/records.ts'
import type { Store, StoreView } from '../store/store.ts'
import type { PairingAnnouncer } from './announcer.ts'
import {
  findRequest,
  isExpired,
  type PairAsk,
  type RequestStep,
  stepRequest,
  type WaitingRequest,
} from './pairing-requests.ts'

export interface RequestBookComponents {
  readonly store: Store
  readonly announcer: PairingAnnouncer
  readonly newId: () => string
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export class RequestBook {
  readonly #components: RequestBookComponents
  /** Asks that found a limit full. */
  refusedCount = 0

  constructor(components: RequestBookComponents) {
    this.#components = components
  }

  /** Answers at once when the ask has an id already. */
  ask(ask: PairAsk): RequestStep | Promise<RequestStep> {
    const { store, nowMs } = this.#components
    const atMs = nowMs()
    const known = findRequest(this.#waiting(store, ask.deviceId), ask, atMs)
    if (known === undefined) return this.#mint(ask, atMs)
    store.sightings.note({ id: known.requestId, atMs })
    return { kind: 'refreshed', request: known }
  }

  /** The request while it can be approved. */
  find(view: Pick<StoreView, 'pairRequests'>, requestId: string): PairRequestRecord | undefined {
    const request = view.pairRequests.get(requestId)
    return request === undefined || isExpired(this.#toWaiting(request), this.#components.nowMs()) ? undefined : request
  }

  /** Everything that can be approved, last asked for first. */
  list(): readonly WaitingRequest[] {
    const { store, nowMs } = this.#components
    const atMs = nowMs()
    return this.#waiting(store)
      .filter((request) => !isExpired(request, atMs))
      .sort((a, b) => b.refreshedAtMs - a.refreshedAtMs)
  }

  /** Removes what has expired, and says so. */
  async sweep(): Promise<void> {
    const { store, announcer, nowMs } = this.#components
    const atMs = nowMs()
    if (!this.#waiting(store).some((request) => isExpired(request, atMs))) return
    const expired = await store.decide((view) => {
      const gone = this.#waiting(view).filter((request) => isExpired(request, atMs))
      return { changes: gone.map(({ record }) => remove('pairRequests', record.requestId)), result: gone }
    })
    for (const { record } of expired) announcer.resolved(record, 'expired')
  }

  async #mint(ask: PairAsk, atMs: number): Promise<RequestStep> {
    const { store, announcer, newId } = this.#components
    const step = await store.decide<RequestStep>((view) => {
      const taken = stepRequest(this.#waiting(view), ask, { nowMs: atMs, newId })
      if (taken.kind !== 'minted') return { changes: [], result: taken }
      const gone = [...taken.displaced, ...taken.expired].map(({ requestId }) => remove('pairRequests', requestId))
      return { changes: [...gone, put('pairRequests', taken.request)], result: taken }
    })
    if (step.kind === 'refused') this.refusedCount += 1
    if (step.kind !== 'minted') return step
    for (const request of step.displaced) announcer.resolved(request, 'rejected')
    for (const request of step.expired) announcer.resolved(request, 'expired')
    announcer.requested(step.request)
    return step
  }

  #waiting(view: Pick<StoreView, 'pairRequests'>, deviceId?: string): WaitingRequest[] {
    return requestsOf(view, deviceId).map((request) => this.#toWaiting(request))
  }

  /** Sightings are lossy: after a crash a request may look up to one batch interval older than it is. */
  #toWaiting(record: PairRequestRecord): WaitingRequest {
    const seenAtMs = this.#components.store.sightings.get(record.requestId)?.lastSeenAtMs ?? 0
    return { record, refreshedAtMs: Math.max(record.createdAtMs, seenAtMs) }
  }
}

/** Every request of the view, or those of one device; expired ones included. */
export function requestsOf(view: Pick<StoreView, 'pairRequests'>, deviceId?: string): readonly PairRequestRecord[] {
  const all = [...view.pairRequests.values()]
  return deviceId === undefined ? all : all.filter((request) => request.deviceId === deviceId)
}
