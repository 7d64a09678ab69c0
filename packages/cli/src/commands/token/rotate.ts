// `breakwater token rotate`: replaces the generated token. A running gateway notices by itself and closes the
// connections the old one let in; this command watches that happen instead of claiming it.

import { rotateToken } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError } from '../../failure.ts'
import { type FoundToken, findToken } from './find-token.ts'
import { type Takeover, watchTakeover } from './watch-takeover.ts'

export async function rotate(context: CommandContext): Promise<ExitCode> {
  const found = await findToken(context.env)
  assertOurs(found)
  const takeover = await watchTakeover(context, found.token)
  await rotateToken(found.place)
  const gateway = await takeover()
  context.output.result({ rotated: true, place: found.place, gateway }, () => render(found.place, gateway))
  return gateway === 'unchanged' ? EXIT.failed : EXIT.ok
}

/** Somebody else's file or shell is theirs to change. */
function assertOurs({ source, place }: FoundToken): void {
  if (source === 'file') return
  const where = source === 'config' ? `gateway.auth.token in ${place}` : `the environment variable ${place}`
  throw new CommandError({
    code: 'TOKEN_NOT_GENERATED',
    message: `the token is set by ${where}, so it is changed there`,
    exitCode: EXIT.failed,
    nextStep: `Change it there, or remove it to use a generated token: then \`breakwater token rotate\` replaces it.`,
  })
}

const GATEWAY_TEXT: Readonly<Record<Takeover, string>> = {
  'not-running': 'No gateway is running here; the next start uses the new token.',
  unverified:
    'A gateway is running but could not be watched; check with `breakwater status --token "$(breakwater token show)"`.',
  replaced: 'The running gateway uses it already and has closed the connections of the old one.',
  unchanged: 'The running gateway still uses another token (was it started with --token?). Restart it.',
}

const render = (place: string, gateway: Takeover): string =>
  `The token in ${place} is new.\n${GATEWAY_TEXT[gateway]}\nPrograms that use the shared token need the new one: breakwater token show\n`
