// Which manager looks after services on this machine, with everything it needs.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type ConfigPaths, type Environment, resolveConfigPaths } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'
import { createLaunchd } from './launchd.ts'
import { runTool } from './run-tool.ts'
import type { CreateManager, ServiceManager } from './service-manager.ts'
import { createSpec, type ServiceFlags, type ServiceSpec } from './service-spec.ts'
import { createSystemd } from './systemd.ts'
import { createTaskScheduler } from './task-scheduler.ts'

const MANAGERS: Partial<Record<NodeJS.Platform, CreateManager>> = {
  linux: createSystemd,
  darwin: createLaunchd,
  win32: createTaskScheduler,
}

export interface Service {
  /** With the environment of whose gateway it is. */
  readonly context: CommandContext
  readonly manager: ServiceManager
  readonly spec: ServiceSpec
  readonly paths: ConfigPaths
}

/** Throws CommandError for a name no manager takes, or a system without a manager we know. */
export function findService(caller: CommandContext, flags: ServiceFlags, platform = process.platform): Service {
  const env = environmentOfOwner(caller.env, flags)
  if (flags.name !== undefined && !/^[a-z][a-z0-9-]{0,62}$/.test(flags.name)) {
    throw usageError('--name: expected lower-case letters, digits and dashes, beginning with a letter')
  }
  const create = MANAGERS[platform]
  if (create === undefined) {
    throw new CommandError({
      code: 'NO_SERVICE_MANAGER',
      message: `services are managed on Linux, macOS and Windows; this is ${platform}`,
      exitCode: EXIT.failed,
      nextStep: 'breakwater gateway (run it under whatever looks after services here)',
    })
  }
  const paths = resolveConfigPaths({ env })
  const spec = createSpec({ env, stateDir: paths.stateDir, hasConfigFile: existsSync(paths.configPath), flags })
  const manager = create(
    {
      run: runTool,
      exists: existsSync,
      uid: process.getuid?.() ?? 0,
      configHome: env.XDG_CONFIG_HOME || join(homedir(), '.config'),
    },
    spec,
  )
  return { context: { ...caller, env }, manager, spec, paths }
}

/** Under sudo the files are those of the person who called it, who is also the one the service runs as. */
function environmentOfOwner(env: Environment, { system }: ServiceFlags): Environment {
  const { SUDO_USER: user, BREAKWATER_STATE_DIR: given } = env
  if (system !== true || user === undefined || given !== undefined || !/^[A-Za-z_][\w.-]*$/.test(user)) return env
  const home = execFileSync('sh', ['-c', `printf %s ~${user}`], { encoding: 'utf8' })
  return home.startsWith('/') ? { ...env, BREAKWATER_STATE_DIR: join(home, '.breakwater') } : env
}

export async function assertAvailable({ name, unavailable }: ServiceManager): Promise<void> {
  const why = await unavailable()
  if (why === undefined) return
  throw new CommandError({
    code: 'NO_SERVICE_MANAGER',
    message: `${name} cannot be used: ${why}`,
    exitCode: EXIT.failed,
    nextStep: 'breakwater gateway (in a terminal, or as the main process of a container)',
  })
}

export const notInstalled = (verb: string): CommandError =>
  new CommandError({
    code: 'SERVICE_NOT_INSTALLED',
    message: `the gateway is not installed as a service, so there is nothing to ${verb}`,
    exitCode: EXIT.failed,
    nextStep: 'breakwater gateway install (as a service), or breakwater gateway (in this terminal)',
  })
