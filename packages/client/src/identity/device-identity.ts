// What a device is to the protocol: an Ed25519 key that can sign. Where the key lives is each implementation's affair.

export interface DeviceIdentity {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly deviceId: string
  /** Raw 32-byte public key, base64url without padding. */
  readonly publicKey: string
  /** Ed25519 signature over the UTF-8 bytes of `payload`, base64url without padding. */
  sign(payload: string): Promise<string>
}

/** An identity, or how to get it when an attempt needs one: reading a key costs nothing when no device is attached. */
export type IdentitySource = DeviceIdentity | (() => Promise<DeviceIdentity>)

export const resolveIdentity = (source: IdentitySource): Promise<DeviceIdentity> =>
  typeof source === 'function' ? source() : Promise.resolve(source)
