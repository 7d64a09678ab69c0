// Verifying device signatures: key objects and the payload version that worked are remembered per device, so that a
// known device costs one verification. Bounded; forgetting only costs time.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  fromBase64Url,
  type SignatureVersion,
  type SignedConnect,
  signaturePayload,
  toBase64Url,
} from '@breakwater/protocol'

const RAW_KEY_BYTES = 32
const SIGNATURE_BYTES = 64
/** DER header of an Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4); the raw key follows. */
const SPKI_HEADER = Buffer.from('302a300506032b6570032100', 'hex')

export interface DeviceKey {
  /** Raw key, base64url without padding: the form the gateway keeps. */
  readonly publicKey: string
  /** Lower-case hex SHA-256 of the raw key. */
  readonly deviceId: string
  readonly keyObject: KeyObject
  /** The payload version this device signed last. */
  lastVersion: SignatureVersion
}

export interface DeviceKeysOptions {
  /** Keys whose parsed form is kept; the one parsed first is forgotten first. */
  readonly maxRemembered: number
}

export const DEVICE_KEYS_DEFAULTS: DeviceKeysOptions = { maxRemembered: 4_096 }

export class DeviceKeys {
  readonly #options: DeviceKeysOptions
  readonly #keys = new Map<string, DeviceKey>()

  constructor(options: DeviceKeysOptions = DEVICE_KEYS_DEFAULTS) {
    this.#options = options
  }

  /** The key behind what a device presented (raw base64url, standard base64 or SPKI PEM), or undefined. */
  parse(presented: string): DeviceKey | undefined {
    const known = this.#keys.get(presented)
    if (known !== undefined) return known
    const raw = rawKeyOf(presented)
    if (raw === undefined) return undefined
    const key: DeviceKey = {
      publicKey: toBase64Url(raw),
      deviceId: createHash('sha256').update(raw).digest('hex'),
      keyObject: createPublicKey({ key: Buffer.concat([SPKI_HEADER, raw]), format: 'der', type: 'spki' }),
      lastVersion: 'v3',
    }
    if (this.#keys.size >= this.#options.maxRemembered) this.#keys.delete(this.#keys.keys().next().value ?? '')
    this.#keys.set(presented, key)
    return key
  }

  /** True when either payload version verifies; the one that last worked is tried first. */
  verify(key: DeviceKey, connect: SignedConnect, signature: string): boolean {
    const bytes = Buffer.from(signature, 'base64url')
    if (bytes.length !== SIGNATURE_BYTES) return false
    const other: SignatureVersion = key.lastVersion === 'v3' ? 'v2' : 'v3'
    for (const version of [key.lastVersion, other]) {
      if (!verify(null, Buffer.from(signaturePayload(version, connect), 'utf8'), key.keyObject, bytes)) continue
      key.lastVersion = version
      return true
    }
    return false
  }
}

function rawKeyOf(presented: string): Uint8Array | undefined {
  if (presented.length > 512) return undefined
  const pem = /-----BEGIN PUBLIC KEY-----([\s\S]+)-----END PUBLIC KEY-----/.exec(presented)
  const bytes = fromBase64Url((pem?.[1] ?? presented).replace(/\s+/g, ''))
  if (bytes?.length === RAW_KEY_BYTES) return bytes
  const isSpki =
    bytes?.length === SPKI_HEADER.length + RAW_KEY_BYTES &&
    Buffer.from(bytes.subarray(0, SPKI_HEADER.length)).equals(SPKI_HEADER)
  return isSpki ? bytes.subarray(SPKI_HEADER.length) : undefined
}
