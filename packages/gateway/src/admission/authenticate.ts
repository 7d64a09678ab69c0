// Which credential lets the connection in: a setup code, the shared secret, the device's own token (protocol notes
// section 4). Decides nothing about pairing; a good secret from an unknown device still has to be paired.

import type { ConnectAuth } from '@breakwater/protocol'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { PresentedSetupCode, SetupCodeDesk } from '../pairing/setup-code-desk.ts'
import type { SetupCodeFault } from '../pairing/setup-codes.ts'
import { isPastIssuer } from '../pairing/token-delivery.ts'
import type { DeviceRecord } from '../store/records.ts'
import type { Reader } from '../store/store.ts'
import {
  type Authenticated,
  type Connecting,
  next,
  type Proven,
  refuse,
  type SecretChecked,
  type SecretVerdict,
  type Verdict,
} from './candidate.ts'

export interface AuthenticateComponents {
  readonly devices: Reader<DeviceRecord>
  readonly tokens: Pick<DeviceTokens, 'match'>
  readonly setupCodes: Pick<SetupCodeDesk, 'present' | 'auditRefusal'>
  /** Names the shared secret in effect. */
  readonly sharedAuthGeneration: () => string | undefined
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export const authenticate =
  (components: AuthenticateComponents) =>
  (candidate: Proven): Verdict<Authenticated> | Promise<Verdict<Authenticated>> => {
    const { secret, device } = candidate
    const isOwner = isOwnerProcess(candidate)
    const code = presentSetupCode(components, candidate)
    if (code?.ok) {
      return next({ ...candidate, method: 'bootstrap-token', isOwnerProcess: isOwner, setupCode: code.code })
    }
    if (secret.ok) return next({ ...candidate, method: secret.method, isOwnerProcess: isOwner })
    if (device === undefined) return secretRefusal(candidate, secret)
    const { presented, isExplicit } = presentedDeviceToken(candidate.connect.auth)
    const usedGeneration = presented === undefined ? undefined : matchToken(components, candidate, presented)
    if (usedGeneration !== undefined) {
      return next({ ...candidate, method: 'device-token', isOwnerProcess: isOwner, usedGeneration })
    }
    if (isExplicit) return refuse('AUTH_DEVICE_TOKEN_MISMATCH', aboutDevice('device_token_mismatch'))
    return code === undefined ? secretRefusal(candidate, secret) : refusePresented(components, candidate, code)
  }

function presentSetupCode(
  { setupCodes }: AuthenticateComponents,
  { connect, device, role }: Proven,
): PresentedSetupCode | undefined {
  const token = connect.auth?.bootstrapToken?.trim()
  if (token === undefined || token === '' || device === undefined) return undefined
  return setupCodes.present(token, { ...device, role })
}

/** Which generation of the device's token was presented, while that is alive. */
function matchToken(
  { devices, tokens, sharedAuthGeneration, nowMs }: AuthenticateComponents,
  { device, role }: Proven,
  presented: string,
): number | undefined {
  const record = device === undefined ? undefined : devices.get(device.deviceId)
  if (record === undefined || record.publicKey !== device?.publicKey) return undefined
  if (isPastIssuer(record.tokens[role], sharedAuthGeneration())) return undefined
  return tokens.match(record, role, presented, nowMs())
}

/** A code that is real but not good any more leaves a trace; a guess does not. */
function refusePresented(
  { setupCodes }: AuthenticateComponents,
  { device, role, locality }: Proven,
  { code, fault }: PresentedSetupCode & { readonly ok: false },
): Verdict<Authenticated> | Promise<Verdict<Authenticated>> {
  if (code === undefined || device === undefined) return refuseSetupCode(fault)
  const remoteIp = locality.kind === 'local' ? undefined : locality.clientAddress
  return setupCodes.auditRefusal(code, fault, { ...device, role }, remoteIp).then(() => refuseSetupCode(fault))
}

/** Only who holds a real code learns why it is not good. */
export const refuseSetupCode = (fault: SetupCodeFault) =>
  refuse('AUTH_BOOTSTRAP_TOKEN_INVALID', {
    details: { ...authDetails('bootstrap_token_invalid', false).details, cause: fault },
    nextCommand: 'breakwater qr',
  })

/** The device token is in its own field, or tried in the token's place. */
function presentedDeviceToken(auth: ConnectAuth | undefined): { presented: string | undefined; isExplicit: boolean } {
  const explicit = auth?.deviceToken?.trim()
  if (explicit) return { presented: explicit, isExplicit: true }
  return { presented: auth?.token?.trim() || undefined, isExplicit: false }
}

/**
 * Callers that need no pairing (DESIGN, self-connection; pairing notes section 5): our own back-end and the owner's
 * command line, on this machine, without a browser in between.
 */
export function isOwnerProcess({ locality, headers, connect }: Connecting): boolean {
  if (locality.kind !== 'local' || headers.origin !== undefined) return false
  if (locality.via === 'unix-socket') return true
  const { id, mode } = connect.client
  return (id === 'gateway-client' && mode === 'backend') || (id === 'cli' && mode === 'cli')
}

/** The refusal of a missing or wrong shared secret, with what the client may try instead. */
export function secretRefusal(candidate: SecretChecked, secret: SecretVerdict & { ok: false }) {
  const { auth, device } = candidate.connect
  const mayRetryWithDeviceToken =
    secret.error === 'AUTH_TOKEN_MISMATCH' &&
    device !== undefined &&
    auth?.token !== undefined &&
    auth.deviceToken === undefined
  return refuse(secret.error, {
    ...authDetails(secret.authReason, mayRetryWithDeviceToken),
    nextCommand: secret.error.startsWith('AUTH_TOKEN_')
      ? 'breakwater token show'
      : 'breakwater config get gateway.auth',
  })
}

const authDetails = (authReason: string, canRetryWithDeviceToken: boolean) => ({
  details: {
    authReason,
    canRetryWithDeviceToken,
    ...(canRetryWithDeviceToken ? { recommendedNextStep: 'retry_with_device_token' } : {}),
  },
})

/** A refusal of a credential that belongs to one device: the owner looks at the devices next. */
const aboutDevice = (authReason: string) => ({
  ...authDetails(authReason, false),
  nextCommand: 'breakwater devices list',
})
