// Sees for itself whether a running gateway takes a new token over: holds a connection that the old token let in and
// waits for it to be closed. No gateway, or one that does not know the old token, is told apart.

import { ClientError, type Connection, connectOnce } from '@breakwater/client/node'
import { CLOSE } from '@breakwater/protocol'
import type { CommandContext } from '../../command-context.ts'
import { clientInfo, timeouts, withActualPort } from '../../target/connect.ts'
import { readFacts } from '../../target/read-facts.ts'
import { resolveTargets, type Target } from '../../target/resolve-target.ts'

/**
 * `replaced`: it closed what the old token had let in. `unchanged`: it did not, or never knew the old token.
 * `unverified`: it answers on the owner's socket only. `not-running`: nobody answers.
 */
export type Takeover = 'not-running' | 'unverified' | 'replaced' | 'unchanged'

/** A gateway notices within milliseconds; where the file system gives no signs it looks every 5 s. */
const TAKEOVER_WITHIN_MS = 7_000

/** Call before the change; call the result after it. */
export async function watchTakeover(
  context: CommandContext,
  oldToken: string | undefined,
): Promise<() => Promise<Takeover>> {
  const facts = await readFacts({ env: context.env, note: (text) => context.output.note(text) })
  const targets = resolveTargets({}, { ...facts, settings: { ...facts.settings, mode: 'local' } })
  const socket = targets.find((target) => target?.kind === 'owner-socket')
  const owner = socket === undefined ? undefined : await tryConnect(context, socket)
  const configured = targets.find((target) => target?.kind === 'tcp')
  const tcp = configured === undefined || owner === undefined ? configured : await withActualPort(configured, owner)
  await owner?.close()
  if (tcp === undefined) return async () => (owner === undefined ? 'not-running' : 'unverified')
  try {
    const held = await connect(context, { ...tcp, token: oldToken })
    return () => awaitClose(held)
  } catch (error) {
    if (!ClientError.is(error)) throw error
    const isRefused = error.code === 'CONNECT_REFUSED' && oldToken !== undefined
    const isRunning = owner !== undefined || error.code === 'CONNECT_REFUSED'
    return async () => (isRefused ? 'unchanged' : isRunning ? 'unverified' : 'not-running')
  }
}

async function awaitClose(held: Connection): Promise<Takeover> {
  const timeout = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => timeout.resolve(undefined), TAKEOVER_WITHIN_MS)
  const ending = await Promise.race([held.closed, timeout.promise])
  clearTimeout(timer)
  await held.close()
  return ending?.close?.code === CLOSE.authChanged.code ? 'replaced' : 'unchanged'
}

async function tryConnect(context: CommandContext, target: Target): Promise<Connection | undefined> {
  try {
    return await connect(context, target)
  } catch (error) {
    if (ClientError.is(error) && error.code === 'CONNECT_FAILED') return undefined
    throw error
  }
}

const connect = (context: CommandContext, { url, token, tlsPin }: Target): Promise<Connection> =>
  connectOnce({
    url,
    client: clientInfo(context, 'cli'),
    scopes: ['operator.read'],
    credentials: { token },
    device: 'never',
    ...(tlsPin === undefined ? {} : { tlsPin }),
    ...timeouts(context),
  })
