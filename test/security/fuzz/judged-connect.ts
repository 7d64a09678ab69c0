// A connect frame on its way through the admission pipeline, without sockets: gateways of every authentication mode with
// the same four devices, frames to start from, and the law of who may be let in, written independently of the pipeline.

import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type ConnectParams, coversScopes, signaturePayload, signedToken } from '@breakwater/protocol'
import { validateConnect } from '@breakwater/protocol/validators/handshake'
import { FakeClock } from '@breakwater/supervisor/testing'
import type { Authorised, Candidate } from '../../../packages/gateway/src/admission/candidate.ts'
import { type AdmissionPipeline, createPipeline } from '../../../packages/gateway/src/admission/pipeline.ts'
import type { AuthPolicy } from '../../../packages/gateway/src/auth/auth-policy.ts'
import { DeviceKeys } from '../../../packages/gateway/src/auth/device-keys.ts'
import { DeviceTokens } from '../../../packages/gateway/src/auth/device-tokens.ts'
import type { Locality } from '../../../packages/gateway/src/listener/locality.ts'
import { compilePairingRules } from '../../../packages/gateway/src/pairing/approval-rules.ts'
import { PairingPlane } from '../../../packages/gateway/src/pairing/pairing-plane.ts'
import {
  type DeviceRecord,
  openMemoryStore,
  put,
  type SetupCodeRecord,
  type Store,
} from '../../../packages/gateway/src/store/index.ts'

export const TOKEN = 'the-gateway-token'
export const PASSWORD = 'the-gateway-password'
export const NONCE = '6f1c2f9e-0000-4000-8000-000000000001'
export const NOW_MS = 1_800_000_000_000
const PROXY_USER = 'alice'
const SKEW_MS = 120_000

/** A device whose key is always the same, so that a replayed input is the same input. */
export class FixedDevice {
  readonly publicKey: string
  readonly deviceId: string
  readonly #privateKey: KeyObject

  constructor(seedByte: number) {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seedByte)])
    this.#privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const raw = createPublicKey(this.#privateKey).export({ type: 'spki', format: 'der' }).subarray(-32)
    this.publicKey = raw.toString('base64url')
    this.deviceId = createHash('sha256').update(raw).digest('hex')
  }

  /** The parameters with this device's proof, for the connection's own nonce and time unless told otherwise. */
  sign(
    params: ConnectParams,
    { version = 'v3', signedAtMs = NOW_MS, nonce = NONCE }: ProofOptions = {},
  ): ConnectParams {
    const payload = signedText(version, params, this.deviceId, signedAtMs, nonce)
    const signature = sign(null, Buffer.from(payload), this.#privateKey).toString('base64url')
    const device = { id: this.deviceId, publicKey: this.publicKey, signature, signedAt: signedAtMs, nonce }
    return { ...params, device }
  }
}

export interface ProofOptions {
  readonly version?: 'v2' | 'v3'
  readonly signedAtMs?: number
  readonly nonce?: string
}

function signedText(
  version: 'v2' | 'v3',
  { client, role, scopes, auth }: ConnectParams,
  deviceId: string,
  signedAtMs: number,
  nonce: string,
): string {
  return signaturePayload(version, {
    deviceId,
    clientId: client.id,
    clientMode: client.mode,
    role: role ?? 'operator',
    scopes: scopes ?? [],
    signedAtMs,
    token: signedToken(auth),
    nonce,
    platform: client.platform,
    deviceFamily: client.deviceFamily,
  })
}

/** An operator's laptop, a node, a device whose token was revoked, and one nobody knows. */
export const DEVICES = {
  laptop: new FixedDevice(1),
  node: new FixedDevice(2),
  revoked: new FixedDevice(3),
  stranger: new FixedDevice(4),
}
const TOKENS = new DeviceTokens(Buffer.alloc(32, 9))
export const LAPTOP_TOKEN = TOKENS.derive(DEVICES.laptop.deviceId, 'operator', 1)
export const NODE_TOKEN = TOKENS.derive(DEVICES.node.deviceId, 'node', 1)
export const FORMER_TOKEN = TOKENS.derive(DEVICES.laptop.deviceId, 'operator', 0)
export const REVOKED_TOKEN = TOKENS.derive(DEVICES.revoked.deviceId, 'operator', 1)

/** Setup codes: one that is good for anybody, one of another device, one that ran out, one that was used. */
export const CODES = { open: 'open-code', bound: 'bound-code', expired: 'expired-code', used: 'used-code' }
const CODE_SCOPES = ['operator.read', 'operator.approvals']

export const POLICIES: readonly AuthPolicy[] = [
  { mode: 'token', token: TOKEN },
  { mode: 'token', token: undefined },
  { mode: 'password', password: PASSWORD },
  { mode: 'none' },
  ...[undefined, PASSWORD].map((password) => ({
    mode: 'trusted-proxy' as const,
    proxy: { userHeader: 'x-user', requiredHeaders: ['x-proof'], allowUsers: [PROXY_USER], allowLoopback: false },
    password,
  })),
]

export const LOCALITIES: readonly Locality[] = [
  { kind: 'local', via: 'loopback', clientAddress: '127.0.0.1' },
  { kind: 'local', via: 'unix-socket' },
  { kind: 'remote', clientAddress: '192.0.2.9' },
  { kind: 'proxied', clientAddress: '203.0.113.7', proxyAddress: '10.0.0.2' },
  { kind: 'proxied', clientAddress: '203.0.113.7', proxyAddress: '127.0.0.1' },
]

export const HEADERS: readonly IncomingHttpHeaders[] = [
  { host: 'localhost:18789' },
  { host: 'localhost:18789', origin: 'http://localhost:18789' },
  { host: 'localhost:18789', origin: 'https://evil.example' },
  { host: 'gw.example', 'x-user': PROXY_USER, 'x-proof': '1' },
  { host: 'gw.example', 'x-user': PROXY_USER, 'x-proof': '1', 'x-openclaw-scopes': 'operator.read' },
  { host: 'gw.example', 'x-user': 'mallory', 'x-proof': '1' },
  { host: 'gw.example', 'x-user': PROXY_USER },
]

export interface Attempt {
  readonly text: string
  readonly policyAt: number
  readonly localityAt: number
  readonly headersAt: number
  readonly autoApproveLocal: boolean
}

/** The memory of one gateway of each kind; thrown away when a connect has changed it. */
export class JudgingGateway {
  readonly store: Store
  readonly pipeline: AdmissionPipeline
  readonly policy: AuthPolicy
  /** Groups written since the devices were put in. */
  writeCount = 0

  private constructor(policy: AuthPolicy, autoApproveLocal: boolean) {
    this.policy = policy
    this.store = openMemoryStore({
      // Gateways are thrown away by the thousand: none may be held by a timer.
      clock: new FakeClock(),
      beforeCommit: () => {
        this.writeCount += 1
      },
    })
    const pairing = new PairingPlane(
      { store: this.store, tokens: TOKENS, clock: { nowMs: () => NOW_MS }, timers: IMPATIENT },
      {
        rules: () => compilePairingRules({ autoApproveLocal, autoApproveCidrs: [], proxyAutoApproveScopes: undefined }),
        authPolicy: () => policy,
        address: () => ADDRESS,
      },
    )
    this.pipeline = createPipeline({
      validateConnect,
      keys: KEYS,
      tokens: TOKENS,
      store: this.store,
      pairing,
      authPolicy: () => policy,
      allowedOrigins: () => [],
      nowMs: () => NOW_MS,
    })
  }

  static async create(policyAt: number, autoApproveLocal: boolean): Promise<JudgingGateway> {
    const gateway = new JudgingGateway(POLICIES[policyAt] as AuthPolicy, autoApproveLocal)
    await gateway.store.apply([
      ...RECORDS.map((record) => put('devices', record)),
      ...SETUP_CODES.map((code) => put('setupCodes', code)),
    ])
    gateway.writeCount = 0
    return gateway
  }
}

/** Who offers to wait for a person is told at once that nobody came. */
const IMPATIENT = {
  setTimer: (run: () => void) => {
    queueMicrotask(run)
    return 0
  },
  clearTimer: () => {},
}

const ADDRESS = {
  bind: 'loopback',
  port: 1,
  isTls: false,
  tlsFingerprint: undefined,
  lanAddresses: [],
  remoteUrl: undefined,
}

/** Shared by all, as one process shares it: what it remembers must not matter. */
const KEYS = new DeviceKeys()

const recordOf = (device: FixedDevice, more: Partial<DeviceRecord>): DeviceRecord => ({
  deviceId: device.deviceId,
  publicKey: device.publicKey,
  platform: 'linux',
  roles: ['operator'],
  approvedScopes: ['operator.read'],
  approvedVia: 'owner',
  createdAtMs: 1,
  approvedAtMs: 1,
  tokens: { operator: { generation: 1, scopes: ['operator.read'], createdAtMs: 1 } },
  ...more,
})

const RECORDS: readonly DeviceRecord[] = [
  recordOf(DEVICES.laptop, {}),
  recordOf(DEVICES.node, {
    roles: ['node'],
    approvedScopes: [],
    tokens: { node: { generation: 1, scopes: [], createdAtMs: 1 } },
  }),
  recordOf(DEVICES.revoked, {
    tokens: { operator: { generation: 1, scopes: ['operator.read'], createdAtMs: 1, revokedAtMs: 2 } },
  }),
]

const codeOf = (token: string, more: Partial<SetupCodeRecord> = {}): SetupCodeRecord => ({
  tokenSha256: createHash('sha256').update(token).digest('base64url'),
  setupId: token,
  profile: 'limited',
  access: 'limited',
  roles: ['node', 'operator'],
  scopes: CODE_SCOPES,
  issuedAtMs: NOW_MS - 1_000,
  expiresAtMs: NOW_MS + 1_000,
  ...more,
})

const SETUP_CODES: readonly SetupCodeRecord[] = [
  codeOf(CODES.open),
  codeOf(CODES.bound, { boundTo: { deviceId: DEVICES.laptop.deviceId, publicKey: DEVICES.laptop.publicKey } }),
  codeOf(CODES.expired, { expiresAtMs: NOW_MS }),
  codeOf(CODES.used, { retiredAtMs: NOW_MS - 1 }),
]

export function candidateOf({ localityAt, headersAt }: Attempt): Candidate {
  const locality = LOCALITIES[localityAt] as Locality
  const isUnixSocket = locality.kind === 'local' && locality.via === 'unix-socket'
  const address = locality.kind === 'proxied' ? locality.proxyAddress : locality.clientAddress
  return {
    connId: 'c',
    nonce: NONCE,
    locality,
    peerAddress: isUnixSocket ? undefined : address,
    headers: HEADERS[headersAt] as IncomingHttpHeaders,
  }
}

/** What one connect proves, found out without the pipeline. */
export interface Evidence {
  readonly isSecretRight: boolean
  readonly isDeviceProven: boolean
  readonly isDeviceTokenRight: boolean
  readonly isCodeRight: boolean
}

export function weigh(params: ConnectParams, attempt: Attempt, record: DeviceRecord | undefined): Evidence {
  const isDeviceProven = provesDevice(params)
  return {
    isSecretRight: holdsSecret(params, attempt),
    isDeviceProven,
    isDeviceTokenRight: isDeviceProven && holdsDeviceToken(params, record),
    isCodeRight: isDeviceProven && holdsCode(params),
  }
}

function holdsSecret({ auth }: ConnectParams, { policyAt, localityAt, headersAt }: Attempt): boolean {
  const policy = POLICIES[policyAt] as AuthPolicy
  const locality = LOCALITIES[localityAt] as Locality
  const headers = HEADERS[headersAt] as IncomingHttpHeaders
  if (locality.kind === 'local' && locality.via === 'unix-socket') return true
  const given = [auth?.token, auth?.password].map((value) => value?.trim())
  switch (policy.mode) {
    case 'none':
      return true
    case 'token':
      return policy.token !== undefined && given.includes(policy.token)
    case 'password':
      return policy.password !== undefined && given.includes(policy.password)
    case 'trusted-proxy': {
      if (locality.kind === 'local') return policy.password !== undefined && given[1] === policy.password
      const isVouchedFor = headers['x-user'] === PROXY_USER && headers['x-proof'] !== undefined
      return locality.kind === 'proxied' && locality.proxyAddress === '10.0.0.2' && isVouchedFor
    }
  }
}

function provesDevice(params: ConnectParams): boolean {
  const { device } = params
  if (device === undefined) return false
  const text = device.publicKey.replace(/-----(BEGIN|END) PUBLIC KEY-----|\s+/g, '')
  const raw = Buffer.from(text, 'base64').subarray(-32)
  if (raw.length !== 32 || createHash('sha256').update(raw).digest('hex') !== device.id) return false
  if (device.nonce.trim() !== NONCE || Math.abs(NOW_MS - device.signedAt) > SKEW_MS) return false
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })
  const signature = Buffer.from(device.signature, 'base64')
  return (['v3', 'v2'] as const).some((version) => {
    const payload = signedText(version, params, device.id, device.signedAt, NONCE)
    return verify(null, Buffer.from(payload), key, signature)
  })
}

function holdsDeviceToken({ auth, role, device }: ConnectParams, record: DeviceRecord | undefined): boolean {
  const name = role === 'node' ? 'node' : 'operator'
  const token = record?.tokens[name]
  if (record === undefined || token === undefined || token.revokedAtMs !== undefined || device === undefined)
    return false
  const live = TOKENS.derive(record.deviceId, name, token.generation)
  return [auth?.deviceToken, auth?.token].some((value) => value?.trim() === live)
}

function holdsCode({ auth, device }: ConnectParams): boolean {
  const code = auth?.bootstrapToken?.trim()
  return code === CODES.open || (code === CODES.bound && device?.id === DEVICES.laptop.deviceId)
}

/** The law: throws when somebody was let in who should not have been, or with more than was theirs. */
export function assertLawful(
  admitted: Authorised,
  params: ConnectParams,
  attempt: Attempt,
  before: DeviceRecord | undefined,
  after: DeviceRecord | undefined,
): void {
  const locality = LOCALITIES[attempt.localityAt] as Locality
  const headers = HEADERS[attempt.headersAt] as IncomingHttpHeaders
  const evidence = weigh(params, attempt, before)
  const role = params.role ?? 'operator'
  const requested = params.scopes ?? []
  const { id, mode } = params.client

  const { isSecretRight, isDeviceTokenRight, isCodeRight } = evidence
  assert.ok(isSecretRight || isDeviceTokenRight || isCodeRight, 'no credential was right')
  assert.equal(admitted.method === 'bootstrap-token', isCodeRight, 'let in by a code that is none')
  assert.ok(params.device === undefined || evidence.isDeviceProven, 'the device was not proven')
  assert.ok(['operator', 'node'].includes(role) && admitted.role === role)
  assert.ok(role === 'operator' || params.device !== undefined, 'a node without a device')
  assert.notEqual(headers.origin, 'https://evil.example', 'a page of another origin')
  const oldest = mode === 'probe' || (role === 'node' && mode === 'node') ? 3 : 4
  assert.ok(params.minProtocol <= 4 && params.maxProtocol >= oldest, 'no common protocol')

  const isOwner =
    locality.kind === 'local' &&
    headers.origin === undefined &&
    (locality.via === 'unix-socket' || `${id}/${mode}` === 'cli/cli' || `${id}/${mode}` === 'gateway-client/backend')
  // Where nobody is asked for anything, pages are not either.
  const isOpenPage = admitted.method === 'none' && CONTROL_PAGES.includes(id) && role === 'operator'
  if (params.device !== undefined && !(isOwner && id === 'gateway-client') && !isOpenPage) {
    assert.equal(
      after?.publicKey,
      Buffer.from(params.device.publicKey.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
        .subarray(-32)
        .toString('base64url'),
    )
    assert.ok(after?.roles.includes(role as 'operator'), 'the role was never approved')
    assert.ok(
      role === 'node' || coversScopes(after?.approvedScopes ?? [], admitted.grantedScopes),
      'scopes beyond the approved',
    )
    if (hasGrown(before, after) && !isCodeRight) {
      assert.equal(locality.kind, 'local', 'paired without a question from afar')
    }
  }
  assert.ok(coversScopes(requested, admitted.grantedScopes), 'scopes nobody asked for')
  if (role === 'node') assert.deepEqual(admitted.grantedScopes, [])
  if (isCodeRight) assert.ok(coversScopes(CODE_SCOPES, admitted.grantedScopes), 'scopes beyond the code')
  if (params.device === undefined && !isOwner) assert.deepEqual(admitted.grantedScopes, [], 'a bare secret may not act')
  if (admitted.deviceToken !== undefined) assert.ok(evidence.isDeviceProven, 'a device token for nobody')
}

/** Whether somebody may do more than before. That a token was made anew is no such thing. */
function hasGrown(before: DeviceRecord | undefined, after: DeviceRecord | undefined): boolean {
  const roles = after?.roles.filter((role) => before?.roles.includes(role) !== true) ?? []
  return roles.length > 0 || !coversScopes(before?.approvedScopes ?? [], after?.approvedScopes ?? [])
}

const CONTROL_PAGES: readonly string[] = ['openclaw-control-ui', 'openclaw-tui', 'openclaw-browser-copilot']
