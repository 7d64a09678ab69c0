// Operator scopes and what each implies (protocol notes section 5). Pure set arithmetic, no knowledge of methods.

/** Every scope of the wire. Unknown scope strings are legal on the wire, and grant nothing. */
export const SCOPES = [
  'operator.read',
  'operator.write',
  'operator.admin',
  'operator.approvals',
  'operator.pairing',
  'operator.questions',
  'operator.talk',
  'operator.talk.secrets',
  'operator.sessions.read',
  'operator.sessions.write',
] as const
export type Scope = (typeof SCOPES)[number]

const IMPLIED: Readonly<Record<Scope, readonly Scope[]>> = {
  'operator.admin': SCOPES,
  'operator.write': ['operator.read', 'operator.talk', 'operator.sessions.read', 'operator.sessions.write'],
  'operator.read': ['operator.sessions.read'],
  'operator.sessions.write': ['operator.sessions.read'],
  'operator.sessions.read': [],
  'operator.approvals': [],
  'operator.pairing': [],
  'operator.questions': [],
  'operator.talk': [],
  'operator.talk.secrets': [],
}

export const isScope = (value: string): value is Scope => Object.hasOwn(IMPLIED, value)

/** Lists that were expanded lately: connections of one kind ask for the same one. */
const EXPANDED = new Map<string, ReadonlySet<string>>()
const MAX_EXPANDED = 64
/** Longer lists are a stranger's; remembering them would only push out the others. */
const MAX_REMEMBERED_SCOPES = 16

/**
 * The given scopes and everything they imply. Unknown strings are kept: they compare by identity only. The set may be
 * shared with other callers.
 */
export function expandScopes(scopes: Iterable<string>): ReadonlySet<string> {
  if (!Array.isArray(scopes) || scopes.length > MAX_REMEMBERED_SCOPES) return expand(scopes)
  // As JSON, because a scope may hold any character: no two lists share a name.
  const name = JSON.stringify(scopes)
  const known = EXPANDED.get(name)
  if (known !== undefined) return known
  const expanded = expand(scopes)
  if (EXPANDED.size >= MAX_EXPANDED) EXPANDED.delete(EXPANDED.keys().next().value ?? '')
  EXPANDED.set(name, expanded)
  return expanded
}

function expand(scopes: Iterable<string>): ReadonlySet<string> {
  const expanded = new Set<string>()
  for (const scope of scopes) {
    expanded.add(scope)
    if (isScope(scope)) for (const implied of IMPLIED[scope]) expanded.add(implied)
  }
  return expanded
}

/**
 * True when `granted` covers every scope of `requested`. `operator.admin` covers any string that starts with
 * `operator.`, including scopes that later protocol versions may add.
 */
export function coversScopes(granted: readonly string[], requested: Iterable<string>): boolean {
  let expanded: ReadonlySet<string> | undefined
  for (const scope of requested) {
    // Mostly the very same scopes are asked for again; then nothing has to be worked out.
    if (granted.includes(scope)) continue
    expanded ??= expandScopes(granted)
    if (expanded.has(scope)) continue
    if (!(expanded.has('operator.admin') && scope.startsWith('operator.'))) return false
  }
  return true
}

/** What both sides allow: every scope of either that the other covers. */
export const meetScopes = (one: readonly string[], other: readonly string[]): string[] =>
  unionScopes(
    one.filter((scope) => coversScopes(other, [scope])),
    other.filter((scope) => coversScopes(one, [scope])),
  )

/** The union in first-seen order, without duplicates. */
export const unionScopes = (...lists: readonly (readonly string[])[]): string[] => [...new Set(lists.flat())]
