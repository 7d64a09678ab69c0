// Connect frames, right ones and what becomes of them when they are changed, against admission. The judgement may be any
// the protocol knows; letting somebody in who proved nothing is the one outcome that must never be.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectParams, decodeRequest, ERRORS, encodeError, wireError } from '@breakwater/protocol'
import { fuzz } from './fuzz/fuzz.ts'
import {
  type Attempt,
  assertLawful,
  CODES,
  candidateOf,
  DEVICES,
  type FixedDevice,
  FORMER_TOKEN,
  HEADERS,
  JudgingGateway,
  LAPTOP_TOKEN,
  LOCALITIES,
  NODE_TOKEN,
  NONCE,
  NOW_MS,
  PASSWORD,
  POLICIES,
  type ProofOptions,
  REVOKED_TOKEN,
  TOKEN,
  weigh,
} from './fuzz/judged-connect.ts'
import { mutateJson, mutateText, ODD_TEXTS, randomText } from './fuzz/mutate.ts'
import type { Random } from './fuzz/random.ts'

const operator = (id: string, mode: string, more: Partial<ConnectParams> = {}): ConnectParams => ({
  minProtocol: 4,
  maxProtocol: 4,
  client: { id, mode, version: '1.0.0', platform: 'linux' } as ConnectParams['client'],
  role: 'operator',
  scopes: ['operator.read'],
  ...more,
})
const node = (more: Partial<ConnectParams> = {}): ConnectParams => ({
  ...operator('node-host', 'node', more),
  role: 'node',
  scopes: [],
  caps: ['canvas'],
  commands: ['system.run'],
})

interface Start {
  readonly params: ConnectParams
  readonly device?: FixedDevice
}

const STARTS: readonly Start[] = [
  { params: operator('cli', 'cli', { auth: { token: TOKEN }, scopes: ['operator.admin'] }) },
  { params: operator('cli', 'cli', { auth: { password: PASSWORD } }) },
  { params: operator('gateway-client', 'backend', { auth: { token: TOKEN } }) },
  { params: operator('openclaw-control-ui', 'webchat', { auth: { token: TOKEN } }) },
  { params: operator('openclaw-ios', 'ui', { auth: { deviceToken: LAPTOP_TOKEN } }), device: DEVICES.laptop },
  { params: operator('openclaw-ios', 'ui', { auth: { token: LAPTOP_TOKEN } }), device: DEVICES.laptop },
  { params: operator('openclaw-ios', 'ui', { auth: { deviceToken: REVOKED_TOKEN } }), device: DEVICES.revoked },
  {
    params: operator('openclaw-ios', 'ui', { auth: { deviceToken: LAPTOP_TOKEN }, scopes: ['operator.admin'] }),
    device: DEVICES.laptop,
  },
  { params: operator('openclaw-macos', 'ui'), device: DEVICES.stranger },
  { params: operator('openclaw-macos', 'ui', { auth: { token: TOKEN } }), device: DEVICES.stranger },
  ...Object.values(CODES).flatMap((bootstrapToken) => [
    { params: operator('openclaw-ios', 'ui', { auth: { bootstrapToken } }), device: DEVICES.stranger },
    { params: node({ auth: { bootstrapToken } }), device: DEVICES.laptop },
  ]),
  {
    params: operator('openclaw-ios', 'ui', { auth: { bootstrapToken: CODES.open }, scopes: ['operator.admin'] }),
    device: DEVICES.stranger,
  },
  { params: operator('openclaw-ios', 'ui', { auth: { deviceToken: FORMER_TOKEN } }), device: DEVICES.laptop },
  {
    params: operator('openclaw-macos', 'ui', { auth: { token: TOKEN }, caps: ['pairing-wait'] }),
    device: DEVICES.stranger,
  },
  { params: operator('gateway-client', 'backend', { auth: { token: TOKEN } }), device: DEVICES.stranger },
  { params: node({ auth: { deviceToken: NODE_TOKEN } }), device: DEVICES.node },
  { params: node({ auth: { token: TOKEN } }), device: DEVICES.stranger },
  { params: node({ auth: { deviceToken: LAPTOP_TOKEN } }), device: DEVICES.laptop },
  { params: { ...operator('openclaw-probe', 'probe', { auth: { token: TOKEN } }), minProtocol: 3, maxProtocol: 3 } },
]
const frameOf = (params: unknown): unknown => ({ type: 'req', id: '1', method: 'connect', params })
const SIGNED = STARTS.map(({ params, device }) => frameOf(device?.sign(params) ?? params))
const TEXTS = SIGNED.map((frame) => JSON.stringify(frame))

function makeAttempt(random: Random): Attempt {
  return {
    text: makeText(random),
    policyAt: random.below(POLICIES.length),
    localityAt: random.below(LOCALITIES.length),
    headersAt: random.chance(0.5) ? 0 : random.below(HEADERS.length),
    autoApproveLocal: random.chance(0.7),
  }
}

function makeText(random: Random): string {
  const at = random.below(STARTS.length)
  const { params, device } = STARTS[at] as Start
  switch (random.below(10)) {
    case 0:
      return TEXTS[at] as string
    case 1:
      return random.chance(0.2) ? randomText(random) : mutateText(random, TEXTS[at] as string, [...TEXTS, ...ODD_TEXTS])
    case 2:
      return JSON.stringify(mutateJson(random, SIGNED[at])) ?? ''
    case 3:
    case 4:
      return JSON.stringify(frameOf(mutateJson(random, device?.sign(params) ?? params)))
    case 5:
    case 6:
      return resigned(
        random,
        random.chance(0.2) ? params : mutateJson(random, params),
        device ?? random.pick(Object.values(DEVICES)),
      )
    default:
      return JSON.stringify(frameOf(swapped(random, SIGNED[at], random.pick(SIGNED))))
  }
}

/** Changed first and signed afterwards, so that the steps behind the signature see odd values too. */
function resigned(random: Random, changed: unknown, device: FixedDevice): string {
  try {
    return JSON.stringify(frameOf(device.sign(changed as ConnectParams, oddProof(random))))
  } catch {
    return JSON.stringify(frameOf(changed)) ?? '' // Too odd to be signed.
  }
}

/** Mostly a proof for this connection; else one of the past, the future or another connection, with a good signature. */
function oddProof(random: Random): ProofOptions {
  const version = random.pick(['v2', 'v3'] as const)
  if (random.chance(0.15))
    return { version, signedAtMs: NOW_MS + random.pick([-1, 1]) * random.pick([119_999, 120_001, 3_600_000]) }
  if (random.chance(0.15)) return { version, nonce: `${NONCE.slice(0, -1)}${random.pick(['2', '', '1 ', '1x'])}` }
  return { version }
}

/** One member of a good connect replaced by that of another good one. */
function swapped(random: Random, frame: unknown, other: unknown): unknown {
  const params = structuredClone((frame as { params: Record<string, unknown> }).params)
  const lender = (other as { params: Record<string, unknown> }).params
  const name = random.pick(['auth', 'device', 'client', 'role', 'scopes'])
  params[name] = structuredClone(lender[name])
  const device = params.device as Record<string, unknown> | undefined
  const lent = lender.device as Record<string, unknown> | undefined
  const part = random.pick(['id', 'publicKey', 'signature', 'signedAt', 'nonce'])
  if (device !== undefined && random.chance(0.5))
    device[part] = random.chance(0.5) ? lent?.[part] : random.pick(ODD_TEXTS)
  return params
}

const ADMITTED = ['none', 'token', 'password', 'device-token', 'bootstrap-token', 'trusted-proxy'].map(
  (method) => `admitted by ${method}`,
)

test('nobody is let in who proved nothing, with more than was approved, or by a page of another origin', async (t) => {
  const gateways = new Map<string, JudgingGateway>()
  await fuzz(t, {
    outcomes: [...ADMITTED, ...Object.keys(ERRORS)],
    mustOccur: [
      ...ADMITTED,
      'INVALID_HANDSHAKE',
      'INVALID_CONNECT_PARAMS',
      'PROTOCOL_MISMATCH',
      'INVALID_ROLE',
      'CONTROL_UI_ORIGIN_NOT_ALLOWED',
      'CONTROL_UI_DEVICE_IDENTITY_REQUIRED',
      'DEVICE_IDENTITY_REQUIRED',
      'DEVICE_AUTH_PUBLIC_KEY_INVALID',
      'DEVICE_AUTH_DEVICE_ID_MISMATCH',
      'DEVICE_AUTH_SIGNATURE_EXPIRED',
      'DEVICE_AUTH_NONCE_REQUIRED',
      'DEVICE_AUTH_NONCE_MISMATCH',
      'DEVICE_AUTH_SIGNATURE_INVALID',
      'AUTH_TOKEN_MISSING',
      'AUTH_TOKEN_MISMATCH',
      'AUTH_TOKEN_NOT_CONFIGURED',
      'AUTH_PASSWORD_MISMATCH',
      'AUTH_IDENTITY_HEADER_REQUIRED',
      'AUTH_UNAUTHORIZED',
      'AUTH_DEVICE_TOKEN_MISMATCH',
      'AUTH_SCOPE_MISMATCH',
      'AUTH_BOOTSTRAP_TOKEN_INVALID',
      'PAIRING_REQUIRED',
    ],
    make: makeAttempt,
    judge: async (attempt) => {
      const kind = `${attempt.policyAt} ${attempt.autoApproveLocal}`
      const gateway = gateways.get(kind) ?? (await JudgingGateway.create(attempt.policyAt, attempt.autoApproveLocal))
      gateways.set(kind, gateway)
      const outcome = await judgeAttempt(gateway, attempt)
      if (gateway.writeCount === 0) return outcome
      gateways.delete(kind)
      await gateway.store.close()
      return outcome
    },
  })
  for (const gateway of gateways.values()) await gateway.store.close()
})

async function judgeAttempt(gateway: JudgingGateway, attempt: Attempt): Promise<string> {
  const params = readParams(attempt.text)
  const deviceId = params?.device?.id ?? ''
  const before = gateway.store.devices.get(deviceId)
  const judging = gateway.pipeline(candidateOf(attempt), attempt.text)
  const verdict = judging instanceof Promise ? await judging : judging
  if (verdict.ok) {
    assert.ok(params !== undefined, 'admitted without readable parameters')
    assertLawful(verdict.value, params, attempt, before, gateway.store.devices.get(deviceId))
    return `admitted by ${verdict.value.method}`
  }
  const { error, options } = verdict.refusal
  const shape = wireError(error, options)
  const sent = encodeError('1', shape)
  assert.ok(shape.message.length > 5 && shape.message.length <= 1_024, shape.message)
  assert.ok(sent.length <= attempt.text.length + 2_048, `a refusal of ${sent.length} characters for a stranger`)
  assert.ok(!sent.includes(TOKEN) && !sent.includes(PASSWORD), 'a refusal that holds the secret')
  if (gateway.writeCount > 0) assert.ok(isCredentialRight(params, attempt, before), 'a write for a stranger')
  return error
}

function readParams(text: string): ConnectParams | undefined {
  const decoded = decodeRequest(text)
  return decoded.ok ? (decoded.frame.params as ConnectParams) : undefined
}

function isCredentialRight(
  params: ConnectParams | undefined,
  attempt: Attempt,
  before: Parameters<typeof weigh>[2],
): boolean {
  if (params === undefined) return false
  const { isSecretRight, isDeviceTokenRight, isDeviceProven } = weigh(params, attempt, before)
  // Who holds a real code that is no longer good leaves a trace in the audit.
  const holdsRealCode = Object.values(CODES).includes(params.auth?.bootstrapToken?.trim() ?? '')
  return isDeviceProven && (isSecretRight || isDeviceTokenRight || holdsRealCode)
}
