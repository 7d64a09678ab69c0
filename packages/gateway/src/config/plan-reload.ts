// What a new configuration asks for: nothing, a word to some components, or a restart. Pure.

import { deepFreeze, isJsonObject, isSameJson } from './json-value.ts'
import { getAt } from './key-path.ts'
import type { ConfigOwner, Section } from './leaf.ts'
import { CONFIG_LEAVES, CONFIG_SCHEMA, type ResolvedConfig } from './schema.ts'

/** Changed leaves, each in exactly one of the three, in table order. */
export interface ReloadPlan {
  /** Their readers look at the current configuration each time; nothing to do. */
  readonly live: readonly string[]
  /** Components to hand the new configuration to. */
  readonly components: ReadonlyMap<ConfigOwner, readonly string[]>
  /** Take effect with the next start only. */
  readonly process: readonly string[]
}

export function planReload(previous: ResolvedConfig, next: ResolvedConfig): ReloadPlan {
  const live: string[] = []
  const components = new Map<ConfigOwner, string[]>()
  const process: string[] = []
  for (const { path, leaf } of CONFIG_LEAVES) {
    const segments = path.split('.')
    if (isSameJson(getAt(previous, segments), getAt(next, segments))) continue
    if (leaf.reload === 'live') live.push(path)
    else if (leaf.reload === 'process') process.push(path)
    else components.set(leaf.owner, [...(components.get(leaf.owner) ?? []), path])
  }
  return { live, components, process }
}

export const isEmptyPlan = ({ live, components, process }: ReloadPlan): boolean =>
  live.length === 0 && components.size === 0 && process.length === 0

/**
 * The next configuration as it can take effect now: leaves that need a restart keep the value this process started
 * with, so that nobody reads a port that is not the one being listened on.
 */
export function keepProcessLeaves(started: ResolvedConfig, next: ResolvedConfig): ResolvedConfig {
  return deepFreeze(keepIn(CONFIG_SCHEMA, started, next)) as ResolvedConfig
}

function keepIn(section: Section, started: unknown, next: unknown): Record<string, unknown> {
  const from = isJsonObject(started) ? started : {}
  const to = isJsonObject(next) ? next : {}
  const entries = Object.entries(section.children).map(([key, child]): [string, unknown] => {
    if (child.kind === 'section') return [key, keepIn(child, from[key], to[key])]
    return [key, child.reload === 'process' ? from[key] : to[key]]
  })
  return Object.fromEntries(entries)
}
