// `breakwater gateway install` and `uninstall`: the gateway as a service that outlives terminals and restarts.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { PASSWORD_ENV, TOKEN_ENV } from '../../target/environment.ts'
import { ConfigFile } from '../config/config-file.ts'
import { assertAvailable, findService, notInstalled, type Service } from './find-manager.ts'
import { awaitOwnProcess, findOwnProcess, type OwnProcess } from './own-process.ts'
import type { ServiceDefinition } from './service-manager.ts'
import type { ServiceFlags } from './service-spec.ts'

export interface InstallFlags extends ServiceFlags {
  readonly print?: boolean
}

/** A first start makes keys and, with TLS, a certificate. */
const START_WITHIN_MS = 30_000
const BOM = '\uFEFF'

export async function installService(caller: CommandContext, flags: InstallFlags): Promise<ExitCode> {
  const service = findService(caller, flags)
  const { context } = service
  const definition = service.manager.definition()
  if (flags.print === true) {
    context.output.result({ manager: service.manager.name, ...definition }, () => definition.text)
    return EXIT.ok
  }
  await assertAvailable(service.manager)
  await assertStartable(context, service)
  await writeDefinition(definition)
  await service.manager.enable()
  const running = await awaitOwnProcess(context, START_WITHIN_MS)
  if (running === undefined) throw notStarted(service)
  report(context, service, running)
  return EXIT.ok
}

/** What would keep the service from starting is said now, not to a log nobody reads. */
async function assertStartable(context: CommandContext, { paths, manager, spec }: Service): Promise<void> {
  const { env, output } = context
  const load = await new ConfigFile(env).load()
  if (!load.valid) {
    throw new CommandError({
      code: 'CONFIG_INVALID',
      message: `${paths.configPath} cannot be used, so a service would not start`,
      exitCode: EXIT.configuration,
      nextCommand: 'breakwater config validate',
    })
  }
  for (const name of [TOKEN_ENV, PASSWORD_ENV].filter((variable) => env[variable] !== undefined)) {
    output.note(`warning: the service does not see ${name}; set gateway.auth instead (breakwater config set)`)
  }
  if (spec.isSystem && (process.getuid?.() ?? 0) !== 0) {
    throw new CommandError({
      code: 'NOT_ROOT',
      message: 'a service for the whole machine is installed by root',
      exitCode: EXIT.refused,
      nextStep: 'sudo breakwater gateway install --system, or leave --system out',
    })
  }
  const running = await findOwnProcess(context)
  if (running === undefined || (await manager.state()).isRunning) return
  throw new CommandError({
    code: 'STORE_OWNED',
    message: `a gateway runs on ${paths.stateDir} already, and not as a service (pid ${running.pid ?? 'unknown'})`,
    exitCode: EXIT.cannotStart,
    nextStep: 'breakwater gateway stop, then this again',
  })
}

async function writeDefinition({ path, text, encoding }: ServiceDefinition): Promise<void> {
  const content = encoding === 'utf8' ? text : BOM + text
  if ((await readFile(path, encoding).catch(() => undefined)) === content) return
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { encoding, mode: 0o644 })
  } catch (cause) {
    throw new CommandError(
      {
        code: 'SERVICE_NOT_WRITTEN',
        message: `${path} could not be written: ${(cause as Error).message}`,
        exitCode: EXIT.failed,
        nextStep: `Make ${dirname(path)} writable, or see the definition: breakwater gateway install --print`,
      },
      cause,
    )
  }
}

export const notStarted = ({ manager }: Service): CommandError =>
  new CommandError({
    code: 'SERVICE_DID_NOT_START',
    message: `${manager.name} started the gateway, but it does not answer`,
    exitCode: EXIT.notReady,
    nextStep: `breakwater doctor, or ${manager.logCommand}`,
  })

function report({ output }: CommandContext, { manager, spec, paths }: Service, running: OwnProcess): void {
  const { path } = manager.definition()
  const facts = { manager: manager.name, service: spec.name, definition: path, stateDir: paths.stateDir, ...running }
  output.result({ installed: true, ...facts }, (_, style) => {
    const after = manager.afterInstall === undefined ? '' : `${style.strong('next:')} ${manager.afterInstall}\n`
    return `The gateway runs as a service of ${manager.name} (${spec.name}, pid ${running.pid ?? 'unknown'}) and is started again by itself.\nIts definition is ${path}.\n${after}`
  })
}

export async function uninstallService(caller: CommandContext, flags: ServiceFlags): Promise<ExitCode> {
  const { context, manager, spec, paths } = findService(caller, flags)
  await assertAvailable(manager)
  if (!(await manager.state()).isInstalled) throw notInstalled('uninstall')
  await manager.disable()
  const { path } = manager.definition()
  await rm(path, { force: true })
  context.output.result(
    { uninstalled: true, service: spec.name, definition: path, stateDir: paths.stateDir },
    () => `The service ${spec.name} is gone. Everything it kept is still in ${paths.stateDir}.\n`,
  )
  return EXIT.ok
}
