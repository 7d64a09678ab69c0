// What a person typed on a command line as the value of a key. The type of the key decides how it is read, so that nobody
// has to quote a token that looks like a number. Whether the value is allowed is not decided here.

import { formatKeyPath, parseKeyPath } from './key-path.ts'
import type { ValueType } from './leaf.ts'
import { parseConfigText } from './parse-config-text.ts'
import { CONFIG_LEAVES } from './schema.ts'

/** Texts stay texts; numbers, booleans, lists and keys nobody declared are JSON5 if they can be, else text. */
export async function parseTypedValue(path: string, typed: string): Promise<unknown> {
  if (isTextAt(path)) return typed
  const parsed = await parseConfigText(typed)
  return parsed.ok ? parsed.value : typed
}

function isTextAt(path: string): boolean {
  const segments = parseKeyPath(path) ?? []
  const isItem = typeof segments.at(-1) === 'number'
  const leafPath = formatKeyPath(isItem ? segments.slice(0, -1) : segments)
  const type = CONFIG_LEAVES.find((entry) => entry.path === leafPath)?.leaf.type
  return type !== undefined && (isItem ? type.name === 'list' : TEXT_TYPES.has(type.name))
}

const TEXT_TYPES: ReadonlySet<ValueType['name']> = new Set(['text', 'choice'])
