// `breakwater token show`: prints the shared token of the gateway on this machine, and nothing else, to standard output.

import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { findToken } from './find-token.ts'

export async function showToken({ io, env, output }: CommandContext): Promise<ExitCode> {
  const found = await findToken(env)
  const { token, source, place } = found
  if (token === undefined) {
    throw new CommandError({
      code: 'NO_TOKEN_YET',
      message: `there is no token yet: ${place} does not exist`,
      exitCode: EXIT.failed,
      nextStep: 'Start the gateway once, it makes one: breakwater gateway --allow-unconfigured',
    })
  }
  if (io.isTty) output.note(`From ${place}. Whoever has this token controls the gateway: do not share it.`)
  output.result({ token, source, place }, () => `${token}\n`)
  return EXIT.ok
}
