// Plain data to a complete, typed, frozen configuration: checks every leaf, fills in defaults, applies overrides.
// Pure. Everything wrong is reported at once; unknown keys only warn.

import { type ConfigIssue, type ConfigWarning, describeValue } from './config-issue.ts'
import { deepFreeze, isJsonObject } from './json-value.ts'
import { childPath } from './key-path.ts'
import { describeType, type Leaf, type Section, type ValueType } from './leaf.ts'
import { nearestKey } from './nearest-key.ts'
import type { PathContext } from './paths.ts'
import { REDACTED } from './redacted.ts'
import { CONFIG_LEAVES, CONFIG_SCHEMA, type ResolvedConfig, SILENT_KEYS, UNREAD_SECTIONS } from './schema.ts'

/** Unknown keys named one by one; the rest is counted. */
export const MAX_UNKNOWN_KEY_WARNINGS = 50

/** A value that takes precedence over the file's, from the command line or the environment. */
export interface ConfigOverride {
  readonly path: string
  readonly value: unknown
  /** Shown to the person: `--port`, `BREAKWATER_HANDSHAKE_TIMEOUT_MS`. */
  readonly origin: string
}

export interface ResolveContext extends PathContext {
  readonly overrides: readonly ConfigOverride[]
  /** Paths whose whole text came from an environment variable: `"8080"` may then stand for a number. */
  readonly fromEnvironment: ReadonlySet<string>
}

export interface Resolution {
  /** Meaningless while there are issues. */
  readonly config: ResolvedConfig
  readonly issues: readonly ConfigIssue[]
  readonly warnings: readonly ConfigWarning[]
}

export function resolveConfig(source: unknown, context: ResolveContext): Resolution {
  const resolver = new Resolver(context)
  const config = resolver.section(CONFIG_SCHEMA, source, '')
  resolver.reportStrayOverrides()
  return { config: deepFreeze(config) as ResolvedConfig, issues: resolver.issues, warnings: resolver.warnings() }
}

class Resolver {
  readonly issues: ConfigIssue[] = []
  readonly #warnings: ConfigWarning[] = []
  readonly #context: ResolveContext
  #unknownKeyCount = 0

  constructor(context: ResolveContext) {
    this.#context = context
  }

  section({ children }: Section, value: unknown, path: string): Record<string, unknown> {
    if (value !== undefined && !isJsonObject(value)) this.#refuse(path, 'an object', describeValue(value))
    const given = isJsonObject(value) ? value : {}
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(children, key)) this.#warnUnknown(key, path, Object.keys(children))
    }
    const entries = Object.entries(children).map(([key, child]): [string, unknown] => {
      const at = childPath(path, key)
      const member = Object.hasOwn(given, key) ? given[key] : undefined
      return [key, child.kind === 'section' ? this.section(child, member, at) : this.#leaf(child, member, at)]
    })
    return Object.fromEntries(entries)
  }

  warnings(): ConfigWarning[] {
    const unnamed = this.#unknownKeyCount - MAX_UNKNOWN_KEY_WARNINGS
    return unnamed <= 0 ? this.#warnings : [...this.#warnings, { path: '', message: `${unnamed} more unknown keys` }]
  }

  /** An override nobody reads is a mistake of the caller, not of the file. */
  reportStrayOverrides(): void {
    for (const { path, origin } of this.#context.overrides) {
      if (!CONFIG_LEAVES.some((entry) => entry.path === path))
        this.#refuse(path, 'a configuration key', 'an unknown one', origin)
    }
  }

  #leaf(leaf: Leaf, value: unknown, path: string): unknown {
    const given = this.#context.fromEnvironment.has(path) ? fromText(leaf.type, value) : value
    const resolved = given === undefined ? leaf.default : this.#check(leaf, given, path)
    const override = this.#context.overrides.findLast((entry) => entry.path === path)
    if (override === undefined) return resolved
    return this.#check(leaf, fromText(leaf.type, override.value), path, override.origin)
  }

  #check(leaf: Leaf, value: unknown, path: string, origin?: string): unknown {
    const checked = checkValue(leaf.type, value, path, this.#context)
    if (checked.ok) return checked.value
    this.#refuse(checked.path, checked.expected, describeValue(checked.received, leaf.secret), origin)
    return leaf.default
  }

  #refuse(path: string, expected: string, received: string, origin?: string): void {
    const from = origin === undefined ? '' : ` from ${origin}`
    this.issues.push({ path, message: `expected ${expected}, got ${received}${from}`, expected, received })
  }

  #warnUnknown(key: string, parent: string, siblings: readonly string[]): void {
    const path = childPath(parent, key)
    if (parent === '' && SILENT_KEYS.has(key)) return
    if (parent === '' && UNREAD_SECTIONS.has(key)) {
      this.#warnings.push({ path, message: 'this gateway does not read this section; it is kept as it is' })
      return
    }
    this.#unknownKeyCount += 1
    if (this.#unknownKeyCount > MAX_UNKNOWN_KEY_WARNINGS) return
    const meant = nearestKey(
      key,
      siblings.map((sibling) => childPath(parent, sibling)),
      CONFIG_LEAVES.map((entry) => entry.path),
    )
    const nextStep = meant === undefined ? {} : { nextStep: `did you mean ${meant}?` }
    this.#warnings.push({ path, message: 'unknown key, ignored', ...nextStep })
  }
}

type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: string; readonly expected: string; readonly received: unknown }

function checkValue(type: ValueType, value: unknown, path: string, context: PathContext): Checked {
  const refuse: Checked = { ok: false, path, expected: describeType(type), received: value }
  // The placeholder of redacted output is never a value: somebody wrote back what they were shown.
  if (value === REDACTED) return { ...refuse, expected: `${describeType(type)}, not the placeholder of a hidden one` }
  switch (type.name) {
    case 'boolean':
      return typeof value === 'boolean' ? { ok: true, value } : refuse
    case 'integer':
      return Number.isInteger(value) && (value as number) >= type.min && (value as number) <= type.max
        ? { ok: true, value }
        : refuse
    case 'choice':
      if (typeof value !== 'string') return refuse
      return type.values.includes(value) ? { ok: true, value } : parsed(type.otherwise?.parse(value, context), refuse)
    case 'text':
      return typeof value === 'string' ? parsed(type.format.parse(value, context), refuse) : refuse
    case 'list':
      return checkList(type, value, path, context)
  }
}

const parsed = (value: string | undefined, refuse: Checked): Checked =>
  value === undefined ? refuse : { ok: true, value }

function checkList(type: ValueType & { name: 'list' }, value: unknown, path: string, context: PathContext): Checked {
  if (!Array.isArray(value)) return { ok: false, path, expected: describeType(type), received: value }
  if (value.length > type.maxItems) {
    return { ok: false, path, expected: `a list of at most ${type.maxItems} entries`, received: value }
  }
  const items: string[] = []
  for (const [index, item] of value.entries()) {
    const text = typeof item === 'string' ? type.format.parse(item, context) : undefined
    if (text === undefined) {
      return { ok: false, path: childPath(path, index), expected: type.format.expected, received: item }
    }
    items.push(text)
  }
  return { ok: true, value: items }
}

/** Environment variables and options are text; numbers and booleans are read from it, anything else stays. */
function fromText(type: ValueType, value: unknown): unknown {
  if (typeof value !== 'string') return value
  const text = value.trim()
  if (type.name === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  if (type.name === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return value
}
