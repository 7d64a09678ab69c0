// Hides secrets in configuration that leaves the gateway, and puts them back when a client writes what it was shown.
// Declared leaves go by their `secret` flag. Keys nobody declared (misspelt ones, sections of other programs) go by
// name: better to hide too much, since everything hidden comes back on a write. Pure.

import { isJsonObject } from './json-value.ts'
import { childPath, getAt, type Segment } from './key-path.ts'
import { REDACTED } from './redacted.ts'
import { CONFIG_LEAVES } from './schema.ts'
import { isReference } from './substitute-env.ts'

const DECLARED: ReadonlyMap<string, boolean> = new Map(CONFIG_LEAVES.map(({ path, leaf }) => [path, leaf.secret]))

const SECRET_NAME =
  /token|secret|passw|passphrase|passcode|api[-_]?key|(private|signing|encryption|access)[-_]?key|credential|authori[sz]ation|cookie|bearer|webhook|\bdsn\b/i
/** Here a number is a secret too; elsewhere (`maxTokens`) it is an amount. */
const SECRET_NUMBER_NAME = /secret|passw|passphrase|passcode|^pin$/i
/** Containers whose members have names of somebody else's choosing. */
const SECRET_CONTAINER = /^(headers?|env|vars|environment)$/i
const URL_WITH_CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*@/i

interface RedactOptions {
  /** The value still holds `${NAME}` references, which give nothing away and stay. */
  readonly hasReferences: boolean
}

export function redact(root: unknown, { hasReferences }: RedactOptions): unknown {
  const visit = (value: unknown, path: string, verdict: Verdict): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, childPath(path, index), verdict))
    if (isJsonObject(value)) {
      if (verdict !== 'open' && isSecretReference(value)) return value
      const members = Object.entries(value).map(([key, member]): [string, unknown] => {
        const at = childPath(path, key)
        return [key, visit(member, at, judge(at, key, verdict))]
      })
      return Object.fromEntries(members)
    }
    if (hasReferences && typeof value === 'string' && isReference(value)) return value
    return isHidden(value, verdict) ? REDACTED : value
  }
  return visit(root, '', 'open')
}

/** `sealed`: every value is hidden. `guarded`: texts are. `plain`: nothing is. `open`: only what looks like a secret. */
type Verdict = 'sealed' | 'guarded' | 'plain' | 'open'

function judge(path: string, key: string, parent: Verdict): Verdict {
  const isSecret = DECLARED.get(path)
  if (isSecret !== undefined) return isSecret ? 'sealed' : 'plain'
  if (parent === 'sealed' || SECRET_NUMBER_NAME.test(key)) return 'sealed'
  if (parent === 'guarded' || SECRET_NAME.test(key) || SECRET_CONTAINER.test(key)) return 'guarded'
  return 'open'
}

function isHidden(value: unknown, verdict: Verdict): boolean {
  if (typeof value === 'string') {
    if (verdict === 'open') return URL_WITH_CREDENTIALS.test(value)
    return verdict !== 'plain' && value !== ''
  }
  return verdict === 'sealed' && typeof value === 'number'
}

/** `{ source: "file", id: "…" }` says where a secret is, not what it is. */
const isSecretReference = (value: Readonly<Record<string, unknown>>): boolean =>
  typeof value.source === 'string' && ['env', 'file', 'exec', 'store'].includes(value.source)

/** Every secret text in a value, longest first. */
export function secretTexts(root: unknown, options: RedactOptions): string[] {
  const texts = new Set<string>()
  const compare = (value: unknown, hidden: unknown): void => {
    if (hidden === REDACTED && value !== REDACTED) texts.add(String(value))
    else if (typeof value === 'object' && value !== null) {
      for (const [key, member] of Object.entries(value)) compare(member, (hidden as Record<string, unknown>)[key])
    }
  }
  compare(root, redact(root, options))
  return [...texts].sort((a, b) => b.length - a.length)
}

export type Restored = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly path: string }

/**
 * Replaces placeholders by the secrets they stand for. `stored` is the file as written. A secret that the file does not
 * hold but `effective` does (from an include, the environment, the command line) is left out, that is, left where it is.
 * A placeholder for which there is no secret at that very path is refused: a secret never moves to another key.
 */
export function restoreSecrets(next: unknown, stored: unknown, effective: unknown): Restored {
  const storedHidden = redact(stored, { hasReferences: false })
  const effectiveHidden = redact(effective, { hasReferences: false })
  let refusedPath: string | undefined

  const visit = (value: unknown, segments: readonly Segment[]): unknown => {
    if (value === REDACTED) return resolve(segments)
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...segments, index]))
    if (!isJsonObject(value)) return value
    const members = Object.entries(value).map(([key, member]) => [key, visit(member, [...segments, key])] as const)
    return Object.fromEntries(members.filter(([, member]) => member !== OMIT))
  }
  const resolve = (segments: readonly Segment[]): unknown => {
    const isAligned = isSameListLength(next, stored, segments)
    if (isAligned && getAt(storedHidden, segments) === REDACTED) return getAt(stored, segments)
    const isElsewhere = getAt(stored, segments) === undefined && getAt(effectiveHidden, segments) === REDACTED
    if (isElsewhere && typeof segments.at(-1) === 'string') return OMIT
    refusedPath ??= segments.reduce<string>(childPath, '')
    return REDACTED
  }
  const value = visit(next, [])
  return refusedPath === undefined ? { ok: true, value } : { ok: false, path: refusedPath }
}

const OMIT = Symbol('omit')

/** In a list that grew or shrank, an index no longer says which entry is meant. */
function isSameListLength(next: unknown, stored: unknown, segments: readonly Segment[]): boolean {
  return segments.every((segment, depth) => {
    if (typeof segment === 'string') return true
    const [ours, theirs] = [getAt(next, segments.slice(0, depth)), getAt(stored, segments.slice(0, depth))]
    return Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length
  })
}
