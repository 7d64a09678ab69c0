// Everything `createMethods` needs, over a fresh state directory, and a way to call a method as the router would.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock as FakeTimers } from '@breakwater/supervisor/testing'
import { DefaultAgentDirectory } from '../../../src/agents/agent-directory.ts'
import { MemoryApprovalDirectory } from '../../../src/approvals/approval-directory.ts'
import { PolicyDocument } from '../../../src/approvals/policy-document.ts'
import { DeviceTokens } from '../../../src/auth/device-tokens.ts'
import { MemoryChannelDirectory } from '../../../src/channels/channel-directory.ts'
import type { Peer } from '../../../src/connection/peer.ts'
import { PeerRegistry } from '../../../src/connection/registry.ts'
import { MemoryCronDirectory } from '../../../src/cron/cron-directory.ts'
import { Broadcaster } from '../../../src/events/broadcaster.ts'
import { Presence } from '../../../src/events/presence.ts'
import { StateVersions } from '../../../src/events/state-versions.ts'
import { SessionSubscriptions } from '../../../src/events/subscriptions.ts'
import { SystemEvents } from '../../../src/events/system-events.ts'
import { loadGatewayIdentity } from '../../../src/gateway-identity.ts'
import { ActiveWork } from '../../../src/health/active-work.ts'
import { HealthMonitor } from '../../../src/health/health-snapshot.ts'
import { Heartbeats } from '../../../src/health/heartbeats.ts'
import { systemHost } from '../../../src/host/host-info.ts'
import { MemoryNodeDirectory } from '../../../src/nodes/node-directory.ts'
import { ClosedConnections } from '../../../src/observe/closed-connections.ts'
import { DecisionLog } from '../../../src/observe/decision-log.ts'
import { singleLogFile } from '../../../src/observe/log-files.ts'
import { LogTail } from '../../../src/observe/log-tail.ts'
import { silentLogger } from '../../../src/observe/logger.ts'
import { LoopMonitor } from '../../../src/observe/loop-monitor.ts'
import { Spans } from '../../../src/observe/spans.ts'
import { StabilityLog } from '../../../src/observe/stability-log.ts'
import { StallClock } from '../../../src/observe/stall-clock.ts'
import { compilePairingRules } from '../../../src/pairing/approval-rules.ts'
import { PairingPlane } from '../../../src/pairing/pairing-plane.ts'
import { Call } from '../../../src/rpc/call.ts'
import { createMethods, type MethodComponents } from '../../../src/rpc/methods/index.ts'
import { MemorySessionDirectory } from '../../../src/sessions/session-directory.ts'
import { openMemoryStore } from '../../../src/store/memory-store.ts'
import { MemoryTaskDirectory } from '../../../src/tasks/task-directory.ts'
import { FakeClock, fakePeer, RecordingLink } from '../../fake-peer.ts'

export interface MethodFixture extends AsyncDisposable {
  readonly stateDir: string
  readonly logFile: string
  readonly clock: FakeClock
  readonly components: MethodComponents
  readonly names: readonly string[]
  /** An operator with every scope, registered to receive events. */
  readonly operator: Peer
  /** Events the operator received, oldest first. */
  events(): readonly { event?: string; payload?: unknown; stateVersion?: object }[]
  call(method: string, params?: object, peer?: Peer): Promise<unknown>
}

export async function methodFixture(changes: Partial<MethodComponents> = {}): Promise<MethodFixture> {
  const stateDir = await mkdtemp(join(tmpdir(), 'breakwater-methods-'))
  const logFile = join(stateDir, 'gateway.log')
  const clock = new FakeClock()
  const link = new RecordingLink()
  const operator = fakePeer({ scopes: ['operator.admin'] }, link)
  const peers = new PeerRegistry()
  peers.add(operator)
  const components = { ...(await buildComponents(stateDir, logFile, clock, peers)), ...changes }
  const methods = new Map(createMethods(components).map((method) => [method.name, method]))
  return {
    stateDir,
    logFile,
    clock,
    components,
    names: [...methods.keys()],
    operator,
    events: () => link.frames,
    call: async (name, params = {}, peer = operator) => {
      const method = methods.get(name)
      assert.ok(method, `no method ${name}`)
      return await method.handler(params as never, new Call(peer, 'test', silentLogger))
    },
    [Symbol.asyncDispose]: async () => {
      components.presence.stop()
      components.health.stop()
      await rm(stateDir, { recursive: true, force: true })
    },
  }
}

async function buildComponents(
  stateDir: string,
  logFile: string,
  clock: FakeClock,
  peers: PeerRegistry,
): Promise<MethodComponents> {
  const log = silentLogger
  const broadcaster = new Broadcaster(peers)
  const versions = new StateVersions()
  const stability = new StabilityLog({ clock })
  const loop = new LoopMonitor({ stallClock: new StallClock(), spans: new Spans({ log }), log, stability })
  const agents = new DefaultAgentDirectory({ stateDir })
  const sessions = new MemorySessionDirectory()
  const channels = new MemoryChannelDirectory()
  const heartbeats = new Heartbeats({ broadcaster, clock, log })
  const self = { host: 'gw', version: '0.1.0', platform: 'linux 6.8.0', deviceFamily: 'Linux', instanceId: 'boot-1' }
  return {
    version: '0.1.0',
    stateDir,
    clock,
    presence: new Presence({ broadcaster, clock, versions, self }),
    systemEvents: new SystemEvents({ clock }),
    heartbeats,
    health: new HealthMonitor({
      broadcaster,
      clock,
      versions,
      agents,
      sessions,
      channels,
      heartbeats,
      loop,
      hotReload: () => 'active',
    }),
    identity: await loadGatewayIdentity({ stateDir }),
    limitCounters: () => ({ presenceEvicted: 0 }),
    loop,
    stability,
    closed: new ClosedConnections({ clock }),
    decisions: new DecisionLog({ clock }),
    connections: () => ({ open: peers.size, admitted: peers.admittedCount, closedByCode: {} }),
    logging: () => ({ file: logFile, lostCount: 0, waitingBytes: 0, removedFiles: 0 }),
    logTail: new LogTail({ files: singleLogFile(logFile) }),
    work: new ActiveWork(),
    host: systemHost,
    process: { instanceId: 'boot-1', uptimeMs: () => 1_234.5, port: () => 18_789 },
    agents,
    sessions,
    channels,
    subscriptions: new SessionSubscriptions(),
    tasks: new MemoryTaskDirectory(),
    cron: new MemoryCronDirectory({ storePath: join(stateDir, 'state.sqlite') }),
    nodes: new MemoryNodeDirectory(),
    approvals: new MemoryApprovalDirectory(),
    execPolicy: new PolicyDocument({ stateDir, log }),
    pairing: new PairingPlane(
      {
        store: openMemoryStore({ clock: new FakeTimers() }),
        tokens: new DeviceTokens(Buffer.alloc(32, 1)),
        clock,
        publish: (event, payload) => broadcaster.publish(event, payload),
      },
      {
        rules: () =>
          compilePairingRules({ autoApproveLocal: true, autoApproveCidrs: [], proxyAutoApproveScopes: undefined }),
        authPolicy: () => ({ mode: 'token', token: 'secret' }),
        address: () => ({
          bind: 'lan',
          port: 18_789,
          isTls: false,
          tlsFingerprint: undefined,
          lanAddresses: ['192.168.1.20', '10.0.0.5'],
          remoteUrl: undefined,
        }),
      },
    ),
    devicePeers: (deviceId) => peers.ofDevice(deviceId),
    managedSkillsDir: join(stateDir, 'skills'),
  }
}
