// Changes a configuration text so that it means another value, touching as little of it as possible: comments, order
// and layout of everything else stay. The result is parsed again and compared; if it does not mean exactly the wanted
// value, plain JSON of that value is the answer. So the worst case costs comments, never correctness.

import { isJsonObject, isSameJson, type JsonObject } from './json-value.ts'
import { type EntrySpan, findSpans, type ValueSpan } from './json5-spans.ts'
import { parseConfigText } from './parse-config-text.ts'

/** `from` is what `text` means, `to` what it shall mean. */
export async function rewriteConfigText(text: string, from: unknown, to: unknown): Promise<string> {
  if (isSameJson(from, to)) return text
  const root = findSpans(text)
  if (root !== undefined) {
    const edits: TextEdit[] = []
    editValue({ text, edits }, root, from, to)
    const rewritten = applyEdits(text, edits)
    const parsed = await parseConfigText(rewritten)
    if (parsed.ok && isSameJson(parsed.value, to)) return rewritten
  }
  return formatConfig(to)
}

export const formatConfig = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

interface Draft {
  readonly text: string
  readonly edits: TextEdit[]
}

function editValue(draft: Draft, span: ValueSpan, from: unknown, to: unknown): void {
  if (isSameJson(from, to)) return
  if (span.entries !== undefined && isJsonObject(from) && isJsonObject(to)) {
    editObject(draft, span, span.entries, from, to)
    return
  }
  if (span.items !== undefined && Array.isArray(from) && Array.isArray(to) && from.length === to.length) {
    for (const [index, item] of span.items.entries()) editValue(draft, item, from[index], to[index])
    return
  }
  draft.edits.push({ start: span.start, end: span.end, text: jsonAt(to, indentAt(draft.text, span.start)) })
}

function editObject(
  draft: Draft,
  span: ValueSpan,
  entries: readonly EntrySpan[],
  from: JsonObject,
  to: JsonObject,
): void {
  const survivors = entries.filter(({ key }) => Object.hasOwn(to, key))
  const added = Object.keys(to).filter((key) => !Object.hasOwn(from, key))
  const isBare = survivors.length + added.length === 0 && !/\/[/*]/.test(draft.text.slice(span.start, span.end))
  if (isBare) {
    draft.edits.push({ start: span.start, end: span.end, text: '{}' })
    return
  }
  const hadTrailingComma = entries.at(-1)?.commaAt !== undefined
  for (const entry of entries) {
    if (Object.hasOwn(to, entry.key)) editValue(draft, entry.value, from[entry.key], to[entry.key])
    else draft.edits.push(removal(draft.text, entry))
  }
  const last = survivors.at(-1)
  if (last !== undefined) settleComma(draft, last, added.length > 0 || hadTrailingComma)
  if (added.length > 0) insertEntries(draft, span, added, to, hadTrailingComma)
}

function settleComma(draft: Draft, { commaAt, value }: EntrySpan, isWanted: boolean): void {
  if (isWanted && commaAt === undefined) draft.edits.push({ start: value.end, end: value.end, text: ',' })
  if (!isWanted && commaAt !== undefined) draft.edits.push({ start: commaAt, end: commaAt + 1, text: '' })
}

/** With its comma, and with its whole line when nothing else is on it. */
function removal(text: string, entry: EntrySpan): TextEdit {
  const end = entry.commaAt === undefined ? entry.value.end : entry.commaAt + 1
  // The line break before goes, not the one behind: that one may still be needed to end a comment or a new line.
  const breakAt = text.lastIndexOf('\n', entry.keyStart - 1)
  const isAlone =
    breakAt >= 0 && text.slice(breakAt, entry.keyStart).trim() === '' && /^[ \t]*\r?\n/.test(text.slice(end))
  const start = text[breakAt - 1] === '\r' ? breakAt - 1 : breakAt
  return { start: isAlone ? start : entry.keyStart, end, text: '' }
}

function insertEntries(
  draft: Draft,
  span: ValueSpan,
  keys: readonly string[],
  to: JsonObject,
  trailingComma: boolean,
): void {
  const { text, edits } = draft
  const at = span.contentEnd ?? span.end - 1
  const outer = indentAt(text, span.start)
  const isMultiline = text.slice(span.start, span.end).includes('\n') || span.entries?.length === 0
  const first = span.entries?.[0]
  const indent = isMultiline && first !== undefined ? indentAt(text, first.keyStart) : `${outer}  `
  const lead = isMultiline ? `\n${indent}` : ' '
  const lines = keys.map((key) => `${lead}${JSON.stringify(key)}: ${jsonAt(to[key], indent)}`).join(',')
  const needsClosingLine = isMultiline && !/^\s*\n/.test(text.slice(at, span.end - 1))
  edits.push({ start: at, end: at, text: lines + (trailingComma ? ',' : '') + (needsClosingLine ? `\n${outer}` : '') })
}

/** The blanks a line begins with. */
function indentAt(text: string, at: number): string {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1
  return /^[ \t]*/.exec(text.slice(lineStart, at))?.[0] ?? ''
}

const jsonAt = (value: unknown, indent: string): string =>
  JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`)

function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end)
  let result = ''
  let at = 0
  for (const edit of ordered) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
