// The way in, from the socket to a registered peer: listener, upgrade, admission.

import { EVENTS, HIDDEN_METHODS } from '@breakwater/protocol'
import { validateConnect } from '@breakwater/protocol/validators/handshake'
import { Admission } from '../admission/admission.ts'
import type { Authorised } from '../admission/candidate.ts'
import { ChallengePacer } from '../admission/challenge-pacer.ts'
import type { Tier } from '../admission/deadline.ts'
import { HelloEncoder } from '../admission/hello.ts'
import { HelloParts } from '../admission/hello-parts.ts'
import { createPipeline } from '../admission/pipeline.ts'
import { DeviceKeys } from '../auth/device-keys.ts'
import type { LiveAuth } from '../auth/live-auth.ts'
import type { Peer } from '../connection/peer.ts'
import { PeerSession } from '../connection/peer-session.ts'
import type { Domain } from '../domain.ts'
import { sendDirect } from '../events/broadcaster.ts'
import { joinRoute } from '../http/join-route.ts'
import type { OwnerGuard } from '../http/owner-guard.ts'
import { ownerRoutes } from '../http/owner-routes.ts'
import { createHttpRoutes } from '../http/routes.ts'
import type { Part } from '../lifecycle.ts'
import { Listener } from '../listener/listener.ts'
import { compileTrustPolicy, type TrustPolicy } from '../listener/locality.ts'
import { UpgradeHandler } from '../listener/upgrade.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type GatewayOptions, handshakeTiers } from '../options.ts'
import type { PairingPlane } from '../pairing/pairing-plane.ts'
import type { Router } from '../rpc/router.ts'
import { ownerSocketPath } from '../state-files.ts'
import type { Audience } from './audience.ts'
import type { Configuration } from './configuration.ts'
import type { Observation } from './observation.ts'
import type { Standing } from './standing.ts'
import type { State } from './state.ts'

export interface EntranceComponents {
  readonly options: GatewayOptions
  readonly configuration: Configuration
  readonly version: string
  readonly observation: Observation
  readonly state: State
  readonly audience: Audience
  readonly pairing: PairingPlane
  readonly domain: Domain
  readonly router: Router
  readonly auth: LiveAuth
  readonly standing: Standing
  readonly guard: OwnerGuard
  readonly metrics: Metrics
  readonly isStopping: () => boolean
}

export interface Entrance {
  readonly listener: Listener
  readonly pacer: ChallengePacer
  readonly parts: readonly Part[]
}

export function createEntrance(components: EntranceComponents): Entrance {
  const { options, version, observation, audience, auth, isStopping } = components
  const { settings } = components.configuration
  const { log, now, stallClock, failures, wsLog, loop, spans } = observation
  const pacer = new ChallengePacer()
  const tierOf = (isLocal: boolean): Tier => handshakeTiers(settings().handshake)[isLocal ? 'local' : 'remote']
  const hello = createHello(components)
  const judge = createPipeline({
    validateConnect,
    keys: new DeviceKeys(),
    tokens: components.state.deviceTokens,
    store: components.state.store,
    pairing: components.pairing,
    decisions: observation.decisions,
    authPolicy: () => auth.policy,
    allowedOrigins: () => settings().allowedOrigins,
    nowMs: observation.clock.nowMs,
  })
  const admission = new Admission({
    pipeline: (candidate, text) => spans.run('admission', () => judge(candidate, text)),
    pacer,
    failures,
    hello: new HelloEncoder(hello),
    log: log.child('gateway/ws'),
    now,
    nowMs: observation.clock.nowMs,
    random: Math.random,
    closedFor: () => (isStopping() ? 'stopping' : undefined),
    onAdmitted: (peer, candidate) => welcome(components, peer, candidate),
  })
  const trust = new CompiledTrust(settings)
  const hostPolicy = {
    trustPolicy: () => trust.policy,
    allowedHosts: () => settings().allowedHosts,
    bindHosts: () => listener.hosts,
  }
  const listener: Listener = new Listener(
    {
      clock: stallClock,
      log: log.child('gateway/listener'),
      failures,
      wsLog,
      upgrade: new UpgradeHandler({
        ...hostPolicy,
        admission,
        failures,
        tierOf: (locality) => tierOf(locality.kind === 'local'),
        now,
      }),
      onRequest: createHttpRoutes({
        ...hostPolicy,
        log: log.child('gateway/http'),
        version,
        readiness: () => ({
          ready: !isStopping(),
          failing: isStopping() ? ['stopping'] : [],
          uptimeMs: hello.uptimeMs(),
          stalledMs: loop.stalledMs(),
          eventLoop: loop.health(),
        }),
        clientCount: () => audience.peers.size,
        routes: [
          ...ownerRoutes({ guard: components.guard, metrics: components.metrics, closed: observation.closed }),
          joinRoute({ joins: components.pairing.joins, now }),
        ],
      }),
      tierOfPeer: tierOf,
    },
    {
      bind: options.bind,
      port: options.port,
      unixSocketPath: options.unixSocket ? ownerSocketPath(options.stateDir) : undefined,
      // Read at each accept: the certificate may be replaced.
      get secureContext() {
        return components.state.tls?.secureContext
      },
      maxConnections: options.maxConnections,
    },
  )
  const parts: readonly Part[] = [
    { name: 'listener', start: () => listener.start(), stop: () => listener.stop() },
    { name: 'admission', start: () => pacer.open() },
  ]
  return { listener, pacer, parts }
}

function createHello({
  options,
  configuration,
  version,
  observation,
  audience,
  domain,
  router,
  auth,
}: EntranceComponents): HelloParts {
  const { bootId, presence, versions } = audience
  return new HelloParts({
    version,
    bootId,
    methodNames: router.methodNames.filter((name) => !HIDDEN_METHODS.has(name)),
    eventNames: Object.keys(EVENTS),
    presence: () => presence.list(),
    health: () => domain.health(),
    stateVersion: () => versions.current(),
    appliedConfigHash: configuration.appliedHash,
    adminInfo: () => ({ configPath: options.configPath, stateDir: options.stateDir, authMode: auth.policy.mode }),
    now: observation.now,
  })
}

/** Takes over an admitted peer, whose hello is on its way. */
function welcome(
  { observation, audience, domain, router, auth, standing }: EntranceComponents,
  peer: Peer,
  candidate: Authorised,
): PeerSession {
  const { wsLog, now, closed } = observation
  const { presence, versions } = audience
  const session = new PeerSession({ ...audience, router, wsLog, now, closed }, peer)
  session.begin()
  if (wsLog.isWatched) {
    wsLog.connected(peer)
    wsLog.greeted(peer, {
      methods: router.methodNames.length,
      events: Object.keys(EVENTS).length,
      presence: presence.list().length,
      stateVersion: versions.current(),
    })
  }
  if (peer.identity.role === 'node') domain.greetNode((event, payload) => sendDirect(peer, event, payload))
  standing.note(peer, candidate)
  auth.dropIfOutdated(peer, candidate)
  return session
}

/** The trusted proxies, compiled again only when the setting changes. */
class CompiledTrust {
  readonly #settings: () => GatewayOptions
  #compiledFrom: GatewayOptions
  #policy: TrustPolicy

  constructor(settings: () => GatewayOptions) {
    this.#settings = settings
    this.#compiledFrom = settings()
    this.#policy = compileTrustPolicy(this.#compiledFrom)
  }

  get policy(): TrustPolicy {
    const settings = this.#settings()
    if (settings !== this.#compiledFrom) {
      this.#policy = compileTrustPolicy(settings)
      this.#compiledFrom = settings
    }
    return this.#policy
  }
}
