// How a command is declared: name, options and help as data for commander, and an action that imports its module only when
// the command was chosen. Runs nothing by itself.

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { ExitCode } from '../exit-codes.ts'

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

export interface Declaration<Flags> {
  /** Name and arguments: `set <path> <value>`. */
  readonly name: string
  /** One line without a full stop; also the description, unless that is given. */
  readonly summary: string
  readonly description?: string
  /** The part of the help that teaches. */
  readonly help?: string
  /** What each argument is, in order. */
  readonly args?: readonly string[]
  /** Its own options. */
  readonly options?: (command: Command) => unknown
  /** Works on this machine only: no `--url` and the like. */
  readonly isLocal?: boolean
  readonly jsonHelp?: string
  readonly run: (context: CommandContext, flags: Flags, ...args: readonly string[]) => Promise<ExitCode>
}

export function declare<Flags extends object = object>(
  parent: Command,
  onAction: OnAction,
  declaration: Declaration<Flags>,
): Command {
  const { name, summary, description = toSentence(summary), help, args = [], options, isLocal, run } = declaration
  const command = parent.command(name).summary(summary).description(description)
  for (const [index, text] of args.entries()) {
    const argument = command.registeredArguments[index]
    if (argument !== undefined) argument.description = text
  }
  options?.(command)
  if (isLocal === true) command.addOption(jsonOption(declaration.jsonHelp))
  else addConnectionOptions(command)
  if (help !== undefined) command.addHelpText('after', help)
  return command.action(async () => {
    const flags = allOptions(command)
    await onAction((context) => run(context, flags as Flags, ...command.args), flags)
  })
}

/** A command that only holds others. */
export const declareGroup = (parent: Command, name: string, summary: string, help?: string): Command => {
  const group = parent.command(name).summary(summary).description(toSentence(summary))
  return help === undefined ? group : group.addHelpText('after', help)
}

const toSentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`

export const jsonOption = (description = 'print one JSON document, also for errors'): Option =>
  new Option('--json', description)

export function addConnectionOptions(command: Command): void {
  command
    .addOption(jsonOption())
    .option('--url <url>', 'gateway to talk to: ws://, wss:// or unix:/path; needs --token or --password')
    .option('--token <token>', 'shared token to show')
    .option('--password <password>', 'shared password to show')
    .option('--tls-fingerprint <sha256>', 'accept this certificate only')
    .option('--timeout <ms>', 'give up a step after so many milliseconds', integerOption(1, 86_400_000, 'milliseconds'))
}

/** A parser for options that are whole numbers within bounds. */
export const integerOption =
  (min: number, max: number, what: string) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text.trim()) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`expected ${what}, ${min} to ${max}`)
  }

/** Options typed before the command's name count too; the ones after it win. */
function allOptions(command: Command): CommonFlags & Record<string, unknown> {
  const outer = command.parent === null ? {} : allOptions(command.parent)
  return { ...outer, ...command.opts() }
}
