// `breakwater gateway`: runs the gateway in this process until a signal asks it to stop.

import { existsSync } from 'node:fs'
import {
  FileLogger,
  type Gateway,
  logDirectoryPath,
  ownerSocketPath,
  startGateway,
  tokenFilePath,
} from '@breakwater/gateway'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import type { GatewayFlags } from './gateway-flags.ts'
import { type GatewaySettings, loadSettings } from './load-settings.ts'
import { ProcessFaults } from './process-faults.ts'
import { toStartFailure } from './start-failure.ts'
import { awaitStopSignal } from './stop-signals.ts'
import { commandName, type ReadyFacts, renderWelcome } from './welcome.ts'

export async function runGateway(context: CommandContext, flags: GatewayFlags): Promise<ExitCode> {
  const settings = await loadSettings(flags, context.env)
  const { stateDir } = settings.options
  const isFirstRun = !existsSync(tokenFilePath(stateDir))
  // With --json standard output holds one document; everything else a person may watch goes to standard error.
  const writeLine = (line: string): void => (context.output.isJson ? context.io.err : context.io.out)(`${line}\n`)
  // A signal while it starts must not be lost: it stops the gateway as soon as it can be stopped.
  const stopSignal = awaitStopSignal({ emitter: process, exit: (code) => process.exit(code) })
  const log = openLog(settings, writeLine)
  try {
    for (const warning of settings.warnings) log.warn('configuration', { warning })
    const stopWatching = new ProcessFaults({ log, exit: (code) => process.exit(code) }).watch(process)
    const gateway = await startGateway(settings.options, {
      log,
      writeLine,
      version: context.version,
      config: settings.source,
    })
    const { readyMs } = announce(context, { log, writeLine, settings, gateway, isFirstRun })
    const signal = await stopSignal
    log.info('stopping', { signal })
    // A person's Ctrl-C ends it; a service manager's signal mostly comes before the next start.
    const restartMs = signal === 'SIGINT' ? {} : { restartMs: readyMs }
    await gateway.stop(`gateway stopping (${signal})`, restartMs)
    log.info('stopped')
    stopWatching()
    return EXIT.ok
  } catch (error) {
    throw toStartFailure(error, stateDir)
  } finally {
    await log.close()
  }
}

function openLog({ options, config }: GatewaySettings, writeLine: (line: string) => void): FileLogger {
  return FileLogger.open({
    ...options.logging,
    directory: config.logging.dir ?? logDirectoryPath(options.stateDir),
    console: writeLine,
  })
}

interface Started {
  readonly log: FileLogger
  readonly writeLine: (line: string) => void
  readonly settings: GatewaySettings
  readonly gateway: Gateway
  readonly isFirstRun: boolean
}

function announce(context: CommandContext, started: Started): ReadyFacts {
  const { log, writeLine, settings, isFirstRun } = started
  const facts = readyFacts(context, started)
  const { url, tlsFingerprint, pid, readyMs } = facts
  log.info('ready', { url, ...(tlsFingerprint === undefined ? {} : { tlsFingerprint }), pid, readyMs })
  // Whoever waits for readiness waits for this line, however quiet the log is set.
  const { consoleLevel } = settings.options.logging
  const isShown = consoleLevel === 'debug' || consoleLevel === 'info'
  if (!isShown) writeLine(`[gateway] ready (url=${url} pid=${pid})`)
  if (context.output.isJson) context.output.result({ ready: true, ...facts }, () => '')
  else if (isFirstRun || context.io.isTty) context.output.result(facts, renderWelcome)
  return facts
}

function readyFacts({ version, env }: CommandContext, { log, settings, gateway }: Started): ReadyFacts {
  const { options, hasConfigFile } = settings
  const { stateDir, configPath, unixSocket, auth } = options
  return {
    version,
    url: gateway.url,
    ownerSocket: unixSocket ? ownerSocketPath(stateDir) : undefined,
    authMode: auth.mode,
    tokenPath: gateway.tokenPath,
    tlsFingerprint: gateway.tlsFingerprint,
    stateDir,
    configPath,
    hasConfigFile,
    logFile: log.currentFile,
    pid: process.pid,
    readyMs: Math.round(performance.now()),
    command: commandName(env),
  }
}
