// A device key held by WebCrypto. By default the private key cannot be exported: a page that is taken over can use it
// while it runs, but cannot carry it away. Keep the pair in IndexedDB, which stores keys without exposing them.

import { toBase64Url } from '@breakwater/protocol'
import type { DeviceIdentity } from './device-identity.ts'

type Key = InstanceType<typeof CryptoKey>

export interface DeviceKeyPair {
  readonly publicKey: Key
  readonly privateKey: Key
}

export interface GenerateOptions {
  /** Lets the private key be exported, e.g. to move it to a file. Unset = false. */
  readonly extractable?: boolean
}

export async function generateDeviceKeyPair(options: GenerateOptions = {}): Promise<DeviceKeyPair> {
  // Typed as one key or a pair; Ed25519 always makes a pair.
  const made: unknown = await crypto.subtle.generateKey({ name: 'Ed25519' }, options.extractable ?? false, [
    'sign',
    'verify',
  ])
  return made as DeviceKeyPair
}

export async function webCryptoIdentity({ publicKey, privateKey }: DeviceKeyPair): Promise<DeviceIdentity> {
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  return {
    deviceId: toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', raw))),
    publicKey: toBase64Url(raw),
    sign: async (payload) => {
      const bytes = new TextEncoder().encode(payload)
      return toBase64Url(new Uint8Array(await crypto.subtle.sign({ name: 'Ed25519' }, privateKey, bytes)))
    },
  }
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
