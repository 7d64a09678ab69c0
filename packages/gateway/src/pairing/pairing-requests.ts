// The life of pairing requests: which id answers a device that asks, and when a new one is made. What an id asks for
// never changes, so that whoever approves it grants exactly what was shown. Pure; storing and telling are the caller's.

import { coversScopes, type Role, unionScopes } from '@breakwater/protocol'
import { sourceKey } from '../listener/address.ts'
import type { PairRequestRecord } from '../store/records.ts'
import { isSamePlatform } from './pairing-policy.ts'

export const PAIR_REQUEST_LIMITS = {
  /** Since the last time the device asked; at least twice the longest pause of any client. */
  ttlMs: 15 * 60_000,
  /** Ids one device key may have waiting; a further one takes the place of the one not asked for the longest. */
  perDevice: 4,
  /** Requests waiting from one address (IPv6: /64). This machine is no source. */
  perSource: 64,
  inAll: 1_024,
  scopesPerRequest: 64,
  scopeChars: 128,
} as const

/** What a device asks for, and how it introduces itself. */
export interface PairAsk {
  readonly deviceId: string
  readonly publicKey: string
  readonly role: Role
  readonly scopes: readonly string[]
  readonly displayName?: string
  readonly platform?: string
  readonly deviceFamily?: string
  readonly clientId?: string
  readonly clientMode?: string
  readonly browserOrigin?: string
  readonly remoteIp?: string
  /** Its machine may usually be paired without a question. */
  readonly silent: boolean
  /** A device with this id is paired already. */
  readonly isRepair: boolean
}

export interface WaitingRequest {
  readonly record: PairRequestRecord
  /** When the device last asked for it, epoch milliseconds. */
  readonly refreshedAtMs: number
}

export type PairRequestLimit = 'scopes' | 'per-source' | 'in-all'

export type RequestStep =
  /** The same answer as before; nothing to store. */
  | { readonly kind: 'refreshed'; readonly request: PairRequestRecord }
  /** `displaced` was still alive, `expired` was not; both are to be removed. */
  | {
      readonly kind: 'minted'
      readonly request: PairRequestRecord
      readonly displaced: readonly PairRequestRecord[]
      readonly expired: readonly PairRequestRecord[]
    }
  | { readonly kind: 'refused'; readonly limit: PairRequestLimit; readonly max: number }

export const isExpired = ({ refreshedAtMs }: WaitingRequest, nowMs: number): boolean =>
  nowMs - refreshedAtMs >= PAIR_REQUEST_LIMITS.ttlMs

/**
 * Answers one ask. An equal or narrower one finds its id again; a wider one gets a single new id for everything this
 * device has asked for, while the older ids stay as they are.
 */
export function stepRequest(
  requests: readonly WaitingRequest[],
  ask: PairAsk,
  { nowMs, newId }: { readonly nowMs: number; readonly newId: () => string },
): RequestStep {
  const { scopesPerRequest, scopeChars } = PAIR_REQUEST_LIMITS
  const known = findRequest(requests, ask, nowMs)
  if (known !== undefined) return { kind: 'refreshed', request: known }
  const { true: expired = [], false: alive = [] } = Object.groupBy(requests, (request) =>
    isExpired(request, nowMs) ? 'true' : 'false',
  )
  const own = alive.filter(({ record }) => isOf(record, ask)).sort(byAge)
  const request = unite(own, ask, nowMs, newId())
  if (request.scopes.length > scopesPerRequest || request.scopes.some((scope) => scope.length > scopeChars)) {
    return { kind: 'refused', limit: 'scopes', max: scopesPerRequest }
  }
  const displaced = leastAskedFor(own, own.length + 1 - PAIR_REQUEST_LIMITS.perDevice)
  const full = findFullLimit(alive, ask, displaced.length)
  if (full !== undefined) return full
  return { kind: 'minted', request, displaced, expired: expired.map(({ record }) => record) }
}

/** The request that answers an ask already: of several, the oldest, which shows least beyond what is asked. */
export function findRequest(
  requests: readonly WaitingRequest[],
  ask: PairAsk,
  nowMs: number,
): PairRequestRecord | undefined {
  const answering = requests.filter(
    (request) => isOf(request.record, ask) && coversAsk(request.record, ask) && !isExpired(request, nowMs),
  )
  return answering.sort(byAge)[0]?.record
}

/** Whether approving the request would let the device do everything it asks for now. */
export function coversAsk(record: PairRequestRecord, ask: PairAsk): boolean {
  return record.roles.includes(ask.role) && coversScopes(record.scopes, ask.scopes) && isSamePlatform(record, ask)
}

const isOf = (record: PairRequestRecord, ask: PairAsk): boolean =>
  record.deviceId === ask.deviceId && record.publicKey === ask.publicKey

const byAge = (a: WaitingRequest, b: WaitingRequest): number =>
  a.record.createdAtMs - b.record.createdAtMs || sizeOf(a.record) - sizeOf(b.record)

const sizeOf = ({ roles, scopes }: PairRequestRecord): number => roles.length + scopes.length

function unite(own: readonly WaitingRequest[], ask: PairAsk, nowMs: number, requestId: string): PairRequestRecord {
  const before = own.map(({ record }) => record)
  return {
    requestId,
    ...ask,
    roles: [...new Set([...before.flatMap(({ roles }) => roles), ask.role])],
    scopes: unionScopes(...before.map(({ scopes }) => scopes), ask.scopes),
    silent: ask.silent && before.every(({ silent }) => silent),
    createdAtMs: nowMs,
  }
}

function leastAskedFor(own: readonly WaitingRequest[], count: number): readonly PairRequestRecord[] {
  if (count <= 0) return []
  return own
    .toSorted((a, b) => a.refreshedAtMs - b.refreshedAtMs || byAge(a, b))
    .slice(0, count)
    .map(({ record }) => record)
}

function findFullLimit(
  alive: readonly WaitingRequest[],
  { remoteIp }: PairAsk,
  freed: number,
): (RequestStep & { kind: 'refused' }) | undefined {
  const { inAll, perSource } = PAIR_REQUEST_LIMITS
  if (alive.length - freed >= inAll) return { kind: 'refused', limit: 'in-all', max: inAll }
  if (remoteIp === undefined) return undefined
  const source = sourceKey(remoteIp)
  const neighbours = alive.filter(
    ({ record }) => record.remoteIp !== undefined && sourceKey(record.remoteIp) === source,
  )
  return neighbours.length - freed >= perSource ? { kind: 'refused', limit: 'per-source', max: perSource } : undefined
}
