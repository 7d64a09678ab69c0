// Records and decisions for store tests: plausible, and different for different numbers.

import type {
  AuditFact,
  Change,
  DeviceRecord,
  MetaRecord,
  PairRequestRecord,
  SetupCodeRecord,
} from '@breakwater/gateway'

const AT_MS = 1_790_000_000_000

export const sampleDevice = (number: number, more: Partial<DeviceRecord> = {}): DeviceRecord => ({
  deviceId: `device-${number}`,
  publicKey: `key-${number}`,
  displayName: `Ünïcode phone ${number} ☎`,
  platform: 'ios 26.1',
  roles: ['operator', 'node'],
  approvedScopes: ['operator.read', 'operator.write'],
  approvedVia: 'owner',
  createdAtMs: AT_MS + number,
  approvedAtMs: AT_MS + number,
  tokens: { operator: { generation: 1, scopes: ['operator.read'], createdAtMs: AT_MS } },
  nodeSurface: { caps: ['camera'], commands: ['camera.list'], permissions: { camera: true } },
  ...more,
})

export const samplePairRequest = (number: number): PairRequestRecord => ({
  requestId: `request-${number}`,
  deviceId: `device-${number}`,
  publicKey: `key-${number}`,
  role: 'operator',
  roles: ['operator'],
  scopes: ['operator.read'],
  silent: false,
  isRepair: false,
  createdAtMs: AT_MS + number,
})

export const sampleSetupCode = (number: number): SetupCodeRecord => ({
  tokenSha256: `sha256-${number}`,
  setupId: `setup-${number}`,
  profile: 'limited',
  access: 'limited',
  roles: ['node', 'operator'],
  scopes: ['operator.read'],
  issuedAtMs: AT_MS,
  expiresAtMs: AT_MS + 600_000,
})

export const sampleMeta = (number: number): MetaRecord => ({ name: `fact-${number}`, value: `value-${number}` })

export const sampleFact = (number: number, subject = `device-${number}`): AuditFact => ({
  atMs: AT_MS + number,
  action: 'device.approved',
  actor: { kind: 'owner' },
  subject,
  requestId: `request-${number}`,
})

/** One record of every noun that decisions change, as changes. A new noun gets a line here and is covered. */
export const SAMPLE_PUTS = {
  devices: (number: number): Change => ({ put: 'devices', record: sampleDevice(number) }),
  pairRequests: (number: number): Change => ({ put: 'pairRequests', record: samplePairRequest(number) }),
  setupCodes: (number: number): Change => ({ put: 'setupCodes', record: sampleSetupCode(number) }),
  meta: (number: number): Change => ({ put: 'meta', record: sampleMeta(number) }),
} as const

export const SAMPLE_IDS = {
  devices: (number: number) => `device-${number}`,
  pairRequests: (number: number) => `request-${number}`,
  setupCodes: (number: number) => `sha256-${number}`,
  meta: (number: number) => `fact-${number}`,
} as const satisfies Record<keyof typeof SAMPLE_PUTS, (number: number) => string>

/** What an approval does to the store: three nouns at once. */
export const approvalOf = (number: number): readonly Change[] => [
  SAMPLE_PUTS.devices(number),
  { remove: 'pairRequests', id: SAMPLE_IDS.pairRequests(number) },
  { append: 'audit', fact: sampleFact(number) },
]
