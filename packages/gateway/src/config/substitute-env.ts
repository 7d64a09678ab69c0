// Replaces `${NAME}` in strings by environment variables; `$${NAME}` is how one writes `${NAME}` itself. Pure.
// Names are upper case, as in the ecosystem: `${name}` is ordinary text. Keys are never touched.

import { childPath } from './key-path.ts'
import type { Environment } from './paths.ts'

/** Characters that substitution may add in all; far above any honest use, far below what would exhaust memory. */
export const MAX_SUBSTITUTED_CHARS = 1_048_576

const REFERENCE = /\$(\$?)\{([A-Z_][A-Z0-9_]*)\}/g
const WHOLE_REFERENCE = /^\$\{[A-Z_][A-Z0-9_]*\}$/

/** Whether a text is one reference and nothing else: naming a variable gives its secret away to nobody. */
export const isReference = (text: string): boolean => WHOLE_REFERENCE.test(text)

export interface Substitution {
  readonly value: unknown
  /** References to variables that are unset or empty; an empty secret would be worse than none. */
  readonly missing: readonly { readonly path: string; readonly name: string }[]
  /** Paths whose whole text was one reference. */
  readonly fromEnvironment: ReadonlySet<string>
  readonly isTooLong: boolean
}

export function substituteEnv(root: unknown, env: Environment): Substitution {
  const missing: { path: string; name: string }[] = []
  const fromEnvironment = new Set<string>()
  let substitutedChars = 0

  const replace = (text: string, path: string): string => {
    if (!text.includes('${')) return text
    if (WHOLE_REFERENCE.test(text)) fromEnvironment.add(path)
    return text.replace(REFERENCE, (reference: string, dollar: string, name: string) => {
      if (dollar !== '') return reference.slice(1)
      const value = env[name] ?? ''
      if (value === '') missing.push({ path, name })
      substitutedChars += value.length
      return substitutedChars > MAX_SUBSTITUTED_CHARS ? '' : value
    })
  }
  const visit = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') return replace(value, path)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((item, index) => visit(item, childPath(path, index)))
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child, childPath(path, key))]))
  }
  const value = visit(root, '')
  return { value, missing, fromEnvironment, isTooLong: substitutedChars > MAX_SUBSTITUTED_CHARS }
}
