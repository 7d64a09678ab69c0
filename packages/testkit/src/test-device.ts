// A device with a key of its own that signs connects, well or badly on request.

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  type ConnectParams,
  type SignatureVersion,
  signaturePayload,
  signedToken,
  toBase64Url,
} from '@breakwater/protocol'

export interface SignOptions {
  readonly version?: SignatureVersion
  /** Epoch milliseconds; the challenge's time when left out. */
  readonly signedAtMs?: number
  readonly nonce?: string
  /** Changes fields of the proof after signing. */
  readonly tamper?: (device: NonNullable<ConnectParams['device']>) => unknown
}

export class TestDevice {
  readonly publicKey: string
  readonly deviceId: string
  readonly #privateKey: KeyObject

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    this.publicKey = toBase64Url(raw)
    this.deviceId = createHash('sha256').update(raw).digest('hex')
    this.#privateKey = privateKey
  }

  /** The connect parameters with this device's proof for one challenge. */
  sign(params: ConnectParams, challenge: { nonce: string; ts: number }, options: SignOptions = {}): ConnectParams {
    const nonce = options.nonce ?? challenge.nonce
    const signedAt = options.signedAtMs ?? challenge.ts
    const payload = signaturePayload(options.version ?? 'v3', {
      deviceId: this.deviceId,
      clientId: params.client.id,
      clientMode: params.client.mode,
      role: params.role ?? 'operator',
      scopes: params.scopes ?? [],
      signedAtMs: signedAt,
      token: signedToken(params.auth),
      nonce,
      platform: params.client.platform,
      deviceFamily: params.client.deviceFamily,
    })
    const signature = toBase64Url(sign(null, Buffer.from(payload, 'utf8'), this.#privateKey))
    const device = { id: this.deviceId, publicKey: this.publicKey, signature, signedAt, nonce }
    return { ...params, device: (options.tamper?.(device) ?? device) as typeof device }
  }
}
