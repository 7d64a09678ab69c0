// Records are shared by reference between the store and everyone who reads it; freezing makes that safe.

/** Freezes a tree of plain JSON in place and returns it. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) freezeDeep(member)
  return Object.freeze(value)
}
