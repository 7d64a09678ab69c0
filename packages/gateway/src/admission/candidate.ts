// What is known about a connection on its way in. Each step of the pipeline takes one of these types and returns the next,
// so that nothing can be used before it was established. Only the last one becomes a `Peer`.

import type { IncomingHttpHeaders } from 'node:http'
import type { ConnectParams, ErrorName, ErrorOptions, Role } from '@breakwater/protocol'
import type { AuthMethod } from '../connection/peer.ts'
import type { Locality } from '../listener/locality.ts'
import type { SetupHandoff } from '../pairing/device-admission.ts'
import type { DeviceRecord, SetupCodeRecord } from '../store/records.ts'

/** A WebSocket that has said nothing yet. */
export interface Candidate {
  readonly connId: string
  readonly nonce: string
  readonly locality: Locality
  /** Address of the socket's other end; undefined on the Unix socket. */
  readonly peerAddress: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Call when the verdict waits for a person: others may be judged meanwhile. */
  readonly yieldTurn?: () => void
}

/** Its first frame was a well-formed `connect`. */
export interface Connecting extends Candidate {
  readonly requestId: string
  readonly connect: ConnectParams
}

/** Protocol version and role are settled. */
export interface Negotiated extends Connecting {
  readonly role: Role
  /** Scopes as requested; absent on the wire means none. */
  readonly requestedScopes: readonly string[]
}

/** Outcome of comparing the shared secret (or proxy identity); judged only when nothing better authenticates. */
export type SecretVerdict =
  | { readonly ok: true; readonly method: AuthMethod }
  | { readonly ok: false; readonly error: ErrorName; readonly authReason: string; readonly isMissing: boolean }

/** The shared secret was compared. */
export interface SecretChecked extends Negotiated {
  readonly secret: SecretVerdict
}

/** The device key was proven, or is legitimately absent. */
export interface Proven extends SecretChecked {
  readonly device: ProvenDevice | undefined
}

export interface ProvenDevice {
  readonly deviceId: string
  /** Raw Ed25519 public key, base64url without padding. */
  readonly publicKey: string
}

/** Some credential was accepted. */
export interface Authenticated extends Proven {
  readonly method: AuthMethod
  /** True for callers who need no pairing: our own back-end, and the owner's command line on this machine. */
  readonly isOwnerProcess: boolean
  /** Which of the device's tokens was presented, when it was a device token. */
  readonly usedGeneration?: number
  /** The code being redeemed, when it was a setup code. */
  readonly setupCode?: SetupCodeRecord
}

/** The device, if any, is approved for the role and scopes. */
export interface Paired extends Authenticated {
  readonly record: DeviceRecord | undefined
  /** The most this connection is granted, where that is less than it asked for. */
  readonly allowedScopes?: readonly string[]
  /** The device just redeemed a setup code. */
  readonly handoff?: SetupHandoff
}

/** Scopes are granted and the device token is known. */
export interface Authorised extends Paired {
  readonly grantedScopes: readonly string[]
  readonly deviceToken: IssuedDeviceToken | undefined
  /** Tokens of the device's other roles; only a setup code brings them. */
  readonly otherTokens?: readonly OtherRoleToken[]
}

export interface IssuedDeviceToken {
  readonly token: string
  readonly issuedAtMs: number
}

export interface OtherRoleToken extends IssuedDeviceToken {
  readonly role: Role
  readonly scopes: readonly string[]
}

/** Why a connection goes no further. A value: throws are faults. */
export interface Refusal {
  readonly error: ErrorName
  readonly options: ErrorOptions
  /** Close reason when it differs from the message. */
  readonly closeReason?: string
  /** False: the wire closes without a response (frames that are no requests). */
  readonly isAnswered?: boolean
  /** The device that waits for approval: however often it asks, its record stays short. */
  readonly waiting?: { readonly deviceId: string; readonly requestId: string | undefined }
}

export type Verdict<Next> =
  | { readonly ok: true; readonly value: Next }
  | { readonly ok: false; readonly refusal: Refusal }

/** One step of admission. */
export type Step<Current, Next> = (candidate: Current) => Verdict<Next> | Promise<Verdict<Next>>

export const next = <Value>(value: Value): Verdict<Value> => ({ ok: true, value })

export const refuse = (
  error: ErrorName,
  options: ErrorOptions = {},
  more: Pick<Refusal, 'closeReason' | 'isAnswered' | 'waiting'> = {},
): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal: { error, options, ...more } })
