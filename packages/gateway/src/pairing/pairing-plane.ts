// Everything about which devices may connect, put together: admission, requests, operators' decisions, tokens, setup
// codes. Needs a store and nothing else that runs, so the owner's commands use it with the gateway down.

import { randomBytes, randomUUID } from 'node:crypto'
import { systemClock as systemTimers, type Clock as TimerClock } from '@breakwater/supervisor'
import type { AuthPolicy } from '../auth/auth-policy.ts'
import type { DeviceTokens } from '../auth/device-tokens.ts'
import type { Part } from '../lifecycle.ts'
import { type Clock, systemClock } from '../observe/clock.ts'
import { type Logger, silentLogger } from '../observe/logger.ts'
import type { Store } from '../store/store.ts'
import { PairingAnnouncer } from './announcer.ts'
import type { PairingRules } from './approval-rules.ts'
import { type Approver, mayManage } from './approver.ts'
import { DeviceAdmission } from './device-admission.ts'
import { requestRow, seenDeviceRow } from './device-rows.ts'
import { JoinDesk } from './join-desk.ts'
import { PairingDecisions } from './pairing-decisions.ts'
import { PairingWaits } from './pairing-waits.ts'
import { RequestBook } from './request-book.ts'
import { ScopeUpgrades } from './scope-upgrades.ts'
import type { GatewayAddress } from './setup-address.ts'
import { SetupCodeDesk } from './setup-code-desk.ts'
import { TokenDecisions } from './token-decisions.ts'

/** How often expired requests and setup codes are cleared away. */
const SWEEP_INTERVAL_MS = 30_000

export interface PairingPlaneComponents {
  readonly store: Store
  readonly tokens: Pick<DeviceTokens, 'derive' | 'nameOf' | 'bootstrapOf'>
  readonly clock?: Clock
  readonly timers?: Pick<TimerClock, 'setTimer' | 'clearTimer'>
  readonly log?: Logger
  /** Sends an event to everyone entitled to it. Left out: nobody is connected. */
  readonly publish?: (event: string, payload: unknown) => unknown
  readonly isConnected?: (deviceId: string) => boolean
  readonly newId?: () => string
  readonly randomBytes?: (count: number) => Buffer
  readonly drawQr?: (text: string) => Promise<string | undefined>
}

export interface PairingPlaneOptions {
  /** Read at each connect: they may change while the gateway runs. */
  readonly rules: () => PairingRules
  readonly authPolicy: () => AuthPolicy
  readonly address: () => GatewayAddress
}

export class PairingPlane {
  readonly admission: DeviceAdmission
  readonly decisions: PairingDecisions
  readonly tokens: TokenDecisions
  readonly setupCodes: SetupCodeDesk
  readonly joins: JoinDesk
  readonly upgrades: ScopeUpgrades
  readonly requests: RequestBook
  readonly waits: PairingWaits
  readonly part: Part

  readonly #store: Store
  readonly #isConnected: (deviceId: string) => boolean
  readonly #timers: Pick<TimerClock, 'setTimer' | 'clearTimer'>
  readonly #log: Logger
  readonly #sharedAuth: SharedAuthName
  #sweepTimer: ReturnType<TimerClock['setTimer']> | undefined

  constructor(components: PairingPlaneComponents, options: PairingPlaneOptions) {
    const { store, clock = systemClock, timers = systemTimers, log = silentLogger } = components
    const { publish = () => {}, isConnected = () => false, newId = randomUUID, drawQr } = components
    const nowMs = (): number => clock.nowMs()
    this.#store = store
    this.#isConnected = isConnected
    this.#timers = timers
    this.#log = log
    this.#sharedAuth = new SharedAuthName(options.authPolicy, components.tokens)
    this.waits = new PairingWaits({ timers })
    const announcer = new PairingAnnouncer({ publish, waits: this.waits, log, nowMs })
    const shared = { store, announcer, newId, nowMs }
    this.requests = new RequestBook(shared)
    this.setupCodes = new SetupCodeDesk({
      ...shared,
      tokens: components.tokens,
      log,
      address: options.address,
      authPolicy: options.authPolicy,
      randomBytes: components.randomBytes ?? randomBytes,
      ...(drawQr === undefined ? {} : { drawQr }),
    })
    this.joins = new JoinDesk({ ...shared, tokens: components.tokens })
    this.decisions = new PairingDecisions({ ...shared, requests: this.requests })
    this.tokens = new TokenDecisions({ ...shared, tokens: components.tokens })
    this.upgrades = new ScopeUpgrades({
      ...shared,
      tokens: components.tokens,
      requests: this.requests,
      waits: this.waits,
    })
    this.admission = new DeviceAdmission({
      ...shared,
      requests: this.requests,
      setupCodes: this.setupCodes,
      rules: options.rules,
      isConnected,
      sharedAuthGeneration: this.sharedAuthGeneration,
    })
    this.part = { name: 'pairing', start: () => this.#armSweep(), stop: () => this.#stop() }
  }

  /** Names the shared secret in effect without telling it; undefined when there is none. */
  readonly sharedAuthGeneration = (): string | undefined => this.#sharedAuth.current

  /** What `device.pair.list` shows this caller: everything, or the one device whose token it came with. */
  list(by: Approver): { readonly pending: readonly object[]; readonly paired: readonly object[] } {
    const pending = this.requests.list().filter(({ record }) => mayManage(by, record.deviceId))
    const paired = [...this.#store.devices.values()].filter(({ deviceId }) => mayManage(by, deviceId))
    return {
      pending: pending.map(({ record, refreshedAtMs }) => requestRow(record, refreshedAtMs)),
      paired: paired
        .sort((a, b) => b.approvedAtMs - a.approvedAtMs)
        .map((record) =>
          seenDeviceRow(record, this.#store.sightings.get(record.deviceId), this.#isConnected(record.deviceId)),
        ),
    }
  }

  /** Clears away what has expired. */
  async sweep(): Promise<void> {
    await this.requests.sweep()
    await this.setupCodes.sweep()
  }

  /** Figures for `status`. */
  counters(): Readonly<Record<string, number>> {
    return {
      pairingRequestsRefused: this.requests.refusedCount,
      pairingWaitsRefused: this.waits.refusedCount,
      setupCodesRefused: this.setupCodes.refusedReplayCount,
    }
  }

  #armSweep(): void {
    this.#sweepTimer = this.#timers.setTimer(() => {
      this.sweep()
        .catch((fault: unknown) => this.#log.warn('expired pairing requests stay for now', { error: String(fault) }))
        .finally(() => {
          if (this.#sweepTimer !== undefined) this.#armSweep()
        })
    }, SWEEP_INTERVAL_MS)
  }

  #stop(): void {
    if (this.#sweepTimer !== undefined) this.#timers.clearTimer(this.#sweepTimer)
    this.#sweepTimer = undefined
    this.waits.stop()
  }
}

/** The name of the shared secret, worked out again only when the policy is another. */
class SharedAuthName {
  readonly #policy: () => AuthPolicy
  readonly #tokens: Pick<DeviceTokens, 'nameOf'>
  #named: { readonly policy: AuthPolicy; readonly name: string | undefined } | undefined

  constructor(policy: () => AuthPolicy, tokens: Pick<DeviceTokens, 'nameOf'>) {
    this.#policy = policy
    this.#tokens = tokens
  }

  get current(): string | undefined {
    const policy = this.#policy()
    if (this.#named?.policy !== policy) this.#named = { policy, name: this.#nameOf(policy) }
    return this.#named.name
  }

  #nameOf(policy: AuthPolicy): string | undefined {
    if (policy.mode === 'none') return undefined
    const secret = policy.mode === 'token' ? policy.token : policy.password
    return secret === undefined ? undefined : this.#tokens.nameOf(secret)
  }
}
