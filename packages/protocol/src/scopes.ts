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

/** The given scopes and everything they imply. Unknown strings are kept: they compare by identity only. */
export function expandScopes(scopes: Iterable<string>): ReadonlySet<string> {
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
export function coversScopes(granted: Iterable<string>, requested: Iterable<string>): boolean {
  const expanded = expandScopes(granted)
  const isAdmin = expanded.has('operator.admin')
  for (const scope of requested) {
    if (expanded.has(scope)) continue
    if (!(isAdmin && scope.startsWith('operator.'))) return false
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
