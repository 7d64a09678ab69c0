// The composition root: builds every layer from the ones before it, from the disk upwards to the socket, and names the
// order in which their parts start. Reads as the picture in docs/architecture.md. Decides nothing.

import { ParamsValidators } from '@breakwater/protocol/params-validators'
import { LiveAuth } from './auth/live-auth.ts'
import { createAudience } from './composition/audience.ts'
import { type ConfigSource, type Configuration, fixedSource, openConfiguration } from './composition/configuration.ts'
import { createDiscovery } from './composition/discovery.ts'
import { createEntrance, type Entrance } from './composition/entrance.ts'
import { limitCountersOf } from './composition/limit-counters.ts'
import { createMetrics } from './composition/metrics.ts'
import { type Observation, observe } from './composition/observation.ts'
import { createPairing } from './composition/pairing.ts'
import { applyReloads } from './composition/reload.ts'
import { Standing } from './composition/standing.ts'
import { openState, readGeneratedToken, type State } from './composition/state.ts'
import { type CallerIdentity, inProcessPeer } from './connection/in-process-peer.ts'
import { Departure, type DepartureRequest } from './departure.ts'
import { createDomain } from './domain.ts'
import { OwnerGuard } from './http/owner-guard.ts'
import { Lifecycle } from './lifecycle.ts'
import { hostOfBind, isLoopbackBind } from './listener/bind-addresses.ts'
import type { FileLogger } from './observe/file-logger.ts'
import type { GatewayOptions } from './options.ts'
import { Router } from './rpc/router.ts'
import { StartFault } from './start-fault.ts'

export type { CallerIdentity } from './connection/in-process-peer.ts'

export interface GatewayComponents {
  readonly log: FileLogger
  /** How settings are read again while the gateway runs; undefined: they never change. */
  readonly config?: ConfigSource
  /** Where `--ws-log` lines go. */
  readonly writeLine: (line: string) => void
  /** Version of the product, named in hello, health and presence. */
  readonly version: string
}

/** A running gateway. */
export interface Gateway {
  readonly port: number
  /** Where it answers, e.g. `ws://127.0.0.1:18789`. */
  readonly url: string
  /** SHA-256 of the certificate, lower-case hex; undefined without TLS. */
  readonly tlsFingerprint: string | undefined
  readonly tokenPath: string | undefined
  /** Calls a method as a part of this process would: explicit role and scopes, no socket (law 2). */
  callAs(caller: CallerIdentity, method: string, params?: unknown): Promise<unknown>
  /**
   * Tells everyone, finishes what runs, closes 1012 and resolves when nothing is left running, in less than 10 s.
   * A second call joins the first.
   */
  stop(reason?: string, options?: StopOptions): Promise<void>
}

export interface StopOptions {
  /** How long the next start is expected to take, in milliseconds; undefined: nobody is known to start it again. */
  readonly restartMs?: number
}

/** What stopping the parts may take once the connections are gone. */
const STOP_PARTS_WITHIN_MS = 1_500

/** Starts a gateway. Rejects with `StartFault`, `ListenFault`, `TlsFault` or a store fault, and leaves nothing behind. */
export async function startGateway(options: GatewayOptions, components: GatewayComponents): Promise<Gateway> {
  assertStartable(options)
  const observation = observe(options, components.log, components.writeLine)
  const configuration = await openConfiguration(options, observation, components.config ?? fixedSource(options))
  const state = await openState(options, observation)
  try {
    return await assemble(options, components, { observation, configuration, state })
  } catch (fault) {
    // Left open, the store would keep the state directory from the next start. Closing it twice is harmless.
    await state.store.close()
    throw fault
  }
}

interface Foundation {
  readonly observation: Observation
  readonly configuration: Configuration
  readonly state: State
}

/** Builds everything above the state directory and starts it. */
async function assemble(
  options: GatewayOptions,
  { log, version }: GatewayComponents,
  { observation, configuration, state }: Foundation,
): Promise<Gateway> {
  // Only now are the state directory and its log ours.
  const logReady = log.begin()
  const audience = createAudience(observation, version)
  const auth = new LiveAuth(
    {
      log: log.child('gateway/auth'),
      peers: audience.peers,
      generatedToken: () => readGeneratedToken(options.stateDir),
    },
    state.auth,
    state.generatedToken,
  )
  const guard = new OwnerGuard({ authPolicy: () => auth.policy, now: observation.now })
  const standing = new Standing(audience)
  const pairing = createPairing({
    observation,
    state,
    audience,
    auth,
    settings: configuration.settings,
    port: () => entrance.listener.port,
  })
  const limitCounters = limitCountersOf({
    observation,
    state,
    audience,
    pairing,
    router: () => router,
    entrance: () => entrance,
    guard,
  })
  const domain = await createDomain({
    ...observation,
    ...audience,
    options,
    version,
    pairing,
    configuration,
    port: () => entrance.listener.port,
    limitCounters,
  })
  const router = new Router({
    methods: domain.methods,
    validators: new ParamsValidators(),
    log: log.child('gateway/rpc'),
    nowMs: observation.clock.nowMs,
    setReading: (ownerKey, reading) => audience.peers.setReading(ownerKey, reading),
    spans: observation.spans,
  })
  const metrics = createMetrics({
    version,
    observation,
    state,
    audience,
    router,
    entrance: () => entrance,
    limitCounters,
  })
  let stopping: Promise<void> | undefined
  const entrance: Entrance = createEntrance({
    options,
    configuration,
    version,
    observation,
    state,
    audience,
    pairing,
    domain,
    router,
    auth,
    standing,
    guard,
    metrics,
    isStopping: () => stopping !== undefined,
  })
  const lifecycle = new Lifecycle(
    [
      { name: 'store', stop: () => state.store.close() },
      ...observation.parts,
      ...audience.parts,
      configuration.part,
      auth.part,
      pairing.part,
      domain.part,
      ...entrance.parts,
      createDiscovery({ configuration, observation, state, port: () => entrance.listener.port }),
    ],
    log.child('gateway'),
  )
  const departure = new Departure({ ...observation, ...audience, router, log: log.child('gateway') })
  const stop = async (request: DepartureRequest): Promise<void> => {
    // Who leaves is no news any more.
    audience.presence.stop()
    try {
      await departure.run(request)
    } finally {
      await lifecycle.stop(STOP_PARTS_WITHIN_MS)
    }
  }
  applyReloads({ configuration, observation, state, auth, standing, metrics })
  await metrics.setEnabled(options.metricsEnabled)
  await logReady
  await lifecycle.start()
  return {
    port: entrance.listener.port,
    url: `${state.tls === undefined ? 'ws' : 'wss'}://${hostOfBind(options.bind)}:${entrance.listener.port}`,
    get tlsFingerprint() {
      return state.tls?.fingerprintSha256
    },
    tokenPath: state.generatedToken?.path,
    callAs: (caller, method, params) => router.call(inProcessPeer(caller), method, params),
    stop: (reason = 'gateway stopping', { restartMs } = {}) => {
      stopping ??= stop({ reason, restartMs })
      return stopping
    },
  }
}

/** Refuses settings that would open the gateway to everyone. */
function assertStartable({ bind, auth }: GatewayOptions): void {
  if (auth.mode === 'none' && !isLoopbackBind(bind)) {
    throw new StartFault(
      'AUTH_NONE_EXPOSED',
      `bind ${bind} without authentication would let everyone on the network in`,
      'Set gateway.auth.mode to token (breakwater config set gateway.auth.mode token), or bind loopback.',
    )
  }
  if (auth.mode === 'password' && auth.password === undefined) {
    throw new StartFault(
      'PASSWORD_MISSING',
      'gateway.auth.mode is password but no password is set',
      'Start with --password <password> or set gateway.auth.password.',
    )
  }
}
