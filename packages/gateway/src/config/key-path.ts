// Paths into configuration as people write them: `a.b[0].c`, with `["odd key"]` where a key is not a plain word.
// Reading, setting and removing at a path never changes the given value; a new one comes back.

import { isForbiddenKey, isJsonObject } from './json-value.ts'

export type Segment = string | number

/** Longest path text and deepest path. */
const MAX_PATH_CHARS = 1_024
const MAX_PATH_SEGMENTS = 64

const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/
const TOKEN = /\.?([A-Za-z_$][\w$-]*)|\[(\d{1,6})\]|\[("(?:[^"\\]|\\.)*")\]/y

/** The segments of a path, or undefined when it is not one. The empty path is the whole value. */
export function parseKeyPath(path: string): Segment[] | undefined {
  if (path.length > MAX_PATH_CHARS || path.startsWith('.')) return undefined
  const segments: Segment[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < path.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(path)
    if (match === null || segments.length === MAX_PATH_SEGMENTS) return undefined
    const [token, word, index, quoted] = match
    // `ab` must not be read as `a.b`: a word needs its dot unless it opens the path.
    if (word !== undefined && at > 0 && !token.startsWith('.')) return undefined
    const segment = word ?? (index !== undefined ? Number(index) : parseQuoted(quoted))
    if (segment === undefined || (typeof segment === 'string' && isForbiddenKey(segment))) return undefined
    segments.push(segment)
  }
  return segments
}

function parseQuoted(quoted: string | undefined): string | undefined {
  try {
    return JSON.parse(quoted ?? '') as string
  } catch {
    return undefined // An escape JSON does not know: not a path.
  }
}

export function childPath(parent: string, segment: Segment): string {
  if (typeof segment === 'number') return `${parent}[${segment}]`
  if (!PLAIN_KEY.test(segment)) return `${parent}[${JSON.stringify(segment)}]`
  return parent === '' ? segment : `${parent}.${segment}`
}

export const formatKeyPath = (segments: readonly Segment[]): string => segments.reduce<string>(childPath, '')

/** The value at a path, or undefined when nothing is there. */
export function getAt(root: unknown, segments: readonly Segment[]): unknown {
  let value = root
  for (const segment of segments) {
    if (typeof segment === 'number' ? !Array.isArray(value) : !isJsonObject(value)) return undefined
    value = Object.hasOwn(value as object, segment) ? (value as Record<Segment, unknown>)[segment] : undefined
  }
  return value
}

export type PathEdit = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string }

/** Creates missing objects and lists on the way. An index may replace or append, never leave a gap. */
export function setAt(root: unknown, segments: readonly Segment[], value: unknown): PathEdit {
  const [segment, ...rest] = segments
  if (segment === undefined) return { ok: true, value }
  const container = root ?? (typeof segment === 'number' ? [] : {})
  const misfit = misfitOf(container, segment)
  if (misfit !== undefined) return { ok: false, message: misfit }
  const edited = setAt(getAt(container, [segment]), rest, value)
  if (!edited.ok) return edited
  return { ok: true, value: withMember(container, segment, edited.value) }
}

/** Removing what is not there is no error: the value comes back unchanged. */
export function unsetAt(root: unknown, segments: readonly Segment[]): unknown {
  const [segment, ...rest] = segments
  if (segment === undefined || getAt(root, segments) === undefined) return root
  if (rest.length > 0) return withMember(root, segment, unsetAt((root as Record<Segment, unknown>)[segment], rest))
  if (Array.isArray(root)) return root.filter((_, index) => index !== segment)
  return Object.fromEntries(Object.entries(root as object).filter(([key]) => key !== segment))
}

function misfitOf(container: unknown, segment: Segment): string | undefined {
  if (typeof segment === 'string') return isJsonObject(container) ? undefined : `"${segment}" needs an object to be in`
  if (!Array.isArray(container)) return `[${segment}] needs a list to be in`
  return segment <= container.length ? undefined : `[${segment}] is beyond the end of a list of ${container.length}`
}

function withMember(container: unknown, segment: Segment, member: unknown): unknown {
  if (!Array.isArray(container)) return { ...(container as object), [segment]: member }
  return container.toSpliced(segment as number, 1, member)
}
