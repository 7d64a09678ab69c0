// What the configuration says and what is in effect, from the running gateway or from the file, in one shape.

import type { ConfigIssue, ConfigWarning } from '@breakwater/gateway/local'
import { configTools, resolveConfigPaths } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import type { Session } from '../../target/connect.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'
import { ConfigFile } from './config-file.ts'

export type JsonRecord = Readonly<Record<string, unknown>>

export interface ConfigView {
  readonly from: 'gateway' | 'file'
  readonly configPath: string
  readonly exists: boolean
  readonly valid: boolean
  readonly issues: readonly ConfigIssue[]
  readonly warnings: readonly ConfigWarning[]
  /** Includes and environment applied, without defaults. */
  readonly source: JsonRecord
  /** With defaults; of a gateway what it works with, of a file that is not valid undefined. */
  readonly effective: JsonRecord | undefined
  /** Leaves whose value in the file waits for the next start. */
  readonly pendingRestart: readonly string[]
}

/** The part of `config.get` that is read here. */
export interface ConfigSnapshot {
  readonly path: string
  readonly exists: boolean
  readonly valid: boolean
  readonly hash: string
  readonly parsed: JsonRecord
  readonly sourceConfig: JsonRecord
  readonly runtimeConfig: JsonRecord
  readonly issues: readonly ConfigIssue[]
  readonly warnings: readonly ConfigWarning[]
  /** Not told by official gateways. */
  readonly pendingRestart?: readonly string[]
}

export const getSnapshot = async ({ connection }: Session): Promise<ConfigSnapshot> =>
  (await connection.call('config.get')) as unknown as ConfigSnapshot

/** A gateway of this state directory may have been told to use another file: then the file is what was asked for. */
export const isOurs = ({ env, flags }: CommandContext, { path }: ConfigSnapshot): boolean =>
  flags.url !== undefined || path === resolveConfigPaths({ env }).configPath

export interface ReadConfigOptions {
  /** Show secrets, which only the file has. */
  readonly isRevealed: boolean
}

export async function readConfig(context: CommandContext, { isRevealed }: ReadConfigOptions): Promise<ConfigView> {
  if (isRevealed) return readFile(context, true)
  return withOwnGateway(
    context,
    { scopes: ['operator.read'], inRemoteMode: 'local', isOfflineGoodEnough: true },
    async (session) => {
      const snapshot = await getSnapshot(session)
      return isOurs(context, snapshot) ? toView(snapshot) : readFile(context, false)
    },
    (why) => {
      if (why !== undefined) context.output.note(`The gateway did not tell (${why.message}); this is the file.`)
      return readFile(context, false)
    },
  )
}

const toView = (snapshot: ConfigSnapshot): ConfigView => ({
  from: 'gateway',
  configPath: snapshot.path,
  exists: snapshot.exists,
  valid: snapshot.valid,
  issues: snapshot.issues,
  warnings: snapshot.warnings,
  source: snapshot.sourceConfig,
  effective: snapshot.runtimeConfig,
  pendingRestart: snapshot.pendingRestart ?? [],
})

async function readFile({ env }: CommandContext, isRevealed: boolean): Promise<ConfigView> {
  const [load, { redact }] = await Promise.all([new ConfigFile(env).load(), configTools()])
  const shown = (value: unknown): JsonRecord =>
    (isRevealed ? value : redact(value, { hasReferences: false })) as JsonRecord
  return {
    from: 'file',
    configPath: load.configPath,
    exists: load.exists,
    valid: load.valid,
    issues: load.issues,
    warnings: load.warnings,
    source: shown(load.source),
    effective: load.config === undefined ? undefined : shown(load.config),
    pendingRestart: [],
  }
}
