// Everything known about one device, gathered: its record, its requests, what the gateway last decided about it, how its
// connections ended, what people decided, what the log says. Judging is `explain.ts`.

import { resolveConfigPaths } from '@breakwater/gateway/local'
import { isRecord } from '@breakwater/protocol'
import type { LogsTailResult } from '@openclaw/gateway-protocol'
import type { CommandContext } from '../../command-context.ts'
import type { CommandError, Failure } from '../../failure.ts'
import type { Session } from '../../target/connect.ts'
import { ownGateway, withOwnGateway } from '../../target/own-gateway.ts'
import type { DeviceList, PairedRow, PendingRow } from '../devices/device-rows.ts'
import { withDevices } from '../devices/with-devices.ts'
import { parseLogLine } from '../logs/log-line.ts'
import { FileLogSource, ownLogDirectory } from '../logs/log-sources.ts'

/** A decision of the gateway about a connection attempt. */
export interface Attempt {
  readonly deviceId: string
  readonly isProven: boolean
  readonly cause: string
  readonly message: string
  readonly nextCommand?: string
  readonly requestId?: string
  readonly role: string
  readonly scopes: readonly string[]
  readonly client: string
  readonly name?: string
  readonly remoteIp?: string
  readonly clockAheadMs: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  readonly count: number
}

/** A connection that ended. */
export interface Ended {
  readonly ts: number
  readonly durationMs: number
  readonly handshake: 'ok' | 'failed'
  readonly code?: number
  readonly reason: string
  readonly cause?: string
  readonly remote?: string
  readonly role?: string
  readonly deviceId?: string
}

/** A line of the log that names the device or its address. */
export interface Mention {
  readonly atMs: number
  readonly subsystem: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

export interface WhyFacts {
  readonly text: string
  readonly gateway: 'running' | 'down' | 'silent'
  /** Why it is silent. */
  readonly failure: Failure | undefined
  /** Devices the text fits. */
  readonly paired: readonly PairedRow[]
  readonly pending: readonly PendingRow[]
  readonly attempts: readonly Attempt[]
  readonly ended: readonly Ended[]
  readonly mentions: readonly Mention[]
  readonly nowMs: number
}

const KEPT = 20

interface Told {
  readonly gateway: WhyFacts['gateway']
  readonly failure?: Failure | undefined
  readonly list: DeviceList
  readonly attempts: readonly Attempt[]
  readonly ended: readonly Ended[]
  readonly lines: readonly string[]
}

export async function gatherWhy(context: CommandContext, text: string): Promise<WhyFacts> {
  const told = await ask(context, text)
  const { gateway, failure, list, attempts, ended, lines } = told
  const paired = list.paired.filter((row) => fits(row, text))
  const pending = list.pending.filter((row) => fits(row, text) || row.requestId.startsWith(text))
  const ids = new Set([...paired, ...pending, ...attempts].map(({ deviceId }) => deviceId))
  const mentions = lines.flatMap((line) => mentionOf(line, text, ids))
  return {
    text,
    gateway,
    failure,
    paired,
    pending,
    attempts: attempts.slice(-KEPT),
    ended: ended.slice(-KEPT),
    mentions: mentions.slice(-KEPT),
    nowMs: Date.now(),
  }
}

function ask(context: CommandContext, text: string): Promise<Told> {
  return withOwnGateway<Told>(
    context,
    {
      scopes: ['operator.read', 'operator.pairing'],
      ownerScopes: ['operator.admin'],
      inRemoteMode: 'remote',
      isOfflineGoodEnough: true,
    },
    (session) => askGateway(session, text),
    (why) => lookAtFiles(context, why),
  )
}

const SEARCHED = { limit: 5_000, maxBytes: 1_000_000 } as const

async function askGateway({ connection }: Session, text: string): Promise<Told> {
  const [list, stability, log] = await Promise.all([
    connection.call('device.pair.list', {}) as unknown as Promise<DeviceList>,
    connection.call('diagnostics.stability', { limit: 100, device: text } as never) as Promise<StabilityPart>,
    connection.call('logs.tail', SEARCHED) as Promise<LogsTailResult>,
  ])
  const { decisions = [], closed = [] } = stability.device ?? {}
  return { gateway: 'running', list, attempts: decisions, ended: closed, lines: log.lines }
}

interface StabilityPart {
  readonly device?: { readonly decisions?: readonly Attempt[]; readonly closed?: readonly Ended[] }
}

/** What the files tell: the store when nobody holds it, and the log in any case. */
async function lookAtFiles(context: CommandContext, why: CommandError | undefined): Promise<Told> {
  const own = await ownGateway(context, 'remote')
  const { stateDir } = resolveConfigPaths({ env: context.env })
  const files = new FileLogSource(ownLogDirectory(stateDir, own?.loggingDir))
  const { lines } = await files.read(SEARCHED)
  const gateway = why === undefined ? 'down' : 'silent'
  const list = why === undefined ? await withDevices(context, 'list', (api) => api.list()) : { pending: [], paired: [] }
  return { gateway, failure: why?.failure, list, attempts: [], ended: [], lines }
}

const MIN_PREFIX_CHARS = 4

function fits({ deviceId, operatorLabel, displayName, remoteIp }: PairedRow | PendingRow, text: string): boolean {
  const wanted = text.toLowerCase()
  return (
    (text.length >= MIN_PREFIX_CHARS && deviceId.toLowerCase().startsWith(wanted)) ||
    operatorLabel?.toLowerCase() === wanted ||
    displayName?.toLowerCase() === wanted ||
    remoteIp === text
  )
}

function mentionOf(raw: string, text: string, ids: ReadonlySet<string>): Mention[] {
  const { time, subsystem, message, fields } = parseLogLine(raw)
  if (time === undefined) return []
  const { deviceId, remote } = fields
  const isAbout =
    (typeof deviceId === 'string' &&
      (ids.has(deviceId) || (text.length >= MIN_PREFIX_CHARS && deviceId.startsWith(text)))) ||
    remote === text
  return isAbout ? [{ atMs: Date.parse(time), subsystem, message, fields: isRecord(fields) ? fields : {} }] : []
}
