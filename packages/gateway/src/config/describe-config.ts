// The configuration schema as rows for the reference page and as JSON Schema with hints for clients.
// Everything is derived from the table; nothing here is needed to run a gateway.

import {
  describeType,
  type Leaf,
  leavesOf,
  type Reload,
  type SchemaNode,
  type Section,
  type ValueType,
} from './leaf.ts'
import { CONFIG_SCHEMA } from './schema.ts'

export interface ConfigRow {
  readonly path: string
  /** In words: `an integer from 0 to 65535`. */
  readonly type: string
  /** As JSON; `unset` when there is none. */
  readonly default: string
  readonly reload: Reload
  readonly owner: string
  readonly secret: boolean
  readonly env: string | undefined
  readonly description: string
}

/** One row per leaf, in table order. */
export const describeConfig = (): ConfigRow[] =>
  leavesOf(CONFIG_SCHEMA).map(({ path, leaf }) => ({
    path,
    type: describeType(leaf.type),
    default: leaf.default === undefined ? 'unset' : JSON.stringify(leaf.default),
    reload: leaf.reload,
    owner: leaf.owner,
    secret: leaf.secret,
    env: leaf.env,
    description: leaf.description,
  }))

export type JsonSchema = Readonly<Record<string, unknown>>

/** Draft-07. Open objects: unknown keys are kept and warned about, not refused. */
export const configJsonSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  ...nodeSchema(CONFIG_SCHEMA),
  title: 'Breakwater configuration',
})

function nodeSchema(node: SchemaNode): JsonSchema {
  if (node.kind === 'leaf') return leafSchema(node)
  const properties = Object.fromEntries(
    Object.entries(node.children).map(([key, child]) => [key, { ...nodeSchema(child), title: labelOf(key) }]),
  )
  return { type: 'object', properties, additionalProperties: true, description: node.description }
}

function leafSchema({ type, default: value, description }: Leaf): JsonSchema {
  return { ...typeSchema(type), ...(value === undefined ? {} : { default: value }), description }
}

function typeSchema(type: ValueType): JsonSchema {
  switch (type.name) {
    case 'boolean':
      return { type: 'boolean' }
    case 'integer':
      return { type: 'integer', minimum: type.min, maximum: type.max }
    case 'text':
      return { type: 'string' }
    case 'list':
      return { type: 'array', items: { type: 'string' }, maxItems: type.maxItems }
    case 'choice':
      return type.otherwise === undefined
        ? { type: 'string', enum: type.values }
        : { type: 'string', examples: type.values }
  }
}

export interface ConfigHint {
  readonly label: string
  readonly help: string
  readonly sensitive?: true
}

/** Hints of every node by path. */
export function configHints(): Record<string, ConfigHint> {
  const hints: Record<string, ConfigHint> = {}
  const visit = (section: Section, prefix: string): void => {
    for (const [key, node] of Object.entries(section.children)) {
      hints[prefix + key] = hintOf(key, node)
      if (node.kind === 'section') visit(node, `${prefix}${key}.`)
    }
  }
  visit(CONFIG_SCHEMA, '')
  return hints
}

const hintOf = (key: string, node: SchemaNode): ConfigHint => ({
  label: labelOf(key),
  help: node.description,
  ...(node.kind === 'leaf' && node.secret ? { sensitive: true } : {}),
})

/** What a change needs, in the wire's words. Leaves of the dialing side ask nothing of a gateway. */
type ReloadKind = 'restart' | 'hot' | 'none'

interface LookupChild {
  readonly key: string
  readonly path: string
  readonly type: string
  readonly required: false
  readonly hasChildren: boolean
  readonly reloadKind?: ReloadKind
  readonly hint: ConfigHint
  readonly hintPath: string
}

export interface SchemaLookup {
  readonly path: string
  readonly schema: JsonSchema
  readonly reloadKind?: ReloadKind
  readonly hint?: ConfigHint
  readonly hintPath?: string
  readonly children: readonly LookupChild[]
}

/** Looks a path up; `a/b`, `list[0]` and `list.*` are understood. `.` is the whole. Undefined: there is no such path. */
export function lookupConfigSchema(path: string): SchemaLookup | undefined {
  const keys = path
    .replace(/\[(\d*|\*)\]/g, '.*')
    .split(/[./]/)
    .filter((key) => key !== '')
  let node: SchemaNode = CONFIG_SCHEMA
  const walked: string[] = []
  for (const [index, key] of keys.entries()) {
    if (node.kind === 'leaf') {
      const isItem = node.type.name === 'list' && /^(\d+|\*)$/.test(key) && index === keys.length - 1
      return isItem ? lookupItem(node, walked.join('.')) : undefined
    }
    const child: SchemaNode | undefined = Object.hasOwn(node.children, key) ? node.children[key] : undefined
    if (child === undefined) return undefined
    node = child
    walked.push(key)
  }
  return describeNode(node, walked)
}

function describeNode(node: SchemaNode, keys: readonly string[]): SchemaLookup {
  const path = keys.join('.')
  const key = keys.at(-1)
  return {
    path: path === '' ? '.' : path,
    schema: node.kind === 'leaf' ? leafSchema(node) : { type: 'object', description: node.description },
    ...(node.kind === 'leaf' ? { reloadKind: reloadKindOf(node) } : {}),
    ...(key === undefined ? {} : { hint: hintOf(key, node), hintPath: path }),
    children: node.kind === 'leaf' ? [] : childrenOf(node, keys),
  }
}

const lookupItem = (list: Leaf, path: string): SchemaLookup => ({
  path: `${path}.*`,
  schema: { type: 'string' },
  reloadKind: reloadKindOf(list),
  children: [],
})

const childrenOf = (section: Section, keys: readonly string[]): LookupChild[] =>
  Object.entries(section.children).map(([key, node]) => {
    const path = [...keys, key].join('.')
    return {
      key,
      path,
      type: node.kind === 'leaf' ? String(leafSchema(node).type) : 'object',
      required: false,
      hasChildren: node.kind === 'section',
      ...(node.kind === 'leaf' ? { reloadKind: reloadKindOf(node) } : {}),
      hint: hintOf(key, node),
      hintPath: path,
    }
  })

function reloadKindOf({ reload, owner }: Leaf): ReloadKind {
  if (owner === 'client') return 'none'
  return reload === 'process' ? 'restart' : 'hot'
}

const ACRONYMS = new Map(
  ['CA', 'CIDRs', 'IP', 'MDNS', 'TLS', 'UI', 'URL'].map((word): [string, string] => [word.toLowerCase(), word]),
)

/** `autoApproveCidrs` is `Auto Approve CIDRs`. */
function labelOf(key: string): string {
  const words = key.split(/(?=[A-Z])/).map((word) => word.toLowerCase())
  return words.map((word) => ACRONYMS.get(word) ?? word.charAt(0).toUpperCase() + word.slice(1)).join(' ')
}
