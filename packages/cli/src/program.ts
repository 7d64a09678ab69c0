// The command tree: names, options and help as data for commander; each action hands over to a lazily imported module,
// so that a command pays for itself only. Runs nothing by itself.

import { Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from './command-context.ts'
import type { CallFlags } from './commands/gateway/call.ts'
import type { GatewayFlags } from './commands/gateway/gateway-flags.ts'
import type { ExitCode } from './exit-codes.ts'
import * as help from './help.ts'

/** Options every command takes, and those of commands that talk to a gateway. */
export interface CommonFlags {
  readonly json?: boolean
  readonly url?: string
  readonly token?: string
  readonly password?: string
  readonly tlsFingerprint?: string
  readonly timeout?: number
}

/** What a chosen command does, with all its options, those before its name included. */
export type Action = (context: CommandContext) => Promise<ExitCode>

export type OnAction = (action: Action, flags: CommonFlags) => Promise<void>

export function createProgram(version: string, onAction: OnAction): Command {
  const program = new Command('breakwater')
    .description('A gateway for personal AI agents: run it, look after it, talk to it.')
    .usage('[options] <command>')
    .version(`breakwater ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; also: breakwater help <command>')
    .enablePositionalOptions()
    .addHelpText('after', help.PROGRAM)
  addConnectionOptions(program)
  addGateway(program, onAction)
  addClientCommands(program, onAction)
  addToken(program, onAction)
  return program
}

function addGateway(program: Command, onAction: OnAction): void {
  program
    .command('gateway')
    .summary('run the gateway in this terminal')
    .description('Runs the gateway until Ctrl-C or SIGTERM. What is typed here wins over the configuration file.')
    .option('--port <n>', 'TCP port; 0 takes any free one (gateway.port, else 18789)')
    .option('--bind <where>', 'loopback, lan or one address (gateway.bind, else loopback)')
    .option('--token <token>', 'shared token; prefer BREAKWATER_GATEWAY_TOKEN, other users see arguments')
    .option('--password <password>', 'shared password instead of a token; prefer BREAKWATER_GATEWAY_PASSWORD')
    .option('--tls', 'speak TLS only; without a certificate of yours one is made and kept')
    .option('--tls-cert <file>', 'PEM certificate chain, leaf first; implies --tls')
    .option('--tls-key <file>', 'PEM private key of --tls-cert')
    .option('--allow-unconfigured', 'start without a configuration file, with the built-in defaults')
    .option('--verbose', 'show every log line here')
    .addOption(
      new Option('--ws-log <mode>', 'show connections here: failures, all, or all with requests').choices([
        'auto',
        'compact',
        'full',
      ]),
    )
    .addOption(jsonOption('print one JSON document when ready; log lines go to standard error'))
    .addHelpText('after', help.GATEWAY)
    .action(async (_, command: Command) => {
      const flags = allOptions(command)
      const run: Action = async (context) =>
        (await import('./commands/gateway/run.ts')).runGateway(context, flags as GatewayFlags)
      await onAction(run, flags)
    })
}

function addClientCommands(program: Command, onAction: OnAction): void {
  const add = (name: string, summary: string, after: string, action: Action): void => {
    const command = program.command(name).summary(summary).description(toSentence(summary)).addHelpText('after', after)
    addConnectionOptions(command)
    command.action(async () => onAction(action, allOptions(command)))
  }
  add('status', 'show whether the gateway is running and well, and who is connected', help.STATUS, async (context) =>
    (await import('./commands/gateway/status.ts')).status(context),
  )
  add('health', 'ask once whether the gateway is healthy', help.HEALTH, async (context) =>
    (await import('./commands/gateway/health.ts')).health(context),
  )
  add('probe', 'try every address and show how far each attempt gets', help.PROBE, async (context) =>
    (await import('./commands/gateway/probe.ts')).probe(context),
  )
  const call = program
    .command('call')
    .summary('call any method and print the answer as JSON')
    .description('Calls any method of the gateway, with the least scope it needs, and prints the answer as JSON.')
    .argument('<method>', 'method name, e.g. sessions.list')
    .option('--params <json>', 'parameters: JSON, @file, or - for standard input')
    .option('--expect-final', 'wait for the final answer of a method that first says "accepted"')
    .addHelpText('after', help.CALL)
  addConnectionOptions(call)
  call.action(async (method: string) => {
    const flags = allOptions(call)
    const run: Action = async (context) =>
      (await import('./commands/gateway/call.ts')).call(context, method, flags as CallFlags)
    await onAction(run, flags)
  })
}

function addToken(program: Command, onAction: OnAction): void {
  const token = program
    .command('token')
    .summary('the shared token of the gateway on this machine')
    .description('The shared token of the gateway on this machine.')
    .addHelpText('after', help.TOKEN)
  const add = (name: string, summary: string, after: string, action: Action): void => {
    const command = token
      .command(name)
      .summary(summary)
      .description(toSentence(summary))
      .addOption(jsonOption())
      .addHelpText('after', after)
    command.action(async () => onAction(action, allOptions(command)))
  }
  add('show', 'print the token', help.TOKEN_SHOW, async (context) =>
    (await import('./commands/token/show.ts')).showToken(context),
  )
  add('rotate', 'replace the generated token; closes what the old one let in', help.TOKEN_ROTATE, async (context) =>
    (await import('./commands/token/rotate.ts')).rotate(context),
  )
}

const toSentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`

const jsonOption = (description = 'print one JSON document, also for errors'): Option =>
  new Option('--json', description)

function addConnectionOptions(command: Command): void {
  command
    .addOption(jsonOption())
    .option('--url <url>', 'gateway to talk to: ws://, wss:// or unix:/path; needs --token or --password')
    .option('--token <token>', 'shared token to show')
    .option('--password <password>', 'shared password to show')
    .option('--tls-fingerprint <sha256>', 'accept this certificate only')
    .option('--timeout <ms>', 'give up a step after so many milliseconds', parseTimeout)
}

const MAX_TIMEOUT_MS = 86_400_000

function parseTimeout(text: string): number {
  const ms = Number(text)
  if (Number.isInteger(ms) && ms >= 1 && ms <= MAX_TIMEOUT_MS) return ms
  throw new InvalidArgumentError(`expected milliseconds, 1 to ${MAX_TIMEOUT_MS}`)
}

/** Options typed before the command's name count too; the ones after it win. */
function allOptions(command: Command): CommonFlags & Record<string, unknown> {
  const outer = command.parent === null ? {} : allOptions(command.parent)
  return { ...outer, ...command.opts() }
}
