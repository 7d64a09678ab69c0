// Setup codes from issue to outcome: makes them, knows whether a presented one is good, and records how its hand-off
// ended. Keeps digests only. Letting the device in is admission's part; which address a code names is decided elsewhere.

import { encodeSetupCode, type SetupCodePayload } from '@breakwater/protocol'
import type { AuthPolicy } from '../auth/auth-policy.ts'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { Logger } from '../observe/logger.ts'
import { append, put, remove } from '../store/changes.ts'
import type { AuditActor, DeviceRecord, SetupCodeRecord } from '../store/records.ts'
import type { Change, Store, StoreView } from '../store/store.ts'
import { type PairingAnnouncer, setupOutcomeRow } from './announcer.ts'
import type { Approver } from './approver.ts'
import { JOIN_CODE_BYTES, joinUrlOf } from './join-desk.ts'
import { decided, type Outcome, refused } from './refusals.ts'
import { type AddressWish, chooseSetupAddress, type GatewayAddress, type SetupAddress } from './setup-address.ts'
import {
  bootstrapDigest,
  completeSetup,
  doubtSetup,
  isForgettable,
  isOpen,
  judgeSetupCode,
  type Redeemer,
  SETUP_CODE_RULES,
  SETUP_PROFILES,
  type SetupCodeFault,
  type SetupProfileName,
} from './setup-codes.ts'

/** Refused replays of one code that are written to the audit; further ones are only counted. */
const MAX_AUDITED_REPLAYS = 3
const MAX_REPLAYED_CODES = 1_024

export interface SetupCodeDeskComponents {
  readonly store: Store
  readonly announcer: PairingAnnouncer
  readonly tokens: Pick<DeviceTokens, 'bootstrapOf'>
  readonly log: Logger
  readonly address: () => GatewayAddress
  readonly authPolicy: () => AuthPolicy
  readonly randomBytes: (count: number) => Buffer
  readonly newId: () => string
  /** A picture of the code as a PNG data URL; undefined: answers carry none. */
  readonly drawQr?: (text: string) => Promise<string | undefined>
  /** Epoch milliseconds. */
  readonly nowMs: () => number
}

export interface SetupCodeWish extends AddressWish {
  readonly includeQr?: boolean
  readonly bootstrapProfile?: 'limited' | 'node'
  /** Also make an address from which a node fetches the code, once. */
  readonly joinUrl?: true
}

export interface IssuedSetupCode {
  readonly setupId: string
  readonly expiresAtMs: number
  readonly setupCode: string
  readonly joinUrl?: string
  readonly qrDataUrl?: string
  readonly gatewayUrl: string
  readonly gatewayUrls?: readonly string[]
  readonly auth: 'token' | 'password'
  readonly urlSource: string
  readonly access: 'full' | 'limited' | 'node'
  readonly accessDowngraded?: boolean
}

export type PresentedSetupCode =
  | { readonly ok: true; readonly code: SetupCodeRecord }
  | { readonly ok: false; readonly fault: SetupCodeFault; readonly code: SetupCodeRecord | undefined }

export class SetupCodeDesk {
  readonly #components: SetupCodeDeskComponents
  readonly #replays = new Map<string, number>()
  /** Codes that were presented again, by another device, or for a role they do not name. */
  refusedReplayCount = 0

  constructor(components: SetupCodeDeskComponents) {
    this.#components = components
  }

  async issue(wish: SetupCodeWish, by: Approver): Promise<Outcome<IssuedSetupCode>> {
    const { address, drawQr } = this.#components
    const auth = this.#authLabel()
    if (auth === undefined) return refused({ reason: 'auth-none' })
    const choice = chooseSetupAddress(address(), wish)
    if (!choice.ok) return choice
    const profile = profileOf(wish, choice.address)
    if (wish.joinUrl === true && profile.name !== 'node') return refused({ reason: 'join-needs-node-profile' })
    const made = await this.#make(profile.name, choice.address, wish.joinUrl === true, by)
    if (!made.ok) return made
    const { code, setupCode, joinUrl } = made.value
    const qrDataUrl = wish.includeQr === false ? undefined : await drawQr?.(setupCode)
    const { url, urls, source } = choice.address
    return decided({
      setupId: code.setupId,
      expiresAtMs: code.expiresAtMs,
      setupCode,
      ...(joinUrl === undefined ? {} : { joinUrl }),
      ...(qrDataUrl === undefined ? {} : { qrDataUrl }),
      gatewayUrl: url,
      ...(urls.length < 2 ? {} : { gatewayUrls: urls }),
      auth,
      urlSource: source,
      access: SETUP_PROFILES[profile.name].access,
      ...(profile.isDowngraded ? { accessDowngraded: true } : {}),
    })
  }

  /** Whether this token lets this device in as the role. Reads memory only: a guess costs a digest and a look-up. */
  present(token: string, redeemer: Redeemer): PresentedSetupCode {
    const code = this.#components.store.setupCodes.get(bootstrapDigest(token))
    const fault = judgeSetupCode(code, redeemer, this.#components.nowMs())
    if (fault === undefined && code !== undefined) return { ok: true, code }
    return { ok: false, fault: fault ?? 'unknown', code }
  }

  /** Records that a real code was refused. Never rejects: a full disk changes nothing about the refusal. */
  async auditRefusal(
    code: SetupCodeRecord,
    fault: SetupCodeFault,
    { deviceId }: Redeemer,
    remoteIp: string | undefined,
  ): Promise<void> {
    const { store, log, nowMs } = this.#components
    this.refusedReplayCount += 1
    const count = (this.#replays.get(code.setupId) ?? 0) + 1
    if (!this.#replays.has(code.setupId) && this.#replays.size >= MAX_REPLAYED_CODES) {
      this.#replays.delete(this.#replays.keys().next().value ?? '')
    }
    this.#replays.set(code.setupId, count)
    if (count > MAX_AUDITED_REPLAYS) return
    const actor: AuditActor = {
      kind: 'setup-code',
      id: code.setupId,
      ...(remoteIp === undefined ? {} : { remoteIp }),
    }
    const fact = { atMs: nowMs(), action: 'setup-code.refused', actor, subject: code.setupId } as const
    try {
      await store.apply([append({ ...fact, details: { fault, deviceId } })])
    } catch (error) {
      log.warn('a refused setup code could not be audited', { setupId: code.setupId, fault, error: String(error) })
    }
  }

  /** The hello with the device's tokens was written, or could not be. */
  async settle(tokenSha256: string, device: DeviceRecord, isDelivered: boolean): Promise<void> {
    const { store, announcer, nowMs } = this.#components
    const atMs = nowMs()
    const name = device.operatorLabel ?? device.displayName
    const named = { deviceId: device.deviceId, ...(name === undefined ? {} : { deviceName: name }) }
    const ended = await store.decide((view) => {
      const code = view.setupCodes.get(tokenSha256)
      if (code === undefined || code.outcome?.kind === 'completed') return { changes: [], result: undefined }
      const after = isDelivered ? completeSetup(code, named, atMs) : doubtSetup(code, named, atMs)
      return { changes: [put('setupCodes', after)], result: after }
    })
    if (ended === undefined) return
    const what = isDelivered ? 'device set up with a setup code' : 'setup code: delivery of the tokens is uncertain'
    announcer.decided(what, { setupId: ended.setupId, deviceId: device.deviceId })
    announcer.setupEnded(ended)
  }

  status(setupId: string): object {
    const { store, nowMs } = this.#components
    const code = [...store.setupCodes.values()].find((candidate) => candidate.setupId === setupId)
    if (code?.outcome === undefined || isForgettable(code, nowMs())) return {}
    const row = setupOutcomeRow(code)
    return code.outcome.kind === 'completed' ? { completion: row } : { deliveryUncertain: row }
  }

  /** Removes what nobody can use or ask about any more. */
  async sweep(): Promise<void> {
    const { store, nowMs } = this.#components
    const atMs = nowMs()
    if (![...store.setupCodes.values()].some((code) => isForgettable(code, atMs))) return
    await store.decide((view) => ({ changes: forgettables(view, atMs), result: undefined }))
  }

  async #make(
    name: SetupProfileName,
    address: SetupAddress,
    isJoinable: boolean,
    by: Approver,
  ): Promise<Outcome<{ readonly code: SetupCodeRecord; readonly setupCode: string; readonly joinUrl?: string }>> {
    const { store, newId, nowMs } = this.#components
    const { url } = address
    const secret = this.#secretFor(address, isJoinable)
    if (secret === undefined) return refused({ reason: 'insecure-url', url })
    const { bootstrapToken, joinUrl, joinFields } = secret
    const atMs = nowMs()
    const expiresAtMs = atMs + SETUP_CODE_RULES.ttlMs
    const { access, roles, scopes } = SETUP_PROFILES[name]
    const granted = { setupId: newId(), profile: name, access, roles, scopes, issuedAtMs: atMs, expiresAtMs }
    const code = { tokenSha256: bootstrapDigest(bootstrapToken), ...granted, ...joinFields }
    const isMade = await store.decide((view) => {
      const open = [...view.setupCodes.values()].filter((other) => isOpen(other, atMs)).length
      if (open >= SETUP_CODE_RULES.maxOpen) return { changes: [], result: false }
      const details = { profile: name, roles, scopes, url, expiresAtMs }
      const fact = { atMs, action: 'setup-code.issued', actor: by.actor, subject: code.setupId, details } as const
      return { changes: [...forgettables(view, atMs), put('setupCodes', code), append(fact)], result: true }
    })
    if (!isMade) return refused({ reason: 'too-many-codes', max: SETUP_CODE_RULES.maxOpen })
    const setupCode = encodeSetupCode({ ...placeOf(address), bootstrapToken, expiresAtMs })
    return decided({ code, setupCode, ...(joinUrl === undefined ? {} : { joinUrl }) })
  }

  /** Random, or derived from a random path where the code can be fetched; undefined where that would be overheard. */
  #secretFor(address: SetupAddress, isJoinable: boolean) {
    const { randomBytes, tokens } = this.#components
    if (!isJoinable) {
      return { bootstrapToken: randomBytes(SETUP_CODE_RULES.tokenBytes).toString('base64url') }
    }
    const joinCode = randomBytes(JOIN_CODE_BYTES).toString('base64url')
    const joinUrl = joinUrlOf(address.url, joinCode)
    if (joinUrl === undefined) return undefined
    const joinFields = { joinCodeSha256: bootstrapDigest(joinCode), joinAddress: placeOf(address) }
    return { bootstrapToken: tokens.bootstrapOf(joinCode), joinUrl, joinFields }
  }

  #authLabel(): 'token' | 'password' | undefined {
    const policy = this.#components.authPolicy()
    if (policy.mode === 'none') return undefined
    if (policy.mode === 'trusted-proxy') return policy.password === undefined ? 'token' : 'password'
    return policy.mode
  }
}

const placeOf = ({
  url,
  urls,
  tlsFingerprint,
}: SetupAddress): Omit<SetupCodePayload, 'bootstrapToken' | 'expiresAtMs'> => ({
  url,
  ...(urls.length < 2 ? {} : { urls }),
  ...(tlsFingerprint === undefined ? {} : { tlsFingerprint }),
})

/** Full access only travels where nobody can listen. */
function profileOf(
  { bootstrapProfile }: SetupCodeWish,
  { isPrivate }: SetupAddress,
): { readonly name: Exclude<SetupProfileName, 'control-ui-owner'>; readonly isDowngraded: boolean } {
  if (bootstrapProfile !== undefined) return { name: bootstrapProfile, isDowngraded: false }
  return isPrivate ? { name: 'full', isDowngraded: false } : { name: 'limited', isDowngraded: true }
}

const forgettables = (view: StoreView, atMs: number): readonly Change[] =>
  [...view.setupCodes.values()]
    .filter((code) => isForgettable(code, atMs))
    .map((code) => remove('setupCodes', code.tokenSha256))
