// Device proofs: key, id, clock, nonce and signature.

import { type ConnectCase, type DeviceTemplate, hello, refused } from '../case.ts'
import { mac } from './peers.ts'

const NEW = { key: 'new' } as const
const badProof = (detail: string, reason: string, message: string) =>
  refused('INVALID_REQUEST', detail, message, { details: { reason } })

const idMismatch = badProof('DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device-id-mismatch', 'device identity mismatch')

const expired = badProof('DEVICE_AUTH_SIGNATURE_EXPIRED', 'device-signature-stale', 'device signature expired')

const badSignature = badProof('DEVICE_AUTH_SIGNATURE_INVALID', 'device-signature', 'device signature invalid')

const badKey = badProof('DEVICE_AUTH_PUBLIC_KEY_INVALID', 'device-public-key', 'device public key invalid')

const KEY_NAMED =
  'Law 9: a key that cannot be read is named as the fault, not the id or the signature that follow from it.'

type Fields = Record<string, unknown>

const tampered = (change: (device: Fields) => Fields) =>
  ({ key: 'new', tamper: (device: object) => ({ ...device, ...change({ ...device }) }) }) as const

/** 31 bytes of 7, and 32 of 255, each with the id that belongs to it. */
const SHORT_KEY = {
  publicKey: 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw',
  id: '9c45ce1646384c955026335f3d51ce86762c65c677dcdbd824712d409680d2b1',
}

const NO_POINT = {
  publicKey: '__________________________________________8',
  id: 'af9613760f72635fbdb44a5a0a63c39f12af30f950a6ee5c971be188e89c4051',
}

type ProofRow = Pick<ConnectCase, 'id' | 'title' | 'cites' | 'expect'> & { readonly device: DeviceTemplate }

const PROOF_ROWS: readonly ProofRow[] = [
  {
    id: 'id-other',
    title: 'an id that is not of the key is refused',
    cites: ['device.id'],
    device: tampered(() => ({ id: 'a'.repeat(64) })),
    expect: idMismatch,
  },
  {
    id: 'id-upper',
    title: 'an id in upper case is refused',
    cites: ['device.id'],
    device: tampered(({ id }) => ({ id: String(id).toUpperCase() })),
    expect: idMismatch,
  },
  {
    id: 'nonce-other',
    title: 'a nonce that is not the challenge is refused',
    cites: ['device.nonce'],
    device: { ...NEW, nonce: '7b1f0c2e-0000-4000-8000-000000000001' },
    expect: badProof('DEVICE_AUTH_NONCE_MISMATCH', 'device-nonce-mismatch', 'device nonce mismatch'),
  },
  {
    id: 'nonce-blank',
    title: 'a blank nonce is refused',
    cites: ['device.nonce'],
    device: { ...NEW, nonce: '  ' },
    expect: badProof('DEVICE_AUTH_NONCE_REQUIRED', 'device-nonce-missing', 'device nonce required'),
  },
  {
    id: 'nonce-empty',
    title: 'an empty nonce does not fit the schema',
    cites: ['device.nonce', 'handshake.params-typed'],
    device: { ...NEW, nonce: '' },
    expect: refused(
      'INVALID_REQUEST',
      undefined,
      'invalid connect params: at /device/nonce: must not have fewer than 1 characters',
    ),
  },
  {
    id: 'signature-garbage',
    title: 'a signature that is none is refused',
    cites: ['device.signature'],
    device: tampered(() => ({ signature: 'AAAA' })),
    expect: badSignature,
  },
  {
    id: 'signature-other',
    title: 'a signature of something else is refused',
    cites: ['device.signature'],
    device: tampered(() => ({ signature: 'A'.repeat(86) })),
    expect: badSignature,
  },
  {
    id: 'unknown-property',
    title: 'an unknown property of the device is refused',
    cites: ['handshake.params-closed'],
    device: tampered(() => ({ zzz: 1 })),
    expect: refused('INVALID_REQUEST', undefined, "invalid connect params: at /device: unexpected property 'zzz'"),
  },
  {
    id: 'no-signed-at',
    title: 'a proof without its time does not fit the schema',
    cites: ['handshake.params-typed'],
    device: tampered(() => ({ signedAt: undefined })),
    expect: refused(
      'INVALID_REQUEST',
      undefined,
      "invalid connect params: at /device: must have required property 'signedAt'",
    ),
  },
  {
    id: 'key-garbage',
    title: 'a public key that is no base64url is refused',
    cites: ['device.key'],
    device: tampered(() => ({ publicKey: '!!!' })),
    expect: { ours: badKey, official: idMismatch, why: KEY_NAMED },
  },
  {
    id: 'key-short',
    title: 'a public key of 31 bytes is refused',
    cites: ['device.key'],
    device: tampered(() => SHORT_KEY),
    expect: { ours: badKey, official: badSignature, why: KEY_NAMED },
  },
  {
    id: 'key-no-point',
    title: 'a public key that is no point of the curve is refused',
    cites: ['device.key', 'device.signature'],
    device: tampered(() => NO_POINT),
    expect: badSignature,
  },
]

const proofs = PROOF_ROWS.map(
  ({ id, title, cites, device, expect }): ConnectCase => ({
    id: `proof-${id}`,
    title,
    cites,
    send: { kind: 'connect', params: mac(), device },
    expect,
  }),
)

const clocks: readonly ConnectCase[] = [
  { id: 'old', seconds: -121, expect: expired },
  { id: 'future', seconds: 121, expect: expired },
  { id: 'recent', seconds: -110, expect: hello({ scopes: ['operator.read'], hasDeviceToken: true }) },
].map(({ id, seconds, expect }) => ({
  id: `proof-clock-${id}`,
  title: `a signature ${Math.abs(seconds)} s ${seconds < 0 ? 'old' : 'ahead'} is ${expect.kind === 'hello' ? 'accepted' : 'refused'}`,
  cites: ['device.clock'],
  send: { kind: 'connect', params: mac(), device: { ...NEW, signedAtOffsetMs: seconds * 1_000 } },
  expect,
}))

const order: readonly ConnectCase[] = [
  {
    id: 'proof-before-secret',
    title: 'a bad signature is reported before a bad token',
    cites: ['device.order'],
    send: {
      kind: 'connect',
      params: mac({ auth: { token: 'not-the-secret' } }),
      device: tampered(() => ({ signature: 'AAAA' })),
    },
    expect: badSignature,
  },
  {
    id: 'proof-v2',
    title: 'a v2 signature is accepted',
    cites: ['device.signature'],
    send: { kind: 'connect', params: mac(), device: { ...NEW, version: 'v2' } },
    expect: hello({ scopes: ['operator.read'], hasDeviceToken: true }),
  },
]

export const deviceProofCases: readonly ConnectCase[] = [...proofs, ...clocks, ...order]
