// Builds what the gateway is about, from agents and sessions to nodes and approvals, and the methods that speak of it.
// Knows no sockets. The composition root owns when it starts and stops.

import { join } from 'node:path'
import { DefaultAgentDirectory } from './agents/agent-directory.ts'
import { MemoryApprovalDirectory } from './approvals/approval-directory.ts'
import { PolicyDocument } from './approvals/policy-document.ts'
import { MemoryChannelDirectory } from './channels/channel-directory.ts'
import type { Configuration } from './composition/configuration.ts'
import type { PeerRegistry } from './connection/registry.ts'
import { MemoryCronDirectory } from './cron/cron-directory.ts'
import type { Broadcaster } from './events/broadcaster.ts'
import type { Presence } from './events/presence.ts'
import type { StateVersions } from './events/state-versions.ts'
import { SessionSubscriptions } from './events/subscriptions.ts'
import { SystemEvents } from './events/system-events.ts'
import { loadGatewayIdentity } from './gateway-identity.ts'
import { ActiveWork } from './health/active-work.ts'
import { HealthMonitor, type HealthSnapshot } from './health/health-snapshot.ts'
import { Heartbeats } from './health/heartbeats.ts'
import { systemHost } from './host/host-info.ts'
import type { Part } from './lifecycle.ts'
import { MemoryNodeDirectory } from './nodes/node-directory.ts'
import type { Clock } from './observe/clock.ts'
import type { ClosedConnections } from './observe/closed-connections.ts'
import type { DecisionLog } from './observe/decision-log.ts'
import type { FileLogger } from './observe/file-logger.ts'
import { DirectoryLogFiles } from './observe/log-files.ts'
import { LogTail } from './observe/log-tail.ts'
import type { LoopMonitor } from './observe/loop-monitor.ts'
import type { StabilityLog } from './observe/stability-log.ts'
import type { GatewayOptions } from './options.ts'
import type { PairingPlane } from './pairing/pairing-plane.ts'
import type { MethodDefinition } from './rpc/define-method.ts'
import { configMethods } from './rpc/methods/config.ts'
import { createMethods } from './rpc/methods/index.ts'
import { MemorySessionDirectory } from './sessions/session-directory.ts'
import { MemoryTaskDirectory } from './tasks/task-directory.ts'
import { VOICE_WAKE, VOICE_WAKE_ROUTING } from './voice-wake.ts'

export interface DomainComponents {
  readonly options: GatewayOptions
  readonly log: FileLogger
  readonly clock: Clock
  readonly version: string
  readonly bootId: string
  readonly broadcaster: Broadcaster
  readonly peers: PeerRegistry
  readonly presence: Presence
  readonly versions: StateVersions
  readonly loop: LoopMonitor
  readonly stability: StabilityLog
  readonly closed: ClosedConnections
  readonly decisions: DecisionLog
  readonly pairing: PairingPlane
  readonly configuration: Configuration
  readonly port: () => number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly limitCounters: () => Readonly<Record<string, number>>
}

export interface Domain {
  readonly methods: readonly MethodDefinition[]
  readonly health: () => HealthSnapshot
  /** Sends what a node is told right after its hello. */
  greetNode(send: (event: string, payload: unknown) => void): void
  readonly part: Part
}

export async function createDomain(components: DomainComponents): Promise<Domain> {
  const { options, log, clock, version, bootId, broadcaster, peers, presence, versions, loop, stability } = components
  const { stateDir } = options
  const startedAt = components.now()
  const identity = await loadGatewayIdentity({ stateDir })
  const agents = new DefaultAgentDirectory({ stateDir })
  const sessions = new MemorySessionDirectory()
  const channels = new MemoryChannelDirectory()
  const heartbeats = new Heartbeats({ broadcaster, clock, log: log.child('gateway/heartbeat') })
  const health = new HealthMonitor({
    broadcaster,
    clock,
    versions,
    agents,
    sessions,
    channels,
    heartbeats,
    loop,
    hotReload: () => 'active',
  })
  const { live, hasher } = components.configuration
  const methods = createMethods({
    clock,
    version,
    presence,
    health,
    heartbeats,
    identity,
    agents,
    sessions,
    channels,
    loop,
    stability,
    closed: components.closed,
    decisions: components.decisions,
    connections: () => ({
      open: peers.size,
      admitted: peers.admittedCount,
      closedByCode: Object.fromEntries(components.closed.byCode),
    }),
    logging: () => log.status(),
    systemEvents: new SystemEvents({ clock }),
    tasks: new MemoryTaskDirectory(),
    cron: new MemoryCronDirectory({ storePath: join(stateDir, 'breakwater.sqlite') }),
    nodes: new MemoryNodeDirectory(),
    approvals: new MemoryApprovalDirectory(),
    execPolicy: new PolicyDocument({ stateDir, log: log.child('gateway/approvals') }),
    subscriptions: new SessionSubscriptions(),
    pairing: components.pairing,
    devicePeers: (deviceId) => peers.ofDevice(deviceId),
    managedSkillsDir: join(stateDir, 'skills'),
    logTail: new LogTail({
      files: new DirectoryLogFiles({ index: () => log.index }, { directory: log.directory }),
    }),
    work: new ActiveWork(),
    host: systemHost,
    stateDir,
    process: { instanceId: bootId, uptimeMs: () => Math.round(components.now() - startedAt), port: components.port },
    limitCounters: components.limitCounters,
  })
  return {
    methods: [...methods, ...configMethods({ config: live, hasher, events: broadcaster, version })],
    health: () => health.current(),
    greetNode: (send) => {
      send('voicewake.changed', VOICE_WAKE)
      send('voicewake.routing.changed', VOICE_WAKE_ROUTING)
    },
    part: { name: 'health', start: () => health.start(), stop: () => health.stop() },
  }
}
