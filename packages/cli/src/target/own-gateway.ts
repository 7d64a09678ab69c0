// For commands that belong to one state directory: through the gateway that owns it when it runs, on its files when it is
// down. Another gateway that happens to listen on the same port is never mistaken for it.

import type { CommandContext } from '../command-context.ts'
import { CommandError } from '../failure.ts'
import { isUnanswered, openSession, type Session, type SessionOptions, withSession, workOn } from './connect.ts'
import { readFacts } from './read-facts.ts'
import { type LocalFacts, resolveTargets, type Target } from './resolve-target.ts'

export interface OwnGatewayOptions extends SessionOptions {
  /** What to do in `gateway.mode` `remote`: ask the gateway there, or go on with the one of this machine. */
  readonly inRemoteMode: 'remote' | 'local'
  /**
   * A gateway that is there and does not let us in, or hangs: go on with the files all the same. Only for work that is
   * as good on the files while the gateway runs. Unset: that is the failure.
   */
  readonly isOfflineGoodEnough?: boolean
}

/** `offline` is told why the gateway was left out: undefined when none is running. */
export async function withOwnGateway<T>(
  context: CommandContext,
  options: OwnGatewayOptions,
  online: (session: Session) => Promise<T>,
  offline: (why: CommandError | undefined) => Promise<T>,
): Promise<T> {
  if (context.flags.url !== undefined) return withSession(context, options, online)
  const facts = await readFacts({ env: context.env, note: (text) => context.output.note(text) })
  if (facts.settings.mode === 'remote' && options.inRemoteMode === 'remote') {
    return withSession(context, options, online)
  }
  const targets = ownTargets(context, facts)
  if (targets.length === 0) return offline(undefined)
  let session: Session
  try {
    session = await openSession(context, options, targets)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    if (isUnanswered(error)) return offline(undefined)
    if (options.isOfflineGoodEnough === true) return offline(error)
    throw error
  }
  return workOn(session, online)
}

/** The owner's socket says for certain which gateway it belongs to. Its port does only where there is no socket. */
function ownTargets({ flags }: CommandContext, facts: LocalFacts): readonly Target[] {
  const { settings, ownerSocket } = facts
  const isSecretTyped = flags.token !== undefined || flags.password !== undefined
  const hasSocket = settings.unixSocket && process.platform !== 'win32'
  if (hasSocket && ownerSocket === undefined && !isSecretTyped) return []
  if (settings.port === 0 && ownerSocket === undefined) return []
  const targets = resolveTargets(flags, { ...facts, settings: { ...settings, mode: 'local' } })
  const found = targets.filter((target) => target !== undefined)
  return hasSocket && !isSecretTyped ? found.filter(({ kind }) => kind === 'owner-socket') : found
}
