// Opens the connection a command works on: one attempt per address, the next address only when nobody answered at the
// one before. Every error leaves as a CommandError.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { ClientError, type Connection, connectOnce, nodeClientInfo } from '@breakwater/client/node'
import { resolveConfigPaths } from '@breakwater/gateway/local'
import type { ClientMode } from '@breakwater/protocol'
import type { CommandContext } from '../command-context.ts'
import { CommandError } from '../failure.ts'
import { toClientFailure } from './client-failure.ts'
import { readFacts } from './read-facts.ts'
import { resolveTargets, type Target, type Targets, typedTarget } from './resolve-target.ts'

export interface Session {
  readonly connection: Connection
  readonly target: Target
  /** From the first byte to hello-ok, in milliseconds. */
  readonly connectMs: number
}

export interface SessionOptions {
  /** The least that the work needs. */
  readonly scopes: readonly string[]
  /** Asked for over the owner's socket instead, where the gateway has nothing to hide. Unset: `scopes`. */
  readonly ownerScopes?: readonly string[]
}

/** Runs `work` on a connection of its own, which is closed afterwards whatever happened. */
export async function withSession<T>(
  context: CommandContext,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  return workOn(await openSession(context, options, await findTargets(context)), work)
}

export async function workOn<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await work(session)
  } catch (error) {
    throw toCommandError(error, session.target)
  } finally {
    await session.connection.close()
  }
}

/** Rejects with CommandError; `isUnanswered` tells whether nobody was there. */
export async function openSession(
  context: CommandContext,
  options: SessionOptions,
  targets: readonly (Target | undefined)[],
): Promise<Session> {
  let unanswered: CommandError | undefined
  for (const target of targets) {
    if (target === undefined) continue
    const startedAt = performance.now()
    try {
      const connection = await connectTo(context, target, options)
      return { connection, target, connectMs: performance.now() - startedAt }
    } catch (error) {
      const failure = toCommandError(error, target)
      if (!(failure instanceof CommandError) || !isUnanswered(failure)) throw failure
      unanswered = mergeUnanswered(unanswered, failure)
    }
  }
  throw unanswered
}

/** The addresses to try for what was typed and what lies on this machine. */
export async function findTargets(context: CommandContext, isCredentialOptional = false): Promise<Targets> {
  const { flags, env, output } = context
  if (flags.url !== undefined) return [typedTarget(flags.url, flags, isCredentialOptional)]
  return resolveTargets(flags, await readFacts({ env, note: (text) => output.note(text) }))
}

function connectTo(context: CommandContext, target: Target, options: SessionOptions): Promise<Connection> {
  const isOwner = target.kind === 'owner-socket'
  const scopes = isOwner ? (options.ownerScopes ?? options.scopes) : options.scopes
  return connectOnce(connectionOptions(context, target, scopes))
}

/** How the command line connects, once or for as long as it runs. */
export function connectionOptions(context: CommandContext, target: Target, scopes: readonly string[]) {
  const { token, password, tlsPin, url } = target
  return {
    url,
    client: clientInfo(context, 'cli'),
    scopes,
    credentials: { token, password },
    ...deviceOptions(context, target),
    ...(tlsPin === undefined ? {} : { tlsPin }),
    ...timeouts(context),
  }
}

/**
 * The gateway of this machine may listen on another port than the configuration says (`--port`). Whoever reached it over
 * the owner's socket can ask.
 */
export async function withActualPort(target: Target, owner: Connection): Promise<Target> {
  const { port } = (await owner.call('system.info')) as { readonly port?: number }
  if (port === undefined) return target
  const url = new URL(target.url)
  url.port = String(port)
  return { ...target, url: `${url.protocol}//${url.host}` }
}

/** How the command line names itself. */
export const clientInfo = ({ version }: CommandContext, mode: ClientMode) =>
  nodeClientInfo('cli', mode, version, {
    deviceFamily: FAMILIES[process.platform] ?? process.platform,
    instanceId: randomUUID(),
  })

const FAMILIES: Readonly<Record<string, string>> = { darwin: 'Mac', linux: 'Linux', win32: 'Windows' }

/** On this machine the socket or the secret is enough; elsewhere the gateway has to know the device as well. */
function deviceOptions({ env }: CommandContext, { isOurMachine }: Target) {
  if (isOurMachine) return { device: 'never' as const }
  return {
    device: 'auto' as const,
    identityFile: join(resolveConfigPaths({ env }).stateDir, 'identity', 'device.json'),
    credentialsDirectory: join(resolveConfigPaths({ env }).stateDir, 'credentials'),
  }
}

/** `--timeout` bounds each step: reaching the gateway, its challenge, its hello, its answer. */
export function timeouts({ timeoutMs }: CommandContext) {
  if (timeoutMs === undefined) return {}
  const legMs = Math.min(Math.max(timeoutMs, MIN_LEG_MS), MAX_LEG_MS)
  return { openTimeoutMs: legMs, challengeTimeoutMs: legMs, helloTimeoutMs: legMs, requestTimeoutMs: timeoutMs }
}

/** Limits of the client's own options. */
const MIN_LEG_MS = 250
const MAX_LEG_MS = 600_000

/** Nobody was there: told apart from a gateway that hangs or refuses. */
export const isUnanswered = ({ cause }: CommandError): boolean =>
  ClientError.is(cause) && cause.code === 'CONNECT_FAILED'

function mergeUnanswered(earlier: CommandError | undefined, later: CommandError): CommandError {
  if (earlier === undefined) return later
  return new CommandError({ ...later.failure, message: `${earlier.message}; ${later.message}` }, later.cause)
}

export function toCommandError(error: unknown, target: Target): unknown {
  return ClientError.is(error) ? new CommandError(toClientFailure(error, target), error) : error
}
