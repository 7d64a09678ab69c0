// The merge patch that turns one configuration into another: the counterpart of merge-patch.ts for who has seen both. Pure.

import { isJsonObject, isSameJson, type JsonObject } from './json-value.ts'
import { childPath } from './key-path.ts'

export interface DiffPatch {
  readonly patch: JsonObject
  /** Lists that are replaced, and so may lose entries. */
  readonly replacePaths: readonly string[]
}

/** An empty patch when nothing differs. `after` must not hold null where `before` does not: a patch cannot say it. */
export function diffPatch(before: JsonObject, after: JsonObject): DiffPatch {
  const replacePaths: string[] = []
  const diff = (from: JsonObject, to: JsonObject, path: string): JsonObject => {
    const patch: Record<string, unknown> = {}
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      const [was, is] = [from[key], to[key]]
      if (isSameJson(was, is)) continue
      const at = childPath(path, key)
      if (Array.isArray(was)) replacePaths.push(at)
      if (is === undefined) patch[key] = null
      else patch[key] = isJsonObject(was) && isJsonObject(is) ? diff(was, is, at) : is
    }
    return patch
  }
  return { patch: diff(before, after, ''), replacePaths }
}
