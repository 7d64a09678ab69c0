// The composition root: builds every part from the ones before it, from the disk upwards to the socket, and names the
// order in which they start. Reads as the picture in docs/architecture.md. Decides nothing.

import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CLOSE, EVENTS, type Role } from '@breakwater/protocol'
import { ParamsValidators } from '@breakwater/protocol/params-validators'
import { validateConnect } from '@breakwater/protocol/validators/handshake'
import { Admission } from './admission/admission.ts'
import type { Authorised } from './admission/candidate.ts'
import { ChallengePacer } from './admission/challenge-pacer.ts'
import { FailureRecorder } from './admission/failure-record.ts'
import { HelloParts } from './admission/hello-parts.ts'
import { createPipeline } from './admission/pipeline.ts'
import type { AuthPolicy } from './auth/auth-policy.ts'
import { DeviceKeys } from './auth/device-keys.ts'
import { DeviceTokens } from './auth/device-tokens.ts'
import { dropSharedSecretPeers, isSharedSecretMethod } from './auth/drop-shared-secret-peers.ts'
import { readOrCreateSecret } from './auth/secret-file.ts'
import { judgeSharedSecret } from './auth/shared-secret.ts'
import { TokenFile } from './auth/token-file.ts'
import { Heartbeat } from './connection/heartbeat.ts'
import { InProcessLink } from './connection/in-process-link.ts'
import { Peer } from './connection/peer.ts'
import { PeerSession } from './connection/peer-session.ts'
import { PeerRegistry } from './connection/registry.ts'
import type { WebSocketLink } from './connection/web-socket-link.ts'
import { createDomain } from './domain.ts'
import { Broadcaster, sendDirect } from './events/broadcaster.ts'
import { Presence } from './events/presence.ts'
import { StateVersions } from './events/state-versions.ts'
import { Ticker } from './events/ticker.ts'
import { systemHost } from './host/host-info.ts'
import { createHttpRoutes } from './http/routes.ts'
import { Lifecycle } from './lifecycle.ts'
import { isLoopbackBind } from './listener/bind-addresses.ts'
import { Listener } from './listener/listener.ts'
import { compileTrustPolicy, sourceKey } from './listener/locality.ts'
import { loadTls } from './listener/tls.ts'
import { UpgradeHandler } from './listener/upgrade.ts'
import { systemClock } from './observe/clock.ts'
import type { FileLogger } from './observe/file-logger.ts'
import { LoopMonitor } from './observe/loop-monitor.ts'
import { Spans } from './observe/spans.ts'
import { StabilityLog } from './observe/stability-log.ts'
import { StallClock } from './observe/stall-clock.ts'
import { WsLog } from './observe/ws-log.ts'
import { type GatewayOptions, handshakeTiers } from './options.ts'
import { Router } from './rpc/router.ts'
import { StartFault } from './start-fault.ts'
import { ownerSocketPath, tokenFilePath } from './state-files.ts'
import { openStore } from './store/open-store.ts'

export interface GatewayComponents {
  readonly log: FileLogger
  /** Where `--ws-log` lines go. */
  readonly writeLine: (line: string) => void
  /** Version of the product, named in hello, health and presence. */
  readonly version: string
}

export interface CallerIdentity {
  /** For logs: which part of the process calls. */
  readonly name: string
  readonly role: Role
  readonly scopes: readonly string[]
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
  /** Says goodbye to everyone, closes 1012 and resolves when nothing is left running. */
  stop(reason?: string): Promise<void>
}

/** Starts a gateway. Rejects with `StartFault`, `ListenFault`, `TlsFault` or a store fault, and leaves nothing behind. */
export async function startGateway(options: GatewayOptions, components: GatewayComponents): Promise<Gateway> {
  assertStartable(options)
  const gateway = await RunningGateway.build(options, components)
  await gateway.start()
  return gateway
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

class RunningGateway implements Gateway {
  readonly #lifecycle: Lifecycle
  readonly #listener: Listener
  readonly #router: Router
  readonly #closing: { isStopping: boolean }
  readonly #goodbye: (reason: string) => Promise<void>
  readonly #scheme: 'ws' | 'wss'
  readonly tlsFingerprint: string | undefined
  readonly tokenPath: string | undefined

  private constructor(parts: {
    readonly lifecycle: Lifecycle
    readonly listener: Listener
    readonly router: Router
    readonly closing: { isStopping: boolean }
    readonly goodbye: (reason: string) => Promise<void>
    readonly tlsFingerprint: string | undefined
    readonly tokenPath: string | undefined
  }) {
    this.#lifecycle = parts.lifecycle
    this.#listener = parts.listener
    this.#router = parts.router
    this.#closing = parts.closing
    this.#goodbye = parts.goodbye
    this.#scheme = parts.tlsFingerprint === undefined ? 'ws' : 'wss'
    this.tlsFingerprint = parts.tlsFingerprint
    this.tokenPath = parts.tokenPath
  }

  static async build(options: GatewayOptions, { log, writeLine, version }: GatewayComponents): Promise<RunningGateway> {
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 })
    const clock = systemClock
    const now = () => performance.now()

    // Observation
    const stallClock = new StallClock()
    const stability = new StabilityLog({ clock })
    const spans = new Spans({ log: log.child('gateway/loop') })
    const loop = new LoopMonitor({ stallClock, spans, log: log.child('gateway/loop'), stability })
    const wsLog = new WsLog(options.wsLog, writeLine)

    // State on disk
    const tokenPath =
      options.auth.mode === 'token' && options.auth.token === undefined ? tokenFilePath(options.stateDir) : undefined
    const [deviceTokenKey, gatewayToken, tls, store] = await Promise.all([
      readOrCreateSecret(join(options.stateDir, 'device-token.key')),
      tokenPath === undefined ? undefined : readOrCreateSecret(tokenPath),
      options.tls === undefined ? undefined : loadTls({ ...options.tls, stateDir: options.stateDir }),
      openStore({ stateDir: options.stateDir }),
    ])
    const auth: { policy: AuthPolicy } = {
      policy: gatewayToken === undefined ? options.auth : { mode: 'token', token: gatewayToken },
    }

    // Peers and events
    const peers = new PeerRegistry()
    const tokenFile =
      tokenPath === undefined || gatewayToken === undefined
        ? undefined
        : new TokenFile(
            {
              log: log.child('gateway/auth'),
              onChange: (token) => {
                auth.policy = { mode: 'token', token }
                dropSharedSecretPeers(peers.all())
              },
            },
            { path: tokenPath, token: gatewayToken },
          )
    const broadcaster = new Broadcaster(peers, (event, _payload, receivers) => wsLog.published(event, receivers))
    const versions = new StateVersions()
    const bootId = randomUUID()
    const ip = systemHost.lanAddress()
    const presence = new Presence({
      broadcaster,
      clock,
      versions,
      self: {
        host: systemHost.hostname,
        ...(ip === undefined ? {} : { ip }),
        version,
        platform: systemHost.platform,
        deviceFamily: systemHost.deviceFamily,
        instanceId: bootId,
      },
    })
    const heartbeat = new Heartbeat(stallClock)
    const ticker = new Ticker({ broadcaster, clock })

    // Methods and router
    const startedAt = now()
    const domain = await createDomain({
      options,
      log,
      clock,
      version,
      bootId,
      broadcaster,
      peers,
      presence,
      versions,
      loop,
      stability,
      store,
      port: () => listener.port,
      uptimeMs: () => Math.round(now() - startedAt),
      limitCounters: () => ({
        acceptDropped: listener.droppedCount,
        challengeRefused: pacer.refusedCount,
        requestsRefused: router.refusedCount,
        ...Object.fromEntries([...failures.counts].map(([cause, count]) => [`handshake.${cause}`, count])),
      }),
    })
    const router = new Router({
      methods: domain.methods,
      validators: new ParamsValidators(),
      log: log.child('gateway/rpc'),
      nowMs: clock.nowMs,
      setReading: (ownerKey, reading) => {
        peers.get(ownerKey)?.setReading(reading)
        for (const peer of peers.ofDevice(ownerKey)) peer.setReading(reading)
      },
    })

    // Admission
    const failures = new FailureRecorder({
      log: log.child('gateway/ws'),
      now,
      sourceOf: ({ remote }) => (remote === undefined ? 'unix' : sourceKey(remote)),
      onRecord: ({ connId, code, durationMs, reason }) => wsLog.closed(connId, code, durationMs, 'failed', reason),
    })
    const pacer = new ChallengePacer()
    const tiers = handshakeTiers(options.handshake)
    const hello = new HelloParts({
      version,
      bootId,
      methodNames: router.methodNames,
      eventNames: Object.keys(EVENTS),
      presence: () => presence.list(),
      health: () => domain.health(),
      stateVersion: () => versions.current(),
      appliedConfigHash: () => null,
      adminInfo: () => ({ configPath: options.configPath, stateDir: options.stateDir, authMode: auth.policy.mode }),
      now,
    })
    const sessionComponents = { peers, presence, heartbeat, router, wsLog, now }
    const closing = { isStopping: false }
    const admission = new Admission({
      pipeline: createPipeline({
        validateConnect,
        keys: new DeviceKeys(),
        tokens: new DeviceTokens(Buffer.from(deviceTokenKey, 'base64url')),
        store,
        authPolicy: () => auth.policy,
        silentPolicy: () => ({ autoApproveLocal: options.autoApproveLocal }),
        allowedOrigins: () => options.allowedOrigins,
        nowMs: clock.nowMs,
      }),
      pacer,
      failures,
      hello,
      log: log.child('gateway/ws'),
      now,
      nowMs: clock.nowMs,
      random: Math.random,
      closedFor: () => (closing.isStopping ? 'stopping' : undefined),
      onAdmitted: (peer: Peer, candidate: Authorised, _link: WebSocketLink) => {
        const session = new PeerSession(sessionComponents, peer)
        session.begin()
        wsLog.connected(peer)
        wsLog.greeted(peer, {
          methods: router.methodNames.length,
          events: Object.keys(EVENTS).length,
          presence: presence.list().length,
          stateVersion: versions.current(),
        })
        if (peer.identity.role === 'node') domain.greetNode((event, payload) => sendDirect(peer, event, payload))
        // The secret may have been replaced while the connection was being paired.
        const { connect, locality, headers, method } = candidate
        const isOutdated =
          isSharedSecretMethod(method) && !judgeSharedSecret(auth.policy, { auth: connect.auth, locality, headers }).ok
        if (isOutdated) dropSharedSecretPeers([peer])
        return session
      },
    })

    // Sockets
    const trustPolicy = compileTrustPolicy(options)
    const hostPolicy = {
      trustPolicy: () => trustPolicy,
      allowedHosts: () => options.allowedHosts,
      bindHosts: () => listener.hosts,
    }
    const upgrade = new UpgradeHandler({
      admission,
      failures,
      ...hostPolicy,
      tierOf: (locality) => (locality.kind === 'local' ? tiers.local : tiers.remote),
      now,
    })
    const listener: Listener = new Listener(
      {
        clock: stallClock,
        log: log.child('gateway/listener'),
        failures,
        upgrade,
        wsLog,
        onRequest: createHttpRoutes({
          ...hostPolicy,
          log: log.child('gateway/http'),
          version,
          readiness: () => ({
            ready: !closing.isStopping,
            failing: closing.isStopping ? ['stopping'] : [],
            uptimeMs: hello.uptimeMs(),
            eventLoop: loop.health(),
          }),
          clientCount: () => peers.size,
        }),
        tierOfPeer: (isLoopback) => (isLoopback ? tiers.local : tiers.remote),
      },
      {
        bind: options.bind,
        port: options.port,
        unixSocketPath: options.unixSocket ? ownerSocketPath(options.stateDir) : undefined,
        secureContext: tls?.secureContext,
        maxConnections: options.maxConnections,
      },
    )

    const goodbye = async (reason: string): Promise<void> => {
      closing.isStopping = true
      broadcaster.publish('shutdown', { reason })
      for (const peer of peers.all()) peer.close(CLOSE.restart.code, 'service restart')
    }
    const lifecycle = new Lifecycle(
      [
        { name: 'store', stop: () => store.close() },
        { name: 'failure records', stop: () => failures.stop() },
        { name: 'stall clock', start: () => stallClock.start(), stop: () => stallClock.stop() },
        { name: 'loop monitor', start: () => loop.start(), stop: () => loop.stop() },
        { name: 'presence', stop: () => presence.stop() },
        { name: 'heartbeat', start: () => heartbeat.start(), stop: () => heartbeat.stop() },
        { name: 'token file', start: () => tokenFile?.start(), stop: () => tokenFile?.stop() },
        { name: 'ticker', start: () => ticker.start(), stop: () => ticker.stop() },
        { name: 'domain', start: () => domain.start(), stop: () => domain.stop() },
        { name: 'listener', start: () => listener.start(), stop: () => listener.stop() },
        { name: 'admission', start: () => pacer.open() },
      ],
      log.child('gateway'),
    )
    return new RunningGateway({
      lifecycle,
      listener,
      router,
      closing,
      goodbye,
      tlsFingerprint: tls?.fingerprintSha256,
      tokenPath,
    })
  }

  async start(): Promise<void> {
    await this.#lifecycle.start()
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`
  }

  async callAs({ name, role, scopes }: CallerIdentity, method: string, params?: unknown): Promise<unknown> {
    const peer = new Peer(
      {
        connId: `in-process:${name}`,
        role,
        scopes,
        client: {
          id: 'gateway-client',
          mode: 'backend',
          version: 'in-process',
          platform: process.platform,
          displayName: name,
        },
        caps: new Set(),
        authMethod: 'none',
        locality: { kind: 'in-process' },
        connectedAtMs: Date.now(),
      },
      new InProcessLink(() => {}),
    )
    return await this.#router.call(peer, method, params)
  }

  async stop(reason = 'gateway stopping'): Promise<void> {
    if (this.#closing.isStopping) return
    await this.#goodbye(reason)
    await this.#lifecycle.stop()
  }
}
