// What a service manager is told about the gateway, whatever manager it is: which program, with what around it. Pure.

import { homedir, userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Environment } from '@breakwater/gateway/local'

export interface ServiceSpec {
  /** `breakwater-gateway`; letters, digits and dashes. */
  readonly name: string
  /** For the whole machine instead of one user's login. */
  readonly isSystem: boolean
  /** Whose gateway it is; a service of the machine runs as this user. */
  readonly user: string
  readonly homeDir: string
  readonly stateDir: string
  /** Absolute: a service has nobody's PATH. */
  readonly program: readonly [executable: string, ...args: string[]]
  /** Never secrets: definitions are readable by others. */
  readonly environment: Readonly<Record<string, string>>
}

export interface ServiceFlags {
  readonly name?: string
  readonly system?: boolean
}

export const DEFAULT_SERVICE_NAME = 'breakwater-gateway'

/** Variables that say where the gateway's files are. */
const PASSED_ON = ['BREAKWATER_STATE_DIR', 'BREAKWATER_CONFIG_PATH', 'BREAKWATER_HANDSHAKE_TIMEOUT_MS', 'TZ'] as const
/** How long a stop may take before the manager kills, in seconds: twice what the gateway promises. */
export const STOP_SECONDS = 20
/** Exit codes after which another start fails the same way: wrong call, unusable configuration. */
export const FINAL_EXIT_CODES = [2, 6] as const
export const OPEN_FILES = 65_536

export interface SpecInput {
  readonly env: Environment
  readonly stateDir: string
  readonly hasConfigFile: boolean
  readonly flags: ServiceFlags
}

/** The launcher, which finds a Node that is new enough by itself. */
const LAUNCHER = fileURLToPath(new URL('../../../bin/breakwater.js', import.meta.url))

export function createSpec({ env, stateDir, hasConfigFile, flags }: SpecInput): ServiceSpec {
  const { name = DEFAULT_SERVICE_NAME, system = false } = flags
  const set = PASSED_ON.flatMap((key): [string, string][] => {
    const value = env[key]
    return value === undefined || value.trim() === '' ? [] : [[key, key === 'BREAKWATER_STATE_DIR' ? stateDir : value]]
  })
  return {
    name,
    isSystem: system,
    user: env.SUDO_USER ?? userInfo().username,
    homeDir: homedir(),
    stateDir,
    program: [process.execPath, LAUNCHER, 'gateway', ...(hasConfigFile ? [] : ['--allow-unconfigured'])],
    environment: { NODE_ENV: 'production', ...Object.fromEntries(set) },
  }
}
