// From what the official command line printed to fields that can be compared: documents are flattened to paths, texts are
// read with named patterns, and what differs from run to run is masked by named rules. Pure.

/** Path or name of a field → its value, masked. */
export type Fields = Readonly<Record<string, string | number | boolean | null>>

export interface MaskRule {
  readonly name: string
  /** Fields the rule is for; all of them without it. */
  readonly path?: RegExp
  /** Masks a whole value of this type; a value of another type stays and so is a difference. */
  readonly whole?: 'number' | 'string' | 'boolean' | 'nullable'
  /** Masks parts of texts. */
  readonly part?: RegExp
}

/** Every leaf of a document under its path; an empty list or object is a leaf. */
export function flatten(document: unknown): Fields {
  const fields: Record<string, string | number | boolean | null> = {}
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) {
      fields[path] = value as string | number | boolean | null
      return
    }
    const entries: [string, unknown][] = Array.isArray(value)
      ? value.map((item, index) => [`${path}[${index}]`, item])
      : Object.entries(value).map(([name, item]) => [path === '' ? name : `${path}.${name}`, item])
    if (entries.length === 0) fields[path] = Array.isArray(value) ? '[]' : '{}'
    for (const [name, item] of entries) walk(item, name)
  }
  walk(document, '')
  return fields
}

/** What each pattern's first group finds in the text; null where it finds nothing. */
export function readText(text: string, patterns: Readonly<Record<string, RegExp>>): Fields {
  return Object.fromEntries(
    Object.entries(patterns).map(([name, pattern]) => [name, pattern.exec(text)?.[1]?.trim() ?? null]),
  )
}

/** The fields whose path fits `keep` and does not fit `drop`. */
export function select(fields: Fields, { keep, drop }: { readonly keep?: RegExp; readonly drop?: RegExp }): Fields {
  const wanted = Object.entries(fields).filter(
    ([path]) => (keep === undefined || keep.test(path)) && (drop === undefined || !drop.test(path)),
  )
  return Object.fromEntries(wanted)
}

export function mask(fields: Fields, rules: readonly MaskRule[]): Fields {
  return Object.fromEntries(Object.entries(fields).map(([path, value]) => [path, maskValue(path, value, rules)]))
}

function maskValue(path: string, value: Fields[string], rules: readonly MaskRule[]): Fields[string] {
  let masked: Fields[string] = value
  for (const { name, path: place, whole, part } of rules) {
    if (place !== undefined && !place.test(path)) continue
    if (whole !== undefined && isOf(whole, masked)) return `<${name}>`
    if (part !== undefined && typeof masked === 'string') masked = masked.replace(part, `<${name}>`)
  }
  return masked
}

const isOf = (type: NonNullable<MaskRule['whole']>, value: unknown): boolean =>
  type === 'nullable' ? value === null || typeof value === 'number' : typeof value === type

/** Words that a program prints when it was given less than it relies on. */
const NONSENSE = /\bundefined\b|NaN|\[object Object\]|Invalid Date/

/** Lines that say nothing; there must be none. */
export const nonsenseLines = (text: string): string[] => text.split('\n').filter((line) => NONSENSE.test(line))

/** The differences between two sets of fields, a line each. */
export function differences(golden: Fields, seen: Fields): string[] {
  const paths = [...new Set([...Object.keys(golden), ...Object.keys(seen)])]
  return paths
    .filter((path) => !Object.is(golden[path], seen[path]))
    .map((path) => `${path}: golden ${shown(golden[path])}, printed ${shown(seen[path])}`)
}

const shown = (value: Fields[string] | undefined): string => (value === undefined ? 'nothing' : JSON.stringify(value))
