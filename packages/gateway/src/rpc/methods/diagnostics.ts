// Methods for finding out what is going on: the log, recent events, the machine, and whether a restart would hurt.

import os from 'node:os'
import type { LogsTailParams, SystemInfoResult, UpdateStatusResult } from '@openclaw/gateway-protocol'
import type { ActiveWork, WorkCounts, WorkKind } from '../../health/active-work.ts'
import type { HostInfo } from '../../host/host-info.ts'
import type { ClosedConnections } from '../../observe/closed-connections.ts'
import type { DecisionLog } from '../../observe/decision-log.ts'
import type { LogTail } from '../../observe/log-tail.ts'
import type { StabilityLog } from '../../observe/stability-log.ts'
import { defineMethod, type MethodDefinition } from '../define-method.ts'

/** The running process, as the composition root knows it. */
export interface GatewayProcess {
  /** New for every process; what `hello-ok` calls bootId. */
  readonly instanceId: string
  uptimeMs(): number
  /** Undefined while nothing is listened on, or on a Unix socket only. */
  port(): number | undefined
}

export interface DiagnosticsMethodComponents {
  readonly logTail: LogTail
  readonly stability: StabilityLog
  readonly closed: ClosedConnections
  readonly decisions: DecisionLog
  readonly work: ActiveWork
  readonly host: HostInfo
  readonly process: GatewayProcess
  readonly stateDir: string
}

const DEFAULT_EVENTS = 50

/** This gateway does not update itself: the package manager that installed it does. */
const NO_UPDATES: UpdateStatusResult = {
  sentinel: null,
  updateAvailable: null,
  effectiveChannel: 'stable',
  schedule: { channel: 'stable', autoEnabled: false, install: { kind: 'unknown' } },
}

export const diagnosticsMethods = (components: DiagnosticsMethodComponents): MethodDefinition[] => [
  defineMethod<LogsTailParams>('logs.tail', (params) => components.logTail.read(params)),
  defineMethod<StabilityParams>('diagnostics.stability', (params) => stability(components, params)),
  defineMethod('system.info', () => systemInfo(components)),
  defineMethod('gateway.restart.preflight', () => restartPreflight(components.work.counts())),
  defineMethod('update.status', () => NO_UPDATES),
]

interface StabilityParams {
  readonly limit?: number
  /** How a device's id begins, what it calls itself, or an address: adds what was decided about it. */
  readonly device?: string
}

function stability({ stability, closed, decisions }: DiagnosticsMethodComponents, params: StabilityParams) {
  const { limit = DEFAULT_EVENTS, device } = params
  const report = { ...stability.report(limit), closedConnections: closed.report(limit) }
  if (device === undefined) return report
  return {
    ...report,
    device: { decisions: decisions.about(device).slice(-limit), closed: closed.about(device, limit) },
  }
}

async function systemInfo({
  host,
  stateDir,
  process: gateway,
}: DiagnosticsMethodComponents): Promise<SystemInfoResult> {
  const port = gateway.port()
  const lanAddress = host.lanAddress()
  const cpus = os.cpus()
  const cpuModel = cpus[0]?.model.trim()
  const [one = 0, five = 0, fifteen = 0] = os.loadavg()
  return {
    machineName: host.hostname,
    hostname: host.hostname,
    platform: os.platform(),
    release: os.release(),
    arch: os.arch(),
    osLabel: `${os.type()} ${os.release()}`,
    ...(lanAddress === undefined ? {} : { lanAddress }),
    ...(port === undefined ? {} : { port }),
    nodeVersion: process.version,
    pid: process.pid,
    processInstanceId: gateway.instanceId,
    uptimeMs: Math.round(gateway.uptimeMs()),
    cpuCount: cpus.length,
    ...(cpuModel === undefined || cpuModel.length === 0 ? {} : { cpuModel }),
    loadAverage: [one, five, fifteen],
    memoryTotalBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(),
    ...(await host.diskSpace(stateDir)),
  }
}

/** What a restart would interrupt, in words. */
const BLOCKERS: Readonly<Record<WorkKind, string>> = {
  queueSize: 'messages waiting to be handled',
  pendingReplies: 'replies being delivered',
  embeddedRuns: 'agent runs',
  cronRuns: 'cron runs',
  backgroundExecSessions: 'background commands',
  rootRequests: 'requests being answered',
  activeTasks: 'background tasks',
}

/** Whether a restart now would interrupt anything, and what. */
export function restartPreflight(counts: WorkCounts) {
  const running = (Object.entries(counts) as [WorkKind, number][]).filter(([, count]) => count > 0)
  const totalActive = running.reduce((sum, [, count]) => sum + count, 0)
  const blockers = running.map(([kind, count]) => ({ kind, count, message: `${count} ${BLOCKERS[kind]}` }))
  const safe = totalActive === 0
  return {
    safe,
    counts: { ...counts, totalActive },
    blockers,
    summary: safe
      ? 'nothing would be interrupted'
      : `would interrupt ${blockers.map(({ message }) => message).join(', ')}`,
  }
}
