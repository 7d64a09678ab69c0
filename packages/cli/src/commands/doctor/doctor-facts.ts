// What the checks of `doctor` work on: the owner's files, the configuration, and what the gateway answers if it runs.
// Gathered once, in parallel; judging is the checks' part.

import type { ConfigPaths, Environment, LoadResult, ResolvedConfig } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import type { Failure } from '../../failure.ts'
import { CommandError } from '../../failure.ts'
import type { Session } from '../../target/connect.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'
import { ConfigFile } from '../config/config-file.ts'
import { getSnapshot } from '../config/read-config.ts'
import type { DeviceList } from '../devices/device-rows.ts'
import type { LoopFigures } from '../gateway/health.ts'

export type GatewayFacts =
  | { readonly state: 'down' }
  /** Something is there and does not let us in, or says nothing. */
  | { readonly state: 'silent'; readonly failure: Failure }
  | RunningFacts

export interface RunningFacts {
  readonly state: 'running'
  readonly url: string
  readonly isOurMachine: boolean
  readonly version: string
  readonly connectMs: number
  readonly pid: number | undefined
  readonly port: number | undefined
  readonly eventLoop: LoopFigures | undefined
  readonly limits: Readonly<Record<string, number>>
  /** How far its clock is ahead of ours, in milliseconds; half the round trip of doubt either way. */
  readonly clockAheadMs: number
  readonly pendingRestart: readonly string[]
  readonly devices: DeviceList
}

export interface DoctorFacts {
  readonly env: Environment
  readonly version: string
  readonly paths: ConfigPaths
  readonly load: LoadResult
  /** Of a valid configuration; the defaults are not assumed for an invalid one. */
  readonly config: ResolvedConfig | undefined
  readonly gateway: GatewayFacts
  readonly nowMs: number
  /** Checks of this machine's files make sense: the gateway in question is the one of this machine. */
  readonly isHere: boolean
}

export async function gatherFacts(context: CommandContext): Promise<DoctorFacts> {
  const { env, version, flags } = context
  const file = new ConfigFile(env)
  const load = await file.load()
  const isHere = flags.url === undefined && load.config?.gateway.mode !== 'remote'
  const gateway = await askGateway(context)
  return { env, version, paths: file.paths, load, config: load.config, gateway, nowMs: Date.now(), isHere }
}

async function askGateway(context: CommandContext): Promise<GatewayFacts> {
  try {
    return await withOwnGateway<GatewayFacts>(
      context,
      {
        scopes: ['operator.read', 'operator.pairing'],
        ownerScopes: ['operator.admin'],
        inRemoteMode: 'remote',
        isOfflineGoodEnough: true,
      },
      readRunning,
      async (why) => (why === undefined ? { state: 'down' } : { state: 'silent', failure: why.failure }),
    )
  } catch (error) {
    if (error instanceof CommandError) return { state: 'silent', failure: error.failure }
    throw error
  }
}

async function readRunning(session: Session): Promise<RunningFacts> {
  const { connection, target, connectMs } = session
  const [status, info, clockAheadMs, snapshot, devices] = await Promise.all([
    connection.call('status', { includeChannelSummary: false } as never) as Promise<StatusPart>,
    connection.call('system.info') as Promise<{ readonly port?: number }>,
    measureClock(session),
    getSnapshot(session),
    connection.call('device.pair.list', {}) as unknown as Promise<DeviceList>,
  ])
  return {
    state: 'running',
    url: target.url,
    isOurMachine: target.isOurMachine,
    version: connection.hello.server.version,
    connectMs,
    pid: status.pid,
    port: info.port,
    eventLoop: status.eventLoop,
    limits: status.limits ?? {},
    clockAheadMs,
    pendingRestart: snapshot.pendingRestart ?? [],
    devices,
  }
}

interface StatusPart {
  readonly pid?: number
  readonly eventLoop?: LoopFigures
  readonly limits?: Readonly<Record<string, number>>
}

/** `node.list` is the cheapest method that tells the time. */
async function measureClock({ connection }: Session): Promise<number> {
  const askedAt = Date.now()
  const { ts } = (await connection.call('node.list', {})) as { readonly ts: number }
  return Math.round(ts - (askedAt + Date.now()) / 2)
}
