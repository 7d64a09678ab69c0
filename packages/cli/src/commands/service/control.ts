// `breakwater gateway start`, `stop`, `restart` and `status`: the service, or the process that runs without one.

import { stateOwner } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { formatMs } from '../../output/quantity.ts'
import { renderFields } from '../../output/table.ts'
import { assertAvailable, findService, notInstalled, type Service } from './find-manager.ts'
import { notStarted } from './install.ts'
import { awaitGone, awaitOwnProcess, findOwnProcess, type OwnProcess } from './own-process.ts'
import type { ServiceState } from './service-manager.ts'
import { type ServiceFlags, STOP_SECONDS } from './service-spec.ts'

const START_WITHIN_MS = 30_000
const STOP_WITHIN_MS = STOP_SECONDS * 1_000

export async function startService(caller: CommandContext, flags: ServiceFlags): Promise<ExitCode> {
  const service = findService(caller, flags)
  const { context } = service
  const before = await findOwnProcess(context)
  if (before !== undefined)
    return say(context, { started: false, ...before }, `It runs already (pid ${before.pid ?? 'unknown'}).`)
  await assertInstalled(service, 'start')
  await service.manager.start()
  const running = await awaitOwnProcess(context, START_WITHIN_MS)
  if (running === undefined) throw notStarted(service)
  return say(context, { started: true, ...running }, `Started (pid ${running.pid ?? 'unknown'}, ${running.url}).`)
}

export async function restartService(caller: CommandContext, flags: ServiceFlags): Promise<ExitCode> {
  const service = findService(caller, flags)
  const { context } = service
  const before = await findOwnProcess(context)
  const state = await stateOf(service)
  if (!state.isInstalled || (before !== undefined && !state.isRunning)) {
    throw before === undefined ? notInstalled('restart') : runsInTerminal(before)
  }
  await assertAvailable(service.manager)
  await service.manager.restart()
  const running = await awaitOwnProcess(context, START_WITHIN_MS + STOP_WITHIN_MS, before)
  if (running === undefined) throw notStarted(service)
  return say(context, { restarted: true, ...running }, `Restarted (pid ${running.pid ?? 'unknown'}, ${running.url}).`)
}

const runsInTerminal = ({ pid }: OwnProcess): CommandError =>
  new CommandError({
    code: 'NOT_A_SERVICE',
    message: `the gateway (pid ${pid ?? 'unknown'}) was started by somebody else than a service manager, who has to start it again`,
    exitCode: EXIT.failed,
    nextStep:
      'breakwater gateway stop, then start it the way it was started; breakwater gateway install makes it a service',
  })

export async function stopService(caller: CommandContext, flags: ServiceFlags): Promise<ExitCode> {
  const service = findService(caller, flags)
  const { context } = service
  const [state, owner] = await Promise.all([stateOf(service), stateOwner(service.paths.stateDir)])
  // Only a gateway is stopped: another command that holds the directory is done in a moment.
  const pid = owner?.owner === GATEWAY_OWNER ? owner.pid : state.pid
  if (!state.isRunning && pid === undefined) return say(context, { stopped: false }, 'No gateway is running here.')
  if (state.isRunning) await service.manager.stop()
  else if (pid !== undefined) process.kill(pid, 'SIGTERM')
  if (pid !== undefined && !(await awaitGone(pid, STOP_WITHIN_MS))) throw stillThere(pid)
  return say(context, { stopped: true, pid: pid ?? null }, `Stopped${pid === undefined ? '' : ` (pid ${pid})`}.`)
}

/** How the gateway names itself to whoever finds the state directory taken. */
const GATEWAY_OWNER = 'breakwater gateway'

const stillThere = (pid: number): CommandError =>
  new CommandError({
    code: 'DID_NOT_STOP',
    message: `process ${pid} was asked to stop and is still there after ${formatMs(STOP_WITHIN_MS)}`,
    exitCode: EXIT.failed,
    nextStep: `kill -9 ${pid} (nothing that was acknowledged is lost)`,
  })

export async function serviceStatus(caller: CommandContext, flags: ServiceFlags): Promise<ExitCode> {
  const service = findService(caller, flags)
  const { context } = service
  const [state, running] = await Promise.all([stateOf(service), findOwnProcess(context)])
  const { manager, spec, paths } = service
  const report = {
    running: running !== undefined,
    gateway: running ?? null,
    service: { manager: manager.name, name: spec.name, definition: manager.definition().path, ...state },
    stateDir: paths.stateDir,
  }
  context.output.result(report, (_, style) => {
    const verdict =
      running === undefined
        ? style.bad(
            state.isRunning ? 'The service runs, but the gateway does not answer.' : 'No gateway is running here.',
          )
        : style.good(`The gateway (${running.version}) runs.`)
    const next = nextOf(service, state, running)
    return `${verdict}\n${next === undefined ? '' : `${style.strong('next:')} ${next}\n`}${renderFields([
      ['address', running?.url],
      [
        'process',
        running === undefined ? undefined : `pid ${running.pid ?? 'unknown'}, up for ${formatMs(running.uptimeMs)}`,
      ],
      [
        'service',
        state.isInstalled
          ? `${spec.name} (${manager.name}): ${state.detail}${state.isEnabled ? ', started by itself' : ''}`
          : 'not installed',
      ],
      ['definition', state.isInstalled ? manager.definition().path : undefined],
      ['state', paths.stateDir],
    ])}`
  })
  return running === undefined ? EXIT.unreachable : EXIT.ok
}

function nextOf({ manager }: Service, state: ServiceState, running: OwnProcess | undefined): string | undefined {
  if (running !== undefined) return undefined
  if (state.isRunning) return `breakwater doctor, or ${manager.logCommand}`
  return state.isInstalled
    ? 'breakwater gateway start'
    : 'breakwater gateway install (as a service), or breakwater gateway'
}

async function assertInstalled(service: Service, verb: string): Promise<void> {
  if (!(await stateOf(service)).isInstalled) throw notInstalled(verb)
  await assertAvailable(service.manager)
}

/** Where no manager runs, nothing is installed with it. */
async function stateOf({ manager }: Service): Promise<ServiceState> {
  const why = await manager.unavailable()
  return why === undefined ? manager.state() : { isInstalled: false, isRunning: false, isEnabled: false, detail: why }
}

function say({ output }: CommandContext, data: object, sentence: string): ExitCode {
  output.result(data, () => `${sentence}\n`)
  return EXIT.ok
}
