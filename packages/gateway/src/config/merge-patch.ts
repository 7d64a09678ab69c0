// Merge patches over configuration (RFC 7396, with a guard): objects merge, null deletes, everything else replaces.
// A patch that would drop entries of a list must name the list: whoever sends three of five entries has usually
// forgotten two. Pure.

import { isJsonObject, isSameJson, type JsonObject } from './json-value.ts'
import { childPath } from './key-path.ts'

export type Patched =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly path: string; readonly removedCount: number }

/** `replacePaths` are the lists that may lose entries. */
export function mergePatch(target: JsonObject, patch: JsonObject, replacePaths: readonly string[] = []): Patched {
  const allowed = new Set(replacePaths)
  let refused: { path: string; removedCount: number } | undefined

  const merge = (current: unknown, change: unknown, path: string): unknown => {
    if (isJsonObject(change))
      return mergeObject(isJsonObject(current) ? current : replaced(current, [], path), change, path)
    return replaced(current, change, path)
  }
  const mergeObject = (current: unknown, change: JsonObject, path: string): JsonObject => {
    const merged: Record<string, unknown> = isJsonObject(current) ? { ...current } : {}
    for (const [key, value] of Object.entries(change)) {
      if (value === null) delete merged[key]
      else merged[key] = merge(Object.hasOwn(merged, key) ? merged[key] : undefined, value, childPath(path, key))
    }
    return merged
  }
  /** What takes the place of `current`, after a look at what gets lost. */
  const replaced = (current: unknown, change: unknown, path: string): unknown => {
    const removedCount = Array.isArray(current) ? countRemoved(current, Array.isArray(change) ? change : []) : 0
    if (removedCount > 0 && !allowed.has(path)) refused ??= { path, removedCount }
    return change
  }
  const value = mergeObject(target, patch, '')
  return refused === undefined ? { ok: true, value } : { ok: false, ...refused }
}

/** Entries of the old list without an equal of their own in the new one. */
function countRemoved(current: readonly unknown[], next: readonly unknown[]): number {
  const left = [...next]
  return current.filter((item) => {
    const index = left.findIndex((candidate) => isSameJson(candidate, item))
    if (index >= 0) left.splice(index, 1)
    return index < 0
  }).length
}

/** Paths at which two values differ: members of objects one by one, lists and everything else as a whole. */
export function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (isSameJson(before, after)) return []
  if (!isJsonObject(before) || !isJsonObject(after)) return [path]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => changedPaths(before[key], after[key], childPath(path, key)))
}
