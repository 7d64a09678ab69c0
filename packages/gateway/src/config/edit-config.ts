// What an edit makes of the configuration text: the new text and the paths that change, or why it cannot be done.
// Decides only; `write-config.ts` reads, validates and writes.

import { formatIssue } from './config-issue.ts'
import { isJsonObject, type JsonObject } from './json-value.ts'
import { formatKeyPath, getAt, parseKeyPath, type Segment, setAt, unsetAt } from './key-path.ts'
import { changedPaths, mergePatch } from './merge-patch.ts'
import { parseConfigText } from './parse-config-text.ts'
import { restoreSecrets } from './redact.ts'
import { formatConfig, rewriteConfigText } from './rewrite-config-text.ts'

/** Placeholders of secrets in `raw` and `value` stand for the secret that is already there. */
export type ConfigEdit =
  /** The whole file, as JSON5. */
  | { readonly kind: 'replace'; readonly raw: string }
  /** A JSON5 merge patch; lists that may lose entries are named in `replacePaths`. */
  | { readonly kind: 'patch'; readonly raw: string; readonly replacePaths?: readonly string[] }
  | { readonly kind: 'set'; readonly path: string; readonly value: unknown }
  | { readonly kind: 'unset'; readonly path: string }

/** The file before the edit, as a load reports it. */
export interface EditBase {
  readonly raw: string | null
  readonly parsed: JsonObject
  readonly isReadable: boolean
  readonly source: JsonObject
  /** With defaults and overrides too. */
  readonly effective: unknown
}

export type EditOutcome =
  | { readonly ok: true; readonly text: string; readonly changedPaths: readonly string[] }
  | { readonly ok: false; readonly path: string; readonly message: string }

export async function editConfig(base: EditBase, edit: ConfigEdit): Promise<EditOutcome> {
  if (edit.kind === 'replace') return replaceAll(base, edit.raw)
  if (!base.isReadable) return refuse('', 'the configuration file cannot be read; repair it or replace it as a whole')
  const wanted = edit.kind === 'patch' ? await patched(base, edit) : atPath(base, edit)
  if (!wanted.ok) return wanted
  const restored = restoreSecrets(wanted.value, base.parsed, base.effective)
  if (!restored.ok) return noSecret(restored.path)
  const text =
    base.raw === null ? formatConfig(restored.value) : await rewriteConfigText(base.raw, base.parsed, restored.value)
  return { ok: true, text, changedPaths: changedPaths(base.parsed, restored.value) }
}

async function replaceAll(base: EditBase, raw: string): Promise<EditOutcome> {
  const parsed = await parseObject(raw)
  if (!parsed.ok) return parsed
  const restored = restoreSecrets(parsed.value, base.parsed, base.effective)
  if (!restored.ok) return noSecret(restored.path)
  const text = await rewriteConfigText(raw, parsed.value, restored.value)
  return { ok: true, text, changedPaths: changedPaths(base.parsed, restored.value) }
}

type Wanted = { readonly ok: true; readonly value: JsonObject } | (EditOutcome & { readonly ok: false })

async function patched(base: EditBase, { raw, replacePaths }: ConfigEdit & { kind: 'patch' }): Promise<Wanted> {
  const patch = await parseObject(raw)
  if (!patch.ok) return patch
  for (const segments of deletions(patch.value)) {
    const problem = includedElsewhere(base, segments)
    if (problem !== undefined) return problem
  }
  const result = mergePatch(base.parsed, patch.value, replacePaths)
  if (result.ok) return result
  const { path, removedCount } = result
  return refuse(path, `the patch drops ${removedCount} entries of this list; name it in replacePaths if that is meant`)
}

function atPath(base: EditBase, edit: ConfigEdit & { kind: 'set' | 'unset' }): Wanted {
  const segments = parseKeyPath(edit.path)
  if (segments === undefined || segments.length === 0) return refuse(edit.path, 'not a path like a.b[0].c')
  if (edit.kind === 'unset') {
    return includedElsewhere(base, segments) ?? { ok: true, value: unsetAt(base.parsed, segments) as JsonObject }
  }
  const edited = setAt(base.parsed, segments, edit.value)
  return edited.ok ? { ok: true, value: edited.value as JsonObject } : refuse(edit.path, edited.message)
}

/** What an included file sets cannot be removed from this one. */
function includedElsewhere({ parsed, source }: EditBase, segments: readonly Segment[]): Wanted | undefined {
  if (getAt(parsed, segments) !== undefined || getAt(source, segments) === undefined) return undefined
  return refuse(formatKeyPath(segments), 'is set by an included file; remove it there')
}

function* deletions(patch: JsonObject, above: readonly Segment[] = []): Generator<readonly Segment[]> {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) yield [...above, key]
    else if (isJsonObject(value)) yield* deletions(value, [...above, key])
  }
}

async function parseObject(raw: string): Promise<Wanted> {
  const parsed = await parseConfigText(raw)
  if (!parsed.ok) return refuse(parsed.issue.path, formatIssue({ ...parsed.issue, path: '' }))
  return isJsonObject(parsed.value) ? { ok: true, value: parsed.value } : refuse('', 'expected an object')
}

const noSecret = (path: string) =>
  refuse(path, 'holds the placeholder of a hidden value, and there is none at this place')

const refuse = (path: string, message: string) => ({ ok: false as const, path, message })
