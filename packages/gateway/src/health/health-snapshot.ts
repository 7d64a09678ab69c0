// The health snapshot of the wire: built once a minute from what the parts say, announced, and cheap to read between.
// Reports true values only: what this gateway does not have is empty.

import type { Snapshot } from '@openclaw/gateway-protocol'
import type { AgentDirectory, AgentRow } from '../agents/agent-directory.ts'
import type { ChannelDirectory } from '../channels/channel-directory.ts'
import type { Broadcaster } from '../events/broadcaster.ts'
import type { StateVersions } from '../events/state-versions.ts'
import type { Clock } from '../observe/clock.ts'
import type { LoopMonitor } from '../observe/loop-monitor.ts'
import type { SessionDirectory, SessionRow } from '../sessions/session-directory.ts'
import { HEARTBEAT_PLAN, type Heartbeats } from './heartbeats.ts'

/** `hello-ok.snapshot.health`, the answer of `health` and the payload of the `health` event. */
export type HealthSnapshot = Snapshot['health']

export interface HealthMonitorComponents {
  readonly broadcaster: Pick<Broadcaster, 'publish'>
  readonly clock: Clock
  readonly versions: StateVersions
  readonly agents: AgentDirectory
  readonly sessions: SessionDirectory
  readonly channels: ChannelDirectory
  readonly heartbeats: Heartbeats
  readonly loop: Pick<LoopMonitor, 'health'>
  /** Whether configuration changes apply without a restart. */
  readonly hotReload: () => 'active' | 'disabled'
}

const REFRESH_MS = 60_000
/** A caller that insists gets a snapshot at most this old; asking more often changes nothing. */
const MIN_AGE_MS = 1_000
const RECENT_SESSIONS = 5

export class HealthMonitor {
  readonly #components: HealthMonitorComponents
  #snapshot: HealthSnapshot
  #takenAtMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(components: HealthMonitorComponents) {
    this.#components = components
    this.#takenAtMs = components.clock.nowMs()
    this.#snapshot = takeHealth(components)
  }

  /** `stateVersion.health`: grows with every refresh. */
  get version(): number {
    return this.#components.versions.current().health
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#refresh(), REFRESH_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** The snapshot, at most a minute old, with the event loop's figures of the last second. */
  current(): HealthSnapshot {
    if (this.#ageMs() >= REFRESH_MS) this.#refresh()
    return { ...this.#snapshot, eventLoop: loopOf(this.#components) }
  }

  /** A snapshot taken for this caller; everybody else hears of it too. */
  probe(): HealthSnapshot {
    if (this.#ageMs() >= MIN_AGE_MS) this.#refresh()
    return this.current()
  }

  #ageMs(): number {
    return Math.abs(this.#components.clock.nowMs() - this.#takenAtMs)
  }

  #refresh(): void {
    const { broadcaster, clock, versions } = this.#components
    this.#takenAtMs = clock.nowMs()
    this.#snapshot = takeHealth(this.#components)
    versions.bumpHealth()
    broadcaster.publish('health', this.#snapshot, { stateVersion: versions.current() })
  }
}

function takeHealth(components: HealthMonitorComponents): HealthSnapshot {
  const { clock, agents, sessions, channels, heartbeats, hotReload } = components
  const startedAt = performance.now()
  const nowMs = clock.nowMs()
  const rows = sessions.list()
  const channelRows = channels.list()
  const snapshot: HealthSnapshot = {
    ok: true,
    ts: nowMs,
    plugins: { loaded: [], errors: [], unavailable: [] },
    configReload: { hotReloadStatus: hotReload() },
    channels: Object.fromEntries(channelRows.map(({ id, summary }) => [id, summary])),
    channelOrder: channelRows.map(({ id }) => id),
    channelLabels: Object.fromEntries(channelRows.map(({ id, label }) => [id, label])),
    heartbeatSeconds: HEARTBEAT_PLAN.everyMs / 1_000,
    defaultAgentId: agents.defaultId,
    agents: agents.list().map((agent) => ({
      agentId: agent.id,
      isDefault: agent.id === agents.defaultId,
      heartbeat: { enabled: heartbeats.isEnabled, ...HEARTBEAT_PLAN },
      sessions: summarise(agent.sessionsPath, ofAgent(rows, agent), nowMs),
    })),
    sessions: summarise(agents.get(agents.defaultId)?.sessionsPath ?? '', rows, nowMs),
    eventLoop: loopOf(components),
  }
  return { ...snapshot, durationMs: Math.round(performance.now() - startedAt) }
}

const loopOf = ({ loop }: HealthMonitorComponents): NonNullable<HealthSnapshot['eventLoop']> => {
  const health = loop.health()
  return { ...health, reasons: [...health.reasons] }
}

const ofAgent = (rows: readonly SessionRow[], agent: AgentRow): SessionRow[] =>
  rows.filter(({ agentId }) => agentId === agent.id)

/** How many sessions there are, and the newest few. */
export function summarise(path: string, rows: readonly SessionRow[], nowMs: number) {
  const recent = rows
    .toSorted((a, b) => (b.updatedAt ?? 0) - (a.updatedAt ?? 0))
    .slice(0, RECENT_SESSIONS)
    .map(({ key, updatedAt }) => ({ key, updatedAt, age: updatedAt === null ? null : Math.max(0, nowMs - updatedAt) }))
  return { path, count: rows.length, recent }
}
