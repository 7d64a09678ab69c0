// Builds the device proof of one connect frame: signature payload v3, bound to the challenge of this connection.

import {
  type ClientInfo,
  type ConnectAuth,
  type DeviceProof,
  type SignatureVersion,
  signaturePayload,
  signedToken,
} from '@breakwater/protocol'
import type { DeviceIdentity } from './device-identity.ts'

export interface ConnectToSign {
  readonly client: ClientInfo
  readonly role: string
  /** Exactly as sent, in that order. */
  readonly scopes: readonly string[]
  readonly auth: ConnectAuth | undefined
  readonly nonce: string
  /** The challenge's `ts`: the gateway's own clock, so that ours may be wrong. */
  readonly signedAtMs: number
}

export async function signConnect(
  identity: DeviceIdentity,
  connect: ConnectToSign,
  version: SignatureVersion = 'v3',
): Promise<DeviceProof> {
  const payload = signaturePayload(version, {
    deviceId: identity.deviceId,
    clientId: connect.client.id,
    clientMode: connect.client.mode,
    role: connect.role,
    scopes: connect.scopes,
    signedAtMs: connect.signedAtMs,
    token: signedToken(connect.auth),
    nonce: connect.nonce,
    platform: connect.client.platform,
    deviceFamily: connect.client.deviceFamily,
  })
  return {
    id: identity.deviceId,
    publicKey: identity.publicKey,
    signature: await identity.sign(payload),
    signedAt: connect.signedAtMs,
    nonce: connect.nonce,
  }
}
