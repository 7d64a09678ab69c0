// Changes the configuration file: guard against lost updates, edit, validate, replace atomically. Nothing is written
// unless the result is valid. Callers serialise their writes; two processes are kept apart by `baseHash` only.

import { type ConfigIssue, formatIssue } from './config-issue.ts'
import { type ConfigEdit, editConfig } from './edit-config.ts'
import type { LoadOptions, LoadResult, ValidLoad } from './load-config.ts'
import { MAX_CONFIG_FILE_BYTES } from './read-text-file.ts'

export interface WriteComponents {
  /** Loads the file, or judges `rootText` in its place. */
  readonly load: (options?: Pick<LoadOptions, 'rootText'>) => Promise<LoadResult>
  readonly write: (path: string, text: string) => Promise<void>
}

export interface WriteOptions {
  /** The `hash` the caller's edit is based on. */
  readonly baseHash?: string
  /** An existing file may only be changed by who names its hash. */
  readonly isBaseHashRequired?: boolean
  /** Stands in for the effective configuration while the file itself is invalid. */
  readonly effective?: unknown
}

export type WriteResult =
  | {
      readonly ok: true
      readonly load: ValidLoad
      readonly changedPaths: readonly string[]
      readonly isUnchanged: boolean
    }
  | {
      readonly ok: false
      readonly reason: 'base-hash-required' | 'base-hash-stale' | 'bad-edit' | 'invalid-config'
      readonly message: string
      readonly issues: readonly ConfigIssue[]
      /** The file as it is now. */
      readonly load: LoadResult
    }

export async function writeConfig(
  { load, write }: WriteComponents,
  edit: ConfigEdit,
  options: WriteOptions = {},
): Promise<WriteResult> {
  const before = await load()
  const stale = checkBaseHash(before, options)
  if (stale !== undefined) return stale
  const edited = await editConfig({ ...before, effective: before.config ?? options.effective }, edit)
  if (!edited.ok) {
    const issue = { path: edited.path, message: edited.message }
    return { ok: false, reason: 'bad-edit', message: formatIssue(issue), issues: [issue], load: before }
  }
  const after = await judge(load, edited.text)
  if (!after.valid) {
    const message = `invalid config: ${after.issues.map(formatIssue).join('; ')}`
    return { ok: false, reason: 'invalid-config', message, issues: after.issues, load: before }
  }
  const isUnchanged = edited.text === before.raw
  if (!isUnchanged) await write(before.configPath, edited.text)
  return { ok: true, load: after, changedPaths: edited.changedPaths, isUnchanged }
}

function checkBaseHash(load: LoadResult, { baseHash, isBaseHashRequired }: WriteOptions): WriteResult | undefined {
  const refuse = (reason: 'base-hash-required' | 'base-hash-stale', message: string): WriteResult => ({
    ok: false,
    reason,
    message: `${message}; re-run config.get and retry`,
    issues: [],
    load,
  })
  if (baseHash === undefined) {
    return isBaseHashRequired === true && load.exists
      ? refuse('base-hash-required', 'config base hash required')
      : undefined
  }
  return baseHash === load.hash ? undefined : refuse('base-hash-stale', 'config changed since last load')
}

async function judge(load: WriteComponents['load'], text: string): Promise<LoadResult> {
  const after = await load({ rootText: text })
  if (Buffer.byteLength(text) <= MAX_CONFIG_FILE_BYTES || !after.valid) return after
  // What is written must be readable again.
  const issues = [{ path: '', message: `larger than ${MAX_CONFIG_FILE_BYTES} bytes` }]
  return { ...after, valid: false, config: undefined, issues }
}
