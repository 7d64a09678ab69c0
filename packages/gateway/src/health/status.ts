// Builds the answer of `status`: what a person or a dashboard wants to know at a glance, from what the parts say.
// Pure apart from the process's own memory figures.

import { join } from 'node:path'
import type { AgentDirectory } from '../agents/agent-directory.ts'
import type { ChannelDirectory } from '../channels/channel-directory.ts'
import type { SystemEvents } from '../events/system-events.ts'
import type { Clock } from '../observe/clock.ts'
import type { LogStatus } from '../observe/file-logger.ts'
import type { LoopMonitor } from '../observe/loop-monitor.ts'
import type { SessionDirectory } from '../sessions/session-directory.ts'
import type { Task, TaskDirectory } from '../tasks/task-directory.ts'
import { summarise } from './health-snapshot.ts'
import { HEARTBEAT_PLAN, type Heartbeats } from './heartbeats.ts'

export interface StatusComponents {
  /** Version of the product. */
  readonly version: string
  readonly stateDir: string
  readonly clock: Clock
  readonly agents: AgentDirectory
  readonly sessions: SessionDirectory
  readonly channels: ChannelDirectory
  readonly tasks: TaskDirectory
  readonly heartbeats: Heartbeats
  readonly systemEvents: SystemEvents
  readonly loop: Pick<LoopMonitor, 'health'>
  readonly connections: () => ConnectionCounts
  readonly logging: () => LogStatus
  /** How often each named limit has bitten since the start. */
  readonly limitCounters: () => Readonly<Record<string, number>>
}

export interface ConnectionCounts {
  readonly open: number
  /** Since the start. */
  readonly admitted: number
  /** Since the start, by close code. */
  readonly closedByCode: Readonly<Record<string, number>>
}

export interface StatusRequest {
  /** Absent means yes. */
  readonly includeChannelSummary?: boolean
  readonly includeCliProjection?: boolean
}

/** What callers that may not administrate see instead of a path of this machine. */
const HIDDEN_PATH = '[redacted]'

export function buildStatus(components: StatusComponents, request: StatusRequest, showPaths: boolean) {
  const { version, clock, systemEvents, tasks, loop, limitCounters } = components
  return {
    product: 'breakwater',
    runtimeVersion: version,
    ...(request.includeCliProjection === true ? { cliProjection: cliProjection(components) } : {}),
    heartbeat: heartbeatOf(components),
    channelSummary: request.includeChannelSummary === false ? [] : channelLines(components),
    queuedSystemEvents: systemEvents.pending().map(({ text }) => text),
    degradedSecretOwners: [],
    degradedPlugins: [],
    tasks: countTasks(tasks.list()),
    taskAudit: NO_FINDINGS,
    sessions: sessionsOf(components, showPaths, clock.nowMs()),
    modelRuntime: { degraded: false, pendingAgents: [] },
    eventLoop: loop.health(),
    processMemory: memoryOf(process.memoryUsage()),
    connections: components.connections(),
    log: logOf(components.logging(), showPaths),
    limits: limitCounters(),
    pid: process.pid,
  }
}

/** What the official command line shows about agents, updates and memory. */
const cliProjection = ({ agents }: StatusComponents) => ({
  agents: {
    defaultId: agents.defaultId,
    ownership: 'sole',
    selectionRequired: false,
    rows: agents.list().map(({ id }) => ({ id })),
  },
  updateChannel: null,
  memoryPlugin: { enabled: false, slot: null },
})

const heartbeatOf = ({ agents, heartbeats, channels }: StatusComponents) => ({
  defaultAgentId: agents.defaultId,
  agents: agents.list().map(({ id }) => ({
    agentId: id,
    enabled: heartbeats.isEnabled,
    every: HEARTBEAT_PLAN.every,
    everyMs: HEARTBEAT_PLAN.everyMs,
    // A heartbeat speaks through a channel; without one it has nowhere to go.
    waitingForRoute: channels.list().length === 0,
  })),
})

const channelLines = ({ channels }: StatusComponents): string[] =>
  channels.list().map(({ label, accounts }) => {
    const connected = accounts.filter((account) => account.connected === true).length
    return `${label}: ${connected} of ${accounts.length} connected`
  })

function sessionsOf({ agents, sessions, stateDir }: StatusComponents, showPaths: boolean, nowMs: number) {
  const rows = sessions.list()
  const shown = (path: string): string => (showPaths ? join(stateDir, path) : HIDDEN_PATH)
  const { count, recent } = summarise('', rows, nowMs)
  return {
    paths: showPaths ? agents.list().map(({ sessionsPath }) => shown(sessionsPath)) : [],
    count,
    defaults: { model: null, contextTokens: null },
    recent,
    byAgent: agents.list().map(({ id, sessionsPath }) => ({
      agentId: id,
      ...summarise(
        shown(sessionsPath),
        rows.filter((row) => row.agentId === id),
        nowMs,
      ),
    })),
  }
}

/** Nothing audits tasks yet, so nothing was found. */
const NO_FINDINGS = {
  total: 0,
  warnings: 0,
  errors: 0,
  byCode: {
    stale_queued: 0,
    stale_running: 0,
    lost: 0,
    delivery_failed: 0,
    missing_cleanup: 0,
    inconsistent_timestamps: 0,
  },
}

/** Status counts tasks under other names than the task list uses. */
const STATUS_NAMES: Readonly<Record<Task['status'], string>> = {
  queued: 'queued',
  running: 'running',
  completed: 'succeeded',
  failed: 'failed',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
}

export function countTasks(tasks: readonly Task[]) {
  const byStatus: Record<string, number> = {
    queued: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    timed_out: 0,
    cancelled: 0,
    lost: 0,
  }
  const byRuntime: Record<string, number> = { subagent: 0, acp: 0, cli: 0, cron: 0 }
  for (const { status, runtime } of tasks) {
    const name = STATUS_NAMES[status]
    byStatus[name] = (byStatus[name] ?? 0) + 1
    if (runtime !== undefined) byRuntime[runtime] = (byRuntime[runtime] ?? 0) + 1
  }
  const { queued = 0, running = 0, failed = 0, timed_out: timedOut = 0 } = byStatus
  const active = queued + running
  return {
    total: tasks.length,
    active,
    terminal: tasks.length - active,
    failures: failed + timedOut,
    byStatus,
    byRuntime,
  }
}

const logOf = ({ file, ...counts }: LogStatus, showPaths: boolean) => ({
  file: showPaths ? file : HIDDEN_PATH,
  ...counts,
})

const memoryOf = ({ rss, heapUsed, heapTotal, external, arrayBuffers }: NodeJS.MemoryUsage) => ({
  rssBytes: rss,
  heapUsedBytes: heapUsed,
  heapTotalBytes: heapTotal,
  externalBytes: external,
  arrayBuffersBytes: arrayBuffers,
})
