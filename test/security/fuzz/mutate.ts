// Makes wrong inputs out of right ones: cuts, copies, swaps and splices of text, and the same on JSON trees, where the
// result still parses and reaches the code behind the parser. Sizes stay small; large inputs are tests of their own.

import type { Random } from './random.ts'

const LONGEST_TEXT_CHARS = 16_384

/** Texts that parsers and comparisons have stumbled over. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\t',
  '\r\n',
  '\ufeff',
  '\ud800',
  '\udc00\ud800',
  '\u202e',
  'İ',
  'ſ',
  '💥',
  '"',
  '\\',
  '\\u0000',
  '%00',
  '../../',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'true',
  'NaN',
  '-0',
  '1e999',
  '0x7f.1',
  '9007199254740993',
  '[]',
  '{}',
  ',',
  ':',
  '\x24{PATH}',
  'x'.repeat(300),
]

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1,
  3,
  4,
  5,
  0.5,
  1e308,
  2 ** 31,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  [[]],
  [null],
  ['operator.admin'],
  { length: 1 },
  { toString: null },
  ...ODD_TEXTS,
]

/** One to four changes of a text; `others` lend pieces. */
export function mutateText(random: Random, text: string, others: readonly string[]): string {
  let changed = text
  for (let left = 1 + random.below(4); left > 0; left -= 1) changed = mutateOnce(random, changed, others)
  return changed.slice(0, LONGEST_TEXT_CHARS)
}

function mutateOnce(random: Random, text: string, others: readonly string[]): string {
  const at = random.below(text.length + 1)
  const end = Math.min(text.length, at + random.below(1 + random.below(24)))
  const before = text.slice(0, at)
  switch (random.below(9)) {
    case 0:
      return before + text.slice(end)
    case 1:
      return before + text.slice(at, end) + text.slice(at)
    case 2:
      return before + random.pick(ODD_TEXTS) + text.slice(at)
    case 3:
      return before + random.pick(ODD_TEXTS) + text.slice(end)
    case 4:
      return before + String.fromCharCode(random.below(random.chance(0.8) ? 128 : 65_536)) + text.slice(at + 1)
    case 5:
      return before
    case 6: {
      const other = random.pick(others)
      return before + other.slice(random.below(other.length + 1))
    }
    case 7:
      return before + text.slice(at, end).repeat(1 + random.below(40)) + text.slice(end)
    default:
      return text.replace(/\d+/g, (digits) => (random.chance(0.3) ? String(random.below(100_000) - 10) : digits))
  }
}

/** Text nobody wrote: bytes taken as UTF-8, or characters of JSON in any order. */
export function randomText(random: Random): string {
  const length = random.below(1 + random.below(400))
  if (random.chance(0.5)) return Buffer.from(Array.from({ length }, () => random.below(256))).toString('utf8')
  return Array.from({ length }, () => random.pick([...'{}[]":,\\0123456789eE+-.truefalsn ', '"a"', '\\u'])).join('')
}

/** A copy of a JSON value with one to three nodes changed, removed, added or renamed. */
export function mutateJson(random: Random, value: unknown): unknown {
  const root = { value: structuredClone(value) }
  for (let left = 1 + random.below(3); left > 0; left -= 1) changeNode(random, root)
  return root.value
}

function changeNode(random: Random, root: { value: unknown }): void {
  let holder: Record<string, unknown> = root
  let key = 'value'
  for (;;) {
    const node = holder[key]
    const keys = typeof node === 'object' && node !== null ? Object.keys(node) : []
    if (keys.length === 0 || random.chance(0.25)) break
    holder = node as Record<string, unknown>
    key = random.pick(keys)
  }
  const node = holder[key]
  switch (random.below(7)) {
    case 0:
      if (holder !== root) delete holder[key]
      return
    case 1:
      define(holder, random.pick(ODD_TEXTS), structuredClone(node))
      return
    case 2:
      define(holder, key, { [key]: node })
      return
    case 3:
      if (typeof node === 'string') define(holder, key, mutateText(random, node, ODD_TEXTS))
      else if (typeof node === 'number') define(holder, key, node + random.pick([-1, 1, 0.5, 1e6, -1e6]))
      else define(holder, key, [node, structuredClone(node)])
      return
    case 4:
      define(holder, key, nested(random.below(200), node))
      return
    case 5:
      if (Array.isArray(node)) node.push(oddValue(random), ...structuredClone([...node].slice(0, 8)))
      else define(holder, key, oddValue(random))
      return
    default:
      define(holder, key, oddValue(random))
  }
}

/** A copy: later changes must not reach the list. */
const oddValue = (random: Random): unknown => structuredClone(random.pick(ODD_VALUES))

/** Assignment would call the setter of `__proto__` and lose the property. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function nested(depth: number, value: unknown): unknown {
  let outer = value
  for (let left = depth; left > 0; left -= 1) outer = left % 2 === 0 ? [outer] : { a: outer }
  return outer
}
