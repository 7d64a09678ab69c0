// `breakwater completion <shell>`: prints a script that completes commands, options and configuration keys.

import { configTools } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { usageError } from '../../failure.ts'
import { createProgram } from '../../program.ts'
import { describeTree } from './command-tree.ts'
import { completionScript, SHELLS, type Shell } from './scripts.ts'

export async function completion({ output, version }: CommandContext, shell: string): Promise<ExitCode> {
  const known = SHELLS.find((name): name is Shell => name === shell)
  if (known === undefined) {
    throw usageError(`no completion for ${JSON.stringify(shell)}: it is made for ${SHELLS.join(', ')}`)
  }
  const { describeConfig } = await configTools()
  const keys = describeConfig().map(({ path }) => path)
  const words = Object.fromEntries(
    ['get', 'set', 'unset', 'schema'].map((verb): [string, readonly string[]] => [`config ${verb}`, keys]),
  )
  const tree = describeTree(
    createProgram(version, async () => {}),
    { words: { ...words, completion: SHELLS } },
  )
  const script = completionScript(known, tree)
  output.result({ shell: known, script }, () => script)
  return EXIT.ok
}
