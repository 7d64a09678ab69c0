// What a gateway is started with: the configuration file, under the flags, over the environment's secrets.
// Everything wrong with it becomes one failure that names each place.

import { homedir } from 'node:os'
import {
  type ConfigHasher,
  type ConfigOverride,
  type ConfigSource,
  type Environment,
  formatIssue,
  type GatewayOptions,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  type ResolvedConfig,
  resolveConfigPaths,
  toGatewayOptions,
} from '@breakwater/gateway'
import { EXIT } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { PASSWORD_ENV, TOKEN_ENV } from '../../target/environment.ts'
import { environmentSecrets, type GatewayFlags, toOverrides } from './gateway-flags.ts'

export interface GatewaySettings {
  readonly options: GatewayOptions
  readonly config: ResolvedConfig
  /** False: started with the built-in defaults. */
  readonly hasConfigFile: boolean
  readonly warnings: readonly string[]
  /** How the running gateway reads the same file, flags and environment again. */
  readonly source: ConfigSource
}

export async function loadSettings(
  flags: GatewayFlags,
  env: Environment,
  cwd = process.cwd(),
): Promise<GatewaySettings> {
  const overrides = toOverrides(flags, cwd)
  const paths = resolveConfigPaths({ env, cwd })
  const load = await loadWithSecrets(paths.configPath, env, overrides)
  if (!load.exists && flags.allowUnconfigured !== true) throw unconfigured(paths.configPath)
  if (!load.valid) throw invalid(load)
  const { stateDir, configPath } = paths
  const place = {
    stateDir,
    configPath,
    isVerbose: flags.verbose === true,
    ...(flags.wsLog === undefined ? {} : { wsLog: flags.wsLog }),
  }
  return {
    options: toGatewayOptions(load.config, place),
    config: load.config,
    hasConfigFile: load.exists,
    warnings: load.warnings.map(formatIssue),
    source: {
      load: (hasher, options) => loadWithSecrets(configPath, env, overrides, hasher, options),
      toOptions: (config) => toGatewayOptions(config, place),
    },
  }
}

async function loadWithSecrets(
  configPath: string,
  env: Environment,
  overrides: readonly ConfigOverride[],
  hasher: ConfigHasher = () => '',
  options: Partial<LoadOptions> = {},
): Promise<LoadResult> {
  const components = { env, homeDir: homedir(), hasher }
  const load = await loadConfig(components, { ...options, configPath, overrides })
  const secrets = environmentSecrets(load.source, { token: env[TOKEN_ENV], password: env[PASSWORD_ENV] })
  if (secrets.length === 0) return load
  return loadConfig(components, { ...options, configPath, overrides: [...secrets, ...overrides] })
}

const unconfigured = (configPath: string): CommandError =>
  new CommandError({
    code: 'UNCONFIGURED',
    message: `there is no configuration file: ${configPath}`,
    exitCode: EXIT.configuration,
    nextStep:
      'breakwater gateway --allow-unconfigured (starts with the built-in defaults: this machine only, a generated token), ' +
      `or write ${configPath} ({} is enough), or name another file in BREAKWATER_CONFIG_PATH.`,
  })

function invalid({ configPath, issues }: LoadResult & { valid: false }): CommandError {
  const lines = issues.map((issue) => `\n  ${formatIssue(issue)}`)
  return new CommandError({
    code: 'CONFIG_INVALID',
    message: `the configuration cannot be used:${lines.join('')}`,
    exitCode: EXIT.configuration,
    nextStep: `Correct ${configPath}, or the flags and variables named above.`,
    details: { issues },
  })
}
