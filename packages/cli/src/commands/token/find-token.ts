// Which token the gateway of this machine uses, and where it is written: the same order as the gateway's own start.
// Pure apart from the reading; shows the token to nobody.

import { formatIssues, loadLocalConfig, readSecret, resolveConfigPaths, tokenFilePath } from '@breakwater/gateway/local'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { TOKEN_ENV } from '../../target/environment.ts'

export interface FoundToken {
  readonly source: 'config' | 'environment' | 'file'
  /** The file the token is written in, or the environment variable. */
  readonly place: string
  /** Undefined when the file does not exist yet. */
  readonly token: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** Rejects with CommandError when the gateway uses no token or the configuration cannot be read. */
export async function findToken(env: Environment): Promise<FoundToken> {
  const paths = resolveConfigPaths({ env })
  const load = await loadLocalConfig(paths, env)
  if (!load.valid) throw await invalidConfig(paths.configPath, (await formatIssues(load)).issues)
  const { mode, token } = load.config.gateway.auth
  if (mode !== 'token') throw noToken(mode, paths.configPath)
  if (token !== undefined) return { source: 'config', place: paths.configPath, token }
  const fromEnv = env[TOKEN_ENV]?.trim()
  if (fromEnv !== undefined && fromEnv !== '') return { source: 'environment', place: TOKEN_ENV, token: fromEnv }
  const place = tokenFilePath(paths.stateDir)
  return { source: 'file', place, token: await readSecret(place) }
}

const noToken = (mode: string, configPath: string): CommandError =>
  new CommandError({
    code: 'NO_TOKEN',
    message: `this gateway uses no token: gateway.auth.mode is "${mode}" in ${configPath}`,
    exitCode: EXIT.failed,
    nextStep: 'Set gateway.auth.mode to "token" to use one.',
  })

const invalidConfig = (configPath: string, issues: readonly string[]): CommandError =>
  new CommandError({
    code: 'CONFIG_INVALID',
    message: `${configPath} cannot be used: ${issues.join('; ')}`,
    exitCode: EXIT.configuration,
    nextStep: `Correct ${configPath}.`,
  })
