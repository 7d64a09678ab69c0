// The pairing plane of a running gateway: over its store, with its settings, telling its peers.

import type { LiveAuth } from '../auth/live-auth.ts'
import { systemHost } from '../host/host-info.ts'
import type { GatewayOptions } from '../options.ts'
import { compilePairingRules, type PairingRules } from '../pairing/approval-rules.ts'
import { PairingPlane } from '../pairing/pairing-plane.ts'
import type { Audience } from './audience.ts'
import type { Observation } from './observation.ts'
import type { State } from './state.ts'

export interface PairingComponents {
  readonly observation: Observation
  readonly state: State
  readonly audience: Audience
  readonly auth: LiveAuth
  readonly settings: () => GatewayOptions
  /** The port that is listened on. */
  readonly port: () => number
}

export function createPairing({ observation, state, audience, auth, settings, port }: PairingComponents): PairingPlane {
  const { log, clock } = observation
  const { broadcaster, peers } = audience
  const { store, deviceTokens: tokens, tls } = state
  const rules = new CompiledRules(settings)
  return new PairingPlane(
    {
      store,
      tokens,
      clock,
      log: log.child('gateway/pairing'),
      publish: (event, payload) => broadcaster.publish(event, payload),
      isConnected: (deviceId) => peers.isConnected(deviceId),
      drawQr: async (text) => (await import('../pairing/qr-picture.ts')).qrPngDataUrl(text),
    },
    {
      rules: () => rules.current,
      authPolicy: () => auth.policy,
      address: () => ({
        bind: settings().bind,
        port: port(),
        isTls: tls !== undefined,
        tlsFingerprint: tls?.fingerprintSha256,
        lanAddresses: systemHost.lanAddresses(),
        remoteUrl: settings().remoteUrl,
      }),
    },
  )
}

/** The rules, compiled again only when the settings change. */
class CompiledRules {
  readonly #settings: () => GatewayOptions
  #compiled: { readonly from: GatewayOptions; readonly rules: PairingRules } | undefined

  constructor(settings: () => GatewayOptions) {
    this.#settings = settings
  }

  get current(): PairingRules {
    const from = this.#settings()
    if (this.#compiled?.from !== from) this.#compiled = { from, rules: compilePairingRules(from) }
    return this.#compiled.rules
  }
}
