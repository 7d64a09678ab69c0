// Text to plain data: strict JSON when it is that, JSON5 otherwise, within bounds that keep every later walk cheap.
// The JSON5 parser is imported when the first text needs it; most starts never do.

import type { ConfigIssue } from './config-issue.ts'
import { isForbiddenKey } from './json-value.ts'
import { childPath } from './key-path.ts'

/** Nesting of objects and lists; every walk over configuration is recursive and relies on it. */
export const MAX_CONFIG_DEPTH = 64
/** Values in one file, containers included. */
export const MAX_CONFIG_VALUES = 100_000

export type ParsedText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issue: Pick<ConfigIssue, 'path' | 'message'> }

export async function parseConfigText(text: string): Promise<ParsedText> {
  let value: unknown
  try {
    value = await parseAny(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return { ok: false, issue: { path: '', message: describeSyntaxError(error) } }
  }
  const problem = findShapeProblem(value)
  return problem === undefined ? { ok: true, value } : { ok: false, issue: problem }
}

async function parseAny(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON; JSON5 either understands it or explains what is wrong with it.
    const { default: json5 } = await import('json5')
    return json5.parse(text)
  }
}

/** The parser names the character and its place; nothing else of the text, which may hold secrets. */
function describeSyntaxError(error: unknown): string {
  const { message, lineNumber, columnNumber } = error as Error & { lineNumber?: number; columnNumber?: number }
  const what = message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '')
  const place = lineNumber === undefined ? '' : ` at line ${lineNumber}, column ${columnNumber}`
  return `not valid JSON5: ${what}${place}`
}

interface ShapeProblem {
  readonly path: string
  readonly message: string
}

/** The first thing about a parsed value that configuration cannot hold, or undefined. */
function findShapeProblem(root: unknown): ShapeProblem | undefined {
  let valueCount = 0
  const visit = (value: unknown, path: string, depth: number): ShapeProblem | undefined => {
    valueCount += 1
    if (valueCount > MAX_CONFIG_VALUES) return { path, message: `more than ${MAX_CONFIG_VALUES} values` }
    if (typeof value === 'number' && !Number.isFinite(value))
      return { path, message: `${value} is not a finite number` }
    if (typeof value !== 'object' || value === null) return undefined
    if (depth >= MAX_CONFIG_DEPTH) return { path, message: `nested deeper than ${MAX_CONFIG_DEPTH} levels` }
    const isList = Array.isArray(value)
    for (const [key, child] of Object.entries(value)) {
      const at = childPath(path, isList ? Number(key) : key)
      const problem = isForbiddenKey(key)
        ? { path: at, message: 'this key is not allowed' }
        : visit(child, at, depth + 1)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  return visit(root, '', 0)
}
