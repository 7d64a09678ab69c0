// The command tree as completion scripts need it, read from the very declarations that parse the command line. Pure.

import type { Command, Option } from 'commander'

export interface OptionNode {
  /** `--json`, `-f`. */
  readonly names: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  /** What its value can be; undefined: anything. */
  readonly choices: readonly string[] | undefined
  readonly isFile: boolean
}

export interface CommandNode {
  readonly name: string
  /** Words from the program's name on, without it: `devices list`. */
  readonly path: string
  readonly summary: string
  readonly options: readonly OptionNode[]
  readonly commands: readonly CommandNode[]
  /** What its first argument can be; undefined: anything. */
  readonly words: readonly string[] | undefined
  readonly takesFile: boolean
}

export interface TreeOptions {
  /** Words for first arguments, by the command's path. */
  readonly words: Readonly<Record<string, readonly string[]>>
}

export function describeTree(command: Command, { words }: TreeOptions, parents: readonly string[] = []): CommandNode {
  const isRoot = command.parent === null
  const path = isRoot ? parents : [...parents, command.name()]
  const [argument] = command.registeredArguments
  return {
    name: command.name(),
    path: path.join(' '),
    summary: command.summary(),
    options: [...command.options.map(describeOption), HELP_OPTION],
    commands: command.commands.map((child) => describeTree(child, { words }, path)),
    words: words[path.join(' ')],
    takesFile: argument?.name() === 'file',
  }
}

const HELP_OPTION: OptionNode = {
  names: ['-h', '--help'],
  description: 'show help',
  takesValue: false,
  choices: undefined,
  isFile: false,
}

const describeOption = ({ short, long, description, flags, required, optional, argChoices }: Option): OptionNode => ({
  names: [short, long].filter((name) => name !== undefined && name !== null),
  description,
  takesValue: required || optional,
  choices: argChoices,
  isFile: /<file>/.test(flags),
})

/** Every command, the root first. */
export const flatten = (node: CommandNode): readonly CommandNode[] => [node, ...node.commands.flatMap(flatten)]
