// A live session asks for more scopes and waits for the answer (pairing notes section 7): the request is an ordinary
// pairing request of its device. The session itself keeps its scopes; the device comes back with the token it is told.

import { coversScopes } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { Peer } from '../connection/peer.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { liveToken } from './device-grants.ts'
import type { PairAsk } from './pairing-requests.ts'
import { PAIRING_WAIT_LIMITS, type PairingAnswer, type PairingWaits } from './pairing-waits.ts'
import { decided, type Outcome, refused } from './refusals.ts'
import type { RequestBook } from './request-book.ts'

export interface ScopeUpgradeComponents {
  readonly store: Store
  readonly tokens: Pick<DeviceTokens, 'derive'>
  readonly requests: RequestBook
  readonly waits: PairingWaits
  readonly newId: () => string
}

export type ScopeUpgradeResult =
  | {
      readonly status: 'approved'
      readonly requestId: string
      readonly deviceToken: string
      readonly scopes: readonly string[]
    }
  | { readonly status: Exclude<PairingAnswer, 'approved'>; readonly requestId: string }

export class ScopeUpgrades {
  readonly #components: ScopeUpgradeComponents

  constructor(components: ScopeUpgradeComponents) {
    this.#components = components
  }

  async request(peer: Peer, scopes: readonly string[]): Promise<Outcome<{ readonly requestId: string }>> {
    const { store, requests, waits, newId } = this.#components
    const record = pairedOperator(store, peer)
    if (record === undefined) return refused({ reason: 'not-paired' })
    if (!coversScopes(scopes, peer.identity.scopes)) return refused({ reason: 'scopes-narrowed' })
    if (coversScopes(liveToken(record, 'operator')?.scopes ?? [], scopes)) {
      const requestId = newId()
      waits.answer({ requestId, deviceId: record.deviceId }, 'approved')
      return decided({ requestId })
    }
    const step = await requests.ask(askOf(peer, record, scopes))
    if (step.kind === 'refused') return refused({ reason: 'too-many-requests', max: step.max })
    return decided({ requestId: step.request.requestId })
  }

  /** Resolves when the request is answered or expires. Undefined: the caller has gone, nobody needs the answer. */
  async wait(peer: Peer, requestId: string, signal: AbortSignal): Promise<Outcome<ScopeUpgradeResult> | undefined> {
    const { store, waits } = this.#components
    const { deviceId } = peer.identity
    const owner = store.pairRequests.get(requestId)?.deviceId ?? waits.answerTo(requestId)?.deviceId
    if (deviceId === undefined || owner !== deviceId) return refused({ reason: 'unknown-request' })
    const wait = waits.wait(requestId, { signal })
    if (wait === 'full') return refused({ reason: 'too-many-waiting', max: PAIRING_WAIT_LIMITS.waitersInAll })
    const answer = await wait
    if (answer === undefined) return undefined
    return answer === 'approved' ? this.#result(requestId, deviceId) : decided({ status: answer, requestId })
  }

  /** An approval may have been taken back before the waiter was told. */
  #result(requestId: string, deviceId: string): Outcome<ScopeUpgradeResult> {
    const { store, tokens } = this.#components
    const record = store.devices.get(deviceId)
    const token = record === undefined ? undefined : liveToken(record, 'operator')
    if (token === undefined) return decided({ status: 'rejected', requestId })
    const deviceToken = tokens.derive(deviceId, 'operator', token.generation)
    return decided({ status: 'approved', requestId, deviceToken, scopes: token.scopes })
  }
}

function pairedOperator(store: Store, { identity }: Peer): DeviceRecord | undefined {
  const record = identity.deviceId === undefined ? undefined : store.devices.get(identity.deviceId)
  return record !== undefined && identity.role === 'operator' && record.roles.includes('operator') ? record : undefined
}

function askOf({ identity }: Peer, record: DeviceRecord, scopes: readonly string[]): PairAsk {
  const { client, locality } = identity
  const remoteIp = locality.kind === 'proxied' || locality.kind === 'remote' ? locality.clientAddress : undefined
  const { deviceId, publicKey, browserOrigin } = record
  return {
    deviceId,
    publicKey,
    ...(client.displayName === undefined ? {} : { displayName: client.displayName }),
    platform: client.platform,
    ...(client.deviceFamily === undefined ? {} : { deviceFamily: client.deviceFamily }),
    clientId: client.id,
    clientMode: client.mode,
    ...(browserOrigin === undefined ? {} : { browserOrigin }),
    role: 'operator',
    scopes,
    ...(remoteIp === undefined ? {} : { remoteIp }),
    silent: false,
    isRepair: true,
  }
}
