// Reads what this machine knows about its gateway: configuration, environment, token file, owner's socket, certificate.
// A configuration with mistakes does not keep its owner from a running gateway: the defaults are used and it is said.

import { stat } from 'node:fs/promises'
import {
  type ConfigPaths,
  type Environment,
  formatIssues,
  type InvalidLoad,
  loadLocalConfig,
  ownerSocketPath,
  readLocalFingerprint,
  readSecret,
  resolveConfigPaths,
  tokenFilePath,
} from '@breakwater/gateway/local'
import { EXIT } from '../exit-codes.ts'
import { CommandError } from '../failure.ts'
import { PASSWORD_ENV, TOKEN_ENV } from './environment.ts'
import type { LocalFacts } from './resolve-target.ts'

export interface FactsInput {
  readonly env: Environment
  /** Told what is odd about the configuration. */
  readonly note: (text: string) => void
}

export async function readFacts({ env, note }: FactsInput): Promise<LocalFacts> {
  const paths = resolveConfigPaths({ env })
  const socketPath = ownerSocketPath(paths.stateDir)
  const tokenPath = tokenFilePath(paths.stateDir)
  const [load, hasSocket, token] = await Promise.all([
    loadLocalConfig(paths, env),
    isSocket(socketPath),
    readTokenFile(tokenPath),
  ])
  const { gateway: settings, logging } = load.valid ? load.config : await defaultsInstead(load, paths, note)
  return {
    settings,
    configPath: paths.configPath,
    loggingDir: logging.dir,
    ownerSocket: hasSocket ? socketPath : undefined,
    env: { token: env[TOKEN_ENV], password: env[PASSWORD_ENV] },
    tokenFile: { path: tokenPath, token },
    certificateFingerprint: settings.tls.enabled
      ? await readLocalFingerprint(paths.stateDir, settings.tls.certPath)
      : undefined,
  }
}

async function defaultsInstead(load: InvalidLoad, paths: ConfigPaths, note: (text: string) => void) {
  const { issues } = await formatIssues(load)
  note(`warning: ${load.configPath} cannot be used, so the defaults say where the gateway is: ${issues.join('; ')}`)
  const defaults = await loadLocalConfig(paths, {}, { rootText: '{}' })
  if (!defaults.valid) throw new Error('the built-in defaults are not valid')
  return defaults.config
}

const isSocket = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isSocket(),
    () => false,
  )

/** Undefined when there is none. A file that is there and of no use is worth a word before anything is tried. */
async function readTokenFile(path: string): Promise<string | undefined> {
  try {
    return await readSecret(path)
  } catch (cause) {
    throw new CommandError(
      {
        code: 'TOKEN_FILE_UNREADABLE',
        message: `the token file cannot be used: ${(cause as Error).message}`,
        exitCode: EXIT.configuration,
        nextStep: `Make ${path} readable for this user, or replace it with \`breakwater token rotate\`.`,
      },
      cause,
    )
  }
}
