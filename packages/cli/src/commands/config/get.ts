// `breakwater config get`: one value, or everything, as it is in effect.

import { stat } from 'node:fs/promises'
import { type ConfigTools, configTools, resolveConfigPaths } from '@breakwater/gateway/local'
import type { CommandContext } from '../../command-context.ts'
import { EXIT, type ExitCode } from '../../exit-codes.ts'
import { CommandError, usageError } from '../../failure.ts'
import { toJson } from '../../output/output.ts'
import { unknownPath, wrongPath } from './config-failure.ts'
import { type ConfigView, readConfig } from './read-config.ts'

export interface ConfigGetFlags {
  readonly showSecrets?: boolean
}

export async function configGet(
  context: CommandContext,
  path: string | undefined,
  { showSecrets = false }: ConfigGetFlags,
): Promise<ExitCode> {
  if (showSecrets) await assertOwner(context)
  const tools = await configTools()
  if (path !== undefined && (tools.parseKeyPath(path) ?? []).length === 0) throw wrongPath(path)
  const view = await readConfig(context, { isRevealed: showSecrets })
  remark(context, view)
  if (path === undefined) {
    const { from, configPath, exists, valid, issues, warnings, source, pendingRestart } = view
    const value = view.effective ?? source
    const facts = { configPath, from, exists, valid, issues, warnings, pendingRestart, config: value }
    context.output.result(facts, () => toJson(value))
    return EXIT.ok
  }
  showValue(context, { tools, view, path })
  return EXIT.ok
}

interface Shown {
  readonly tools: ConfigTools
  readonly view: ConfigView
  readonly path: string
}

function showValue({ output }: CommandContext, { tools, view, path }: Shown): void {
  const { getAt, parseKeyPath, formatKeyPath, REDACTED } = tools
  const segments = parseKeyPath(path) ?? []
  const written = getAt(view.source, segments)
  // Keys this gateway does not read are in the file only.
  const value = (view.effective === undefined ? undefined : getAt(view.effective, segments)) ?? written
  const leafPath = formatKeyPath(segments)
  if (value === undefined && tools.lookupConfigSchema(leafPath) === undefined) throw unknownPath(tools, leafPath)
  if (value === undefined) output.note(`${leafPath} is not set.`)
  if (value === REDACTED) output.note('Hidden; --show-secrets reads it from the file, for its owner.')
  const isPending = view.pendingRestart.some((pending) => pending === leafPath || pending.startsWith(`${leafPath}.`))
  if (isPending) output.note(`The file says ${JSON.stringify(written)}; the next start uses it.`)
  const { from, configPath } = view
  output.result(
    { path: leafPath, value: value ?? null, isSet: written !== undefined, isPending, from, configPath },
    () => (value === undefined ? '' : typeof value === 'string' ? `${value}\n` : toJson(value)),
  )
}

function remark({ output }: CommandContext, { configPath, exists, valid, from }: ConfigView): void {
  if (!exists) output.note(`${configPath} does not exist; these are the built-in defaults.`)
  else if (!valid) {
    const used = from === 'gateway' ? 'the gateway goes on with the last good one' : 'this is what the file says'
    output.note(`${configPath} cannot be used, so ${used}. All that is wrong: breakwater config validate`)
  }
}

/** Whoever may read the file could read the secrets anyway; another user of this machine gets no help with it. */
async function assertOwner({ env, flags }: CommandContext): Promise<void> {
  if (flags.url !== undefined) {
    throw usageError('--show-secrets reads the file of this machine; no gateway tells its secrets', 'Leave --url out.')
  }
  const { configPath } = resolveConfigPaths({ env })
  const info = await stat(configPath).catch(() => undefined)
  if (info === undefined || process.getuid === undefined || info.uid === process.getuid()) return
  throw new CommandError({
    code: 'NOT_THE_OWNER',
    message: `${configPath} belongs to another user, who alone is shown its secrets`,
    exitCode: EXIT.refused,
    nextStep: `Run this as the owner of ${configPath}.`,
  })
}
