// Is the device who it says it is: a missing identity is judged first, then key, clock, nonce and signature, in the wire's
// order (protocol notes 2.3, section 4). Says nothing about whether the device is welcome.

import { isControlUiClient, LIMITS, signedToken } from '@breakwater/protocol'
import type { DeviceKeys } from '../auth/device-keys.ts'
import { isOwnerProcess, secretRefusal } from './authenticate.ts'
import { next, type Proven, refuse, type SecretChecked, type Verdict } from './candidate.ts'

export interface ProveDeviceComponents {
  readonly keys: DeviceKeys
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export const proveDevice =
  ({ keys, nowMs }: ProveDeviceComponents) =>
  (candidate: SecretChecked): Verdict<Proven> => {
    const { device: proof, auth, client } = candidate.connect
    if (proof === undefined) return judgeMissingDevice(candidate)
    const key = keys.parse(proof.publicKey)
    if (key === undefined) return deviceRefusal('DEVICE_AUTH_PUBLIC_KEY_INVALID', 'device-public-key')
    if (key.deviceId !== proof.id) return deviceRefusal('DEVICE_AUTH_DEVICE_ID_MISMATCH', 'device-id-mismatch')
    if (Math.abs(nowMs() - proof.signedAt) > LIMITS.signatureSkewMs) {
      return deviceRefusal('DEVICE_AUTH_SIGNATURE_EXPIRED', 'device-signature-stale')
    }
    const nonce = proof.nonce.trim()
    if (nonce === '') return deviceRefusal('DEVICE_AUTH_NONCE_REQUIRED', 'device-nonce-missing')
    if (nonce !== candidate.nonce) return deviceRefusal('DEVICE_AUTH_NONCE_MISMATCH', 'device-nonce-mismatch')
    const signed = {
      deviceId: proof.id,
      clientId: client.id,
      clientMode: client.mode,
      role: candidate.connect.role ?? 'operator',
      scopes: candidate.requestedScopes,
      signedAtMs: proof.signedAt,
      token: signedToken(auth),
      nonce,
      platform: client.platform,
      deviceFamily: client.deviceFamily,
    }
    if (!keys.verify(key, signed, proof.signature))
      return deviceRefusal('DEVICE_AUTH_SIGNATURE_INVALID', 'device-signature')
    return next({ ...candidate, device: { deviceId: key.deviceId, publicKey: key.publicKey } })
  }

/** Who may come without a device: operators with the shared secret, except pages. */
function judgeMissingDevice(candidate: SecretChecked): Verdict<Proven> {
  const { secret, connect, locality } = candidate
  if (candidate.role === 'node') return refuse('DEVICE_IDENTITY_REQUIRED', { nextCommand: 'breakwater node run' })
  const isOwnSocket = locality.kind === 'local' && locality.via === 'unix-socket'
  if (isControlUiClient(connect.client.id) && secret.ok && secret.method !== 'trusted-proxy' && !isOwnSocket) {
    return pageIdentityRequired()
  }
  // Where nothing is asked for, nothing was proven either: only the owner's own processes need no key then.
  if (secret.ok && secret.method === 'none' && !isOwnerProcess(candidate)) return identityRequired()
  if (secret.ok) return next({ ...candidate, device: undefined })
  if (secret.isMissing && secret.error !== 'AUTH_IDENTITY_HEADER_REQUIRED') {
    return isControlUiClient(connect.client.id) ? pageIdentityRequired() : identityRequired()
  }
  return secretRefusal(candidate, secret)
}

const identityRequired = () => refuse('DEVICE_IDENTITY_REQUIRED', { nextCommand: 'breakwater token show' })

/** Browsers keep keys for pages served over TLS or by this machine only. */
const pageIdentityRequired = () =>
  refuse('CONTROL_UI_DEVICE_IDENTITY_REQUIRED', { nextCommand: 'breakwater gateway --tls' })

const deviceRefusal = (error: Parameters<typeof refuse>[0], reason: string) => refuse(error, { details: { reason } })
