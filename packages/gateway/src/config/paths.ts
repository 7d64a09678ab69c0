// Where the state directory and the configuration file are. Pure; creates nothing.

import { homedir } from 'node:os'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'

export const STATE_DIR_ENV = 'BREAKWATER_STATE_DIR'
export const CONFIG_PATH_ENV = 'BREAKWATER_CONFIG_PATH'
const CONFIG_FILE = 'breakwater.json'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ConfigPaths {
  readonly homeDir: string
  readonly stateDir: string
  /** JSON5; it need not exist. */
  readonly configPath: string
}

export interface ConfigPathsInput {
  readonly env: Environment
  readonly homeDir?: string
  readonly cwd?: string
}

/** An empty variable counts as unset; `~` is the home directory; anything relative starts at the working directory. */
export function resolveConfigPaths({ env, homeDir = homedir(), cwd = process.cwd() }: ConfigPathsInput): ConfigPaths {
  const context = { baseDir: cwd, homeDir }
  const stateDir = resolve(expandPath(env[STATE_DIR_ENV]?.trim() || join(homeDir, '.breakwater'), context))
  const configPath = resolve(expandPath(env[CONFIG_PATH_ENV]?.trim() || join(stateDir, CONFIG_FILE), context))
  return { homeDir, stateDir, configPath }
}

/** Lists further directories, separated as in PATH. */
export const INCLUDE_ROOTS_ENV = 'BREAKWATER_INCLUDE_ROOTS'

/** Directories in which `$include` may read: the configuration file's own, and those the environment lists. */
export function includeRoots(configPath: string, env: Environment): string[] {
  const listed = (env[INCLUDE_ROOTS_ENV] ?? '').split(delimiter).filter((entry) => entry.trim() !== '')
  return [dirname(configPath), ...listed.map((entry) => resolve(entry.trim()))]
}

/** Where a relative path starts and what `~` means. */
export interface PathContext {
  readonly baseDir: string
  readonly homeDir: string
}

export function expandPath(path: string, { baseDir, homeDir }: PathContext): string {
  if (path === '~' || path.startsWith('~/') || path.startsWith('~\\')) return join(homeDir, path.slice(1))
  return isAbsolute(path) ? path : resolve(baseDir, path)
}
