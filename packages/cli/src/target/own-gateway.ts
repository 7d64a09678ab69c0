// For commands that belong to one state directory: through the gateway that owns it when it runs, on its files when it is
// down. Another gateway that happens to listen on the same port is never mistaken for it.

import { ownerSocketPath, resolveConfigPaths } from '@breakwater/gateway/local'
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
  const facts = await ownFacts(context, options.inRemoteMode)
  if (facts === undefined) return withSession(context, options, online)
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

export interface OwnGateway {
  /** Where it answers, or would if it ran; undefined when only it knows. */
  readonly target: Target | undefined
  /** `logging.dir`. */
  readonly loggingDir: string | undefined
}

/** The gateway of this machine; undefined when the command is about another one. */
export async function ownGateway(
  context: CommandContext,
  inRemoteMode: OwnGatewayOptions['inRemoteMode'],
): Promise<OwnGateway | undefined> {
  const facts = await ownFacts(context, inRemoteMode)
  if (facts === undefined) return undefined
  const { stateDir } = resolveConfigPaths({ env: context.env })
  const [target] = ownTargets(context, { ...facts, ownerSocket: facts.ownerSocket ?? ownerSocketPath(stateDir) })
  return { target, loggingDir: facts.loggingDir }
}

async function ownFacts(
  { env, flags, output }: CommandContext,
  inRemoteMode: OwnGatewayOptions['inRemoteMode'],
): Promise<LocalFacts | undefined> {
  if (flags.url !== undefined) return undefined
  const facts = await readFacts({ env, note: (text) => output.note(text) })
  return facts.settings.mode === 'remote' && inRemoteMode === 'remote' ? undefined : facts
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
