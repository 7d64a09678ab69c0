// Aligned text: name and value pairs, and rows under headings. Knows nothing of colours beyond not counting them.

import { stripVTControlCharacters } from 'node:util'

const GAP = '  '

const widthOf = (text: string): number => stripVTControlCharacters(text).length
const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

export type Field = readonly [name: string, value: string | number | undefined]

/** One line per field with a value, values aligned, indented. */
export function renderFields(fields: readonly Field[], indent = GAP): string {
  const shown = fields.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)))
  return shown.map(([name, value]) => `${indent}${padTo(name, width)}${GAP}${value}\n`).join('')
}

/** Headings and rows in columns as wide as their widest cell. */
export function renderTable(headings: readonly string[], rows: readonly (readonly string[])[], indent = GAP): string {
  const widths = headings.map((heading, column) =>
    Math.max(widthOf(heading), ...rows.map((row) => widthOf(row[column] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    `${indent}${widths.map((width, column) => padTo(cells[column] ?? '', width)).join(GAP)}`.trimEnd()
  return [headings, ...rows].map((cells) => `${line(cells)}\n`).join('')
}
