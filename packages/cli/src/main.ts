// One run of the command line: parse, dispatch, render the failure if there is one, and say how to exit.

import { CommanderError } from 'commander'
import type { CommandContext } from './command-context.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { CommandError, type Failure, toFailure } from './failure.ts'
import type { Io } from './io.ts'
import { Output } from './output/output.ts'
import type { CommonFlags } from './program/declare.ts'
import { createProgram } from './program.ts'
import { readVersion } from './version.ts'

export interface MainComponents {
  readonly io: Io
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Resolves with the exit code; never rejects. `args`: without the interpreter and the script. */
export async function main(args: readonly string[], { io, env }: MainComponents): Promise<ExitCode> {
  const version = readVersion()
  let exitCode: ExitCode = EXIT.ok
  // Until the options are known, the form of an error goes by what was typed.
  let output = new Output(io, { isJson: args.includes('--json'), env })
  const program = createProgram(version, async (action, flags) => {
    output = new Output(io, { isJson: flags.json === true, env })
    exitCode = await action(toContext(flags, { io, env, version, output }))
  })
  quieten(program, io)
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    const failure = error instanceof CommanderError ? toUsageFailure(error, args) : toFailure(error)
    if (failure === undefined) return EXIT.ok
    output.failure(failure)
    return failure.exitCode
  }
}

function toContext(flags: CommonFlags, base: Omit<CommandContext, 'flags' | 'timeoutMs'>): CommandContext {
  const { url, token, password, tlsFingerprint, timeout } = flags
  return { ...base, flags: { url, token, password, tlsFingerprint }, timeoutMs: timeout }
}

type Program = ReturnType<typeof createProgram>

/** Parsing never ends the process and prints only help: errors are rendered like all others. */
function quieten(program: Program, io: Io): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    outputError: () => {},
    getOutHelpWidth: () => io.columns,
    getErrHelpWidth: () => io.columns,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  })
  for (const command of program.commands) quieten(command as Program, io)
}

/** Undefined for what is no error: `--help` and `--version` end parsing the same way. */
function toUsageFailure({ code, exitCode, message }: CommanderError, args: readonly string[]): Failure | undefined {
  if (exitCode === 0) return undefined
  // `token` alone: its help was shown already.
  if (code === 'commander.help')
    return new CommandError({ ...USAGE, message: `${args.join(' ')}: a command is missing` }).failure
  return { ...USAGE, message: message.replace(/^error: /, '').replaceAll('\n', ' ') }
}

const USAGE: Omit<Failure, 'message'> = { code: 'USAGE', exitCode: EXIT.usage, nextCommand: 'breakwater --help' }
