// The vocabulary of the configuration schema: sections, leaves, value types, and the TypeScript type they amount to.
// Declares only; `resolve-config.ts` checks values against it and `schema.ts` holds the table itself.

import type { PathContext } from './paths.ts'

/**
 * What a change of a leaf needs. `live`: nothing, its readers look at the current configuration each time.
 * `component`: the owner is given the new configuration. `process`: a restart.
 */
export type Reload = 'live' | 'component' | 'process'

/** Parts of the program that own leaves. `client` is the dialing side: a running gateway never reads its leaves. */
export const CONFIG_OWNERS = [
  'admission',
  'auth',
  'client',
  'discovery',
  'listener',
  'logging',
  'metrics',
  'nodes',
  'origins',
  'pairing',
  'tls',
  'trust',
] as const
export type ConfigOwner = (typeof CONFIG_OWNERS)[number]

/** A rule for the text of a string: what is expected, in words, and the normal spelling of a text that fits. */
export interface Format {
  readonly expected: string
  /** Undefined when the text does not fit. */
  readonly parse: (text: string, context: PathContext) => string | undefined
}

export type ValueType =
  | { readonly name: 'boolean' }
  | { readonly name: 'integer'; readonly min: number; readonly max: number }
  | { readonly name: 'text'; readonly format: Format }
  | { readonly name: 'choice'; readonly values: readonly string[]; readonly otherwise?: Format }
  | { readonly name: 'list'; readonly format: Format; readonly maxItems: number }

export interface Leaf<T = unknown> {
  readonly kind: 'leaf'
  readonly type: ValueType
  /** Undefined: unset, and the description says what that means. */
  readonly default: T
  /** Meaning, unit, and what 0, empty or unset means. Range and default are data and not repeated here. */
  readonly description: string
  /** Secret values never leave the process in clear: not in a log, a refusal or a response. */
  readonly secret: boolean
  readonly reload: Reload
  readonly owner: ConfigOwner
  /** Environment variable that overrides the file. */
  readonly env?: string
}

export interface Section<C extends Children = Children> {
  readonly kind: 'section'
  readonly description: string
  readonly children: C
}

export type SchemaNode = Leaf | Section
export type Children = { readonly [key: string]: SchemaNode }

/** The value a schema node resolves to. */
export type Resolved<N> =
  N extends Leaf<infer T> ? T : N extends Section<infer C> ? { readonly [K in keyof C]: Resolved<C[K]> } : never

interface LeafOptions {
  readonly description: string
  readonly reload: Reload
  readonly owner: ConfigOwner
  readonly env?: string
}

const leaf = <T>(
  type: ValueType,
  value: T,
  { description, reload, owner, env }: LeafOptions,
  secret = false,
): Leaf<T> => ({
  kind: 'leaf',
  type,
  default: value,
  description,
  secret,
  reload,
  owner,
  ...(env === undefined ? {} : { env }),
})

export const section = <const C extends Children>(description: string, children: C): Section<C> => ({
  kind: 'section',
  description,
  children,
})

export const boolean = (options: LeafOptions & { readonly default: boolean }): Leaf<boolean> =>
  leaf<boolean>({ name: 'boolean' }, options.default, options)

export const integer = (
  options: LeafOptions & { readonly default: number; readonly min: number; readonly max: number },
): Leaf<number> => leaf<number>({ name: 'integer', min: options.min, max: options.max }, options.default, options)

/** Text without a default. */
export const text = (options: LeafOptions & { readonly format: Format }): Leaf<string | undefined> =>
  leaf<string | undefined>({ name: 'text', format: options.format }, undefined, options)

/** Text without a default that must never be shown. */
export const secret = (options: LeafOptions & { readonly format: Format }): Leaf<string | undefined> =>
  leaf<string | undefined>({ name: 'text', format: options.format }, undefined, options, true)

export const choice = <const V extends readonly string[]>(
  values: V,
  options: LeafOptions & { readonly default: NoInfer<V[number]> },
): Leaf<V[number]> => leaf<V[number]>({ name: 'choice', values }, options.default, options)

/** One of a few words, or any text of a format. */
export const choiceOr = (
  values: readonly string[],
  otherwise: Format,
  options: LeafOptions & { readonly default: string },
): Leaf<string> => leaf<string>({ name: 'choice', values, otherwise }, options.default, options)

export const list = (
  options: LeafOptions & { readonly format: Format; readonly maxItems: number; readonly default?: readonly string[] },
): Leaf<readonly string[]> =>
  leaf<readonly string[]>(
    { name: 'list', format: options.format, maxItems: options.maxItems },
    options.default ?? [],
    options,
  )

export interface LeafEntry {
  /** Dotted: `gateway.auth.token`. */
  readonly path: string
  readonly leaf: Leaf
}

/** Every leaf below a section, in table order. */
export function leavesOf(root: Section, prefix = ''): LeafEntry[] {
  return Object.entries(root.children).flatMap(([key, node]) =>
    node.kind === 'leaf' ? [{ path: prefix + key, leaf: node }] : leavesOf(node, `${prefix}${key}.`),
  )
}

/** `an integer from 1 to 65535`: what a leaf accepts, for refusals and the reference. */
export function describeType(type: ValueType): string {
  switch (type.name) {
    case 'boolean':
      return 'true or false'
    case 'integer':
      return `an integer from ${type.min} to ${type.max}`
    case 'text':
      return type.format.expected
    case 'list':
      return `a list, each entry ${type.format.expected}`
    case 'choice': {
      const words = type.values.map((value) => `"${value}"`)
      if (type.otherwise !== undefined) words.push(type.otherwise.expected)
      return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
    }
  }
}
