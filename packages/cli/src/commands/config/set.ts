// `breakwater config set` and `unset`: one value changed, through the running gateway or in the file. Read-modify-write
// over the hash of what was read: an edit of somebody else in between is never overwritten, ours is tried again on top.

import { text as readAll } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConfigTools, type ConfigWarning, configTools } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'
import { type Session, toCommandError } from '../../target/connect.ts'
import { withOwnGateway } from '../../target/own-gateway.ts'
import { diskFailure, editRefused, wrongPath } from './config-failure.ts'
import { ConfigFile } from './config-file.ts'
import { getSnapshot, isOurs, type JsonRecord } from './read-config.ts'

type Change = { readonly kind: 'set'; readonly value: unknown } | { readonly kind: 'unset' }

interface Changed {
  readonly from: 'gateway' | 'file'
  readonly configPath: string
  readonly changedPaths: readonly string[]
  readonly warnings: readonly ConfigWarning[]
  /** It counts already; the gateway has to be started again for it; or no gateway was asked. */
  readonly effect: 'now' | 'restart' | 'next-start'
}

export async function configSet(context: CommandContext, path: string, typed: string): Promise<ExitCode> {
  const tools = await configTools()
  const text = typed === '-' ? (await readAll(process.stdin)).replace(/\r?\n$/, '') : typed
  const value = await tools.parseTypedValue(path, text)
  if (value === null) throw usageError('null is no value', `breakwater config unset ${path}`)
  return change(context, tools, path, { kind: 'set', value })
}

export const configUnset = async (context: CommandContext, path: string): Promise<ExitCode> =>
  change(context, await configTools(), path, { kind: 'unset' })

async function change(context: CommandContext, tools: ConfigTools, typedPath: string, edit: Change): Promise<ExitCode> {
  const segments = tools.parseKeyPath(typedPath) ?? []
  if (segments.length === 0) throw wrongPath(typedPath)
  const path = tools.formatKeyPath(segments)
  const changed = await withOwnGateway(
    context,
    { scopes: ['operator.admin'], inRemoteMode: 'local', isOfflineGoodEnough: true },
    (session) => changeThrough(session, context, tools, path, edit),
    (why) => {
      if (why !== undefined) context.output.note(`The gateway was not asked (${why.message}); the file is changed.`)
      return changeFile(context, path, edit)
    },
  )
  report(context, { tools, path, edit, changed })
  return EXIT.ok
}

/** A stale hash means that somebody else wrote in between; who collided takes turns by chance. */
const MAX_ATTEMPTS = 6
const MAX_TURN_MS = 250

async function changeThrough(
  session: Session,
  context: CommandContext,
  tools: ConfigTools,
  path: string,
  edit: Change,
): Promise<Changed> {
  for (let attempt = 1; ; attempt += 1) {
    const snapshot = await getSnapshot(session)
    if (!isOurs(context, snapshot)) return changeFile(context, path, edit)
    const { patch, replacePaths } = tools.diffPatch(snapshot.parsed, wantedConfig(tools, snapshot.parsed, path, edit))
    try {
      const answer = (await session.connection.call('config.patch', {
        raw: JSON.stringify(patch),
        ...(replacePaths.length === 0 ? {} : { replacePaths: [...replacePaths] }),
        ...(snapshot.exists ? { baseHash: snapshot.hash } : {}),
      })) as unknown as PatchAnswer
      return toChanged(answer)
    } catch (error) {
      const failure = toCommandError(error, session.target)
      const refusal = failure instanceof CommandError ? refusalOf(failure) : undefined
      if (refusal === undefined) throw failure
      if (refusal.reason !== 'base-hash-stale' || attempt === MAX_ATTEMPTS) throw editRefused(path, refusal, failure)
      await delay(Math.random() * MAX_TURN_MS)
    }
  }
}

interface PatchAnswer {
  readonly path: string
  readonly changedPaths?: readonly string[]
  readonly warnings?: readonly ConfigWarning[]
  readonly restart?: { readonly required: boolean; readonly paths: readonly string[] }
}

function toChanged({ path, changedPaths = [], warnings = [], restart }: PatchAnswer): Changed {
  const isWaiting = changedPaths.some((changed) => restart?.paths.includes(changed))
  return { from: 'gateway', configPath: path, changedPaths, warnings, effect: isWaiting ? 'restart' : 'now' }
}

function refusalOf({ failure: { details, message } }: CommandError) {
  const { reason, issues } = (details ?? {}) as { reason?: unknown; issues?: unknown }
  if (typeof reason !== 'string' || !Array.isArray(issues)) return undefined
  return { reason, message, issues }
}

function wantedConfig(tools: ConfigTools, parsed: JsonRecord, path: string, edit: Change): JsonRecord {
  const segments = tools.parseKeyPath(path) ?? []
  if (edit.kind === 'unset') return tools.unsetAt(parsed, segments) as JsonRecord
  const edited = tools.setAt(parsed, segments, edit.value)
  if (!edited.ok) throw editRefused(path, { reason: 'bad-edit', message: `${path}: ${edited.message}`, issues: [] })
  return edited.value as JsonRecord
}

async function changeFile({ env }: CommandContext, path: string, edit: Change): Promise<Changed> {
  try {
    const result = await new ConfigFile(env).edit({ ...edit, path })
    if (!result.ok) throw editRefused(path, result)
    const { load, changedPaths } = result
    return {
      from: 'file',
      configPath: load.configPath,
      changedPaths,
      warnings: load.warnings,
      effect: 'next-start',
    }
  } catch (error) {
    throw diskFailure(error, env) ?? error
  }
}

interface Reported {
  readonly tools: ConfigTools
  readonly path: string
  readonly edit: Change
  readonly changed: Changed
}

const EFFECTS: Readonly<Record<Changed['effect'], string>> = {
  now: 'The running gateway uses it already.',
  restart: 'It takes effect when the gateway is started again: breakwater gateway restart',
  'next-start': 'The next start of the gateway uses it; one that runs now notices by itself.',
}

function report({ output }: CommandContext, { tools, path, edit, changed }: Reported): void {
  const { configPath, changedPaths, warnings } = changed
  const isUnchanged = changedPaths.length === 0
  const isAbout = ({ path: at }: ConfigWarning): boolean => at === path || path.startsWith(`${at}.`)
  for (const warning of warnings.filter(isAbout)) output.note(`warning: ${tools.formatIssue(warning)}`)
  output.result({ ok: true, path, isUnchanged, ...changed }, () => {
    const what = edit.kind === 'set' ? 'is set' : 'is no longer set'
    return isUnchanged
      ? `${path} ${edit.kind === 'set' ? 'has that value already' : 'was not set'}; nothing was changed.\n`
      : `${path} ${what} in ${configPath}.\n${EFFECTS[changed.effect]}\n`
  })
}
