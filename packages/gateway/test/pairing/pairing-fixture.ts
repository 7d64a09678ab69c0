// Candidates, approvers and a whole pairing plane over a memory store, with a clock that only tests move.

import { createHash } from 'node:crypto'
import type { ClientInfo, Role } from '@breakwater/protocol'
import { FakeClock as FakeTimers } from '@breakwater/supervisor/testing'
import type { Authenticated } from '../../src/admission/candidate.ts'
import type { AuthPolicy } from '../../src/auth/auth-policy.ts'
import { DeviceTokens } from '../../src/auth/device-tokens.ts'
import type { Locality } from '../../src/listener/locality.ts'
import { compilePairingRules, type PairingRuleOptions } from '../../src/pairing/approval-rules.ts'
import type { Approver } from '../../src/pairing/approver.ts'
import type { Admittance } from '../../src/pairing/device-admission.ts'
import { PairingPlane, type PairingPlaneComponents } from '../../src/pairing/pairing-plane.ts'
import type { GatewayAddress } from '../../src/pairing/setup-address.ts'
import { type MemoryStoreComponents, openMemoryStore } from '../../src/store/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { FakeClock } from '../fake-peer.ts'

export const MAC: ClientInfo = {
  id: 'openclaw-macos',
  mode: 'ui',
  version: '1.0.0',
  platform: 'macOS 15.3.1',
  deviceFamily: 'Mac',
  displayName: 'desk',
}
export const NODE_HOST: ClientInfo = {
  id: 'node-host',
  mode: 'node',
  version: '1.0.0',
  platform: 'linux',
  deviceFamily: 'Linux',
  displayName: 'shed',
}
export const CONTROL_UI: ClientInfo = {
  id: 'openclaw-control-ui',
  mode: 'webchat',
  version: '1.0.0',
  platform: 'Linux x86_64',
}

export const LOCAL: Locality = { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' }
export const remoteFrom = (clientAddress: string): Locality => ({ kind: 'remote', clientAddress })

/** A device identity of a name: the same name is the same key. */
export const deviceOf = (name: string) => ({
  deviceId: createHash('sha256').update(name).digest('hex'),
  publicKey: Buffer.from(name.padEnd(32, '.')).toString('base64url').slice(0, 43),
})

export interface CandidateChanges extends Partial<Omit<Authenticated, 'connect' | 'device'>> {
  readonly name?: string
  readonly scopes?: readonly string[]
  readonly client?: ClientInfo
}

/** An operator's app on another machine that came with the shared token; changes override. */
export function candidateOf({
  name = 'phone',
  scopes,
  client = MAC,
  ...changes
}: CandidateChanges = {}): Authenticated {
  const role: Role = changes.role ?? 'operator'
  const requestedScopes = scopes ?? (role === 'operator' ? ['operator.read'] : [])
  return {
    connId: 'conn-1',
    nonce: 'nonce',
    locality: remoteFrom('203.0.113.7'),
    peerAddress: '203.0.113.7',
    headers: {},
    requestId: '1',
    connect: { minProtocol: 4, maxProtocol: 4, client, role, scopes: requestedScopes },
    role,
    requestedScopes,
    secret: { ok: true, method: 'token' },
    method: 'token',
    isOwnerProcess: false,
    ...changes,
    device: deviceOf(name),
  }
}

export const nodeCandidate = (changes: CandidateChanges = {}): Authenticated =>
  candidateOf({ role: 'node', client: NODE_HOST, ...changes })

export const ADMIN: Approver = { actor: { kind: 'shared-secret' }, scopes: ['operator.admin'] }

/** A row or payload as JSON would show it. */
export type Row = Readonly<Record<string, unknown>>

export interface PairingFixture {
  readonly plane: PairingPlane
  readonly store: Store
  readonly tokens: DeviceTokens
  readonly clock: FakeClock
  readonly timers: FakeTimers
  readonly events: { event: string; payload: Row }[]
  readonly connected: Set<string>
  readonly settings: { rules: PairingRuleOptions; auth: AuthPolicy; address: GatewayAddress }
  /** Commits of decisions so far. */
  commits(): number
  admit(changes?: CandidateChanges): Promise<Admittance>
  admitNode(changes?: CandidateChanges): Promise<Admittance>
}

export const STRICT_RULES: PairingRuleOptions = {
  autoApproveLocal: true,
  autoApproveCidrs: [],
  proxyAutoApproveScopes: undefined,
}

export const LAN_TLS: GatewayAddress = {
  bind: 'lan',
  port: 18_789,
  isTls: true,
  tlsFingerprint: 'ab'.repeat(32),
  lanAddresses: ['192.168.1.20'],
  remoteUrl: undefined,
}

export function pairingFixture(
  storeComponents: Omit<MemoryStoreComponents, 'clock'> = {},
  more: Pick<PairingPlaneComponents, 'drawQr'> = {},
): PairingFixture {
  const clock = new FakeClock()
  const timers = new FakeTimers()
  const store = openMemoryStore({ ...storeComponents, clock: timers })
  const tokens = new DeviceTokens(Buffer.alloc(32, 7))
  const events: PairingFixture['events'] = []
  const connected = new Set<string>()
  const settings: PairingFixture['settings'] = {
    rules: STRICT_RULES,
    auth: { mode: 'token', token: 'secret' },
    address: LAN_TLS,
  }
  let lastId = 0
  const plane = new PairingPlane(
    {
      store,
      tokens,
      clock,
      timers,
      publish: (event, payload) => events.push({ event, payload: payload as Row }),
      isConnected: (deviceId) => connected.has(deviceId),
      newId: () => `id-${++lastId}`,
      ...more,
    },
    {
      rules: () => compilePairingRules(settings.rules),
      authPolicy: () => settings.auth,
      address: () => settings.address,
    },
  )
  return {
    plane,
    store,
    tokens,
    clock,
    timers,
    events,
    connected,
    settings,
    commits: () => store.status().commits.count,
    admit: async (changes) => plane.admission.admit(candidateOf(changes)),
    admitNode: async (changes) => plane.admission.admit(nodeCandidate(changes)),
  }
}

/** The id of the request a refused candidate waits on. */
export function requestIdOf(admittance: Admittance): string {
  if (admittance.kind !== 'required') throw new Error(`expected required, got ${admittance.kind}`)
  return admittance.request.requestId
}
