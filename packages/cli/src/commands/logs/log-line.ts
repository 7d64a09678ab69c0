// One line of the log: read from its JSON, chosen by level and text, shown for people. Pure. What a line quotes may come
// from strangers, so nothing of it reaches a terminal uncleaned.

import { isRecord } from '@breakwater/protocol'
import { usageError } from '../../failure.ts'
import type { Style } from '../../output/style.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

export interface LogLine {
  /** As it was written. */
  readonly raw: string
  readonly time: string | undefined
  readonly level: Level
  readonly subsystem: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A line that is no JSON of ours counts as information. */
export function parseLogLine(raw: string): LogLine {
  const record = parseRecord(raw)
  if (record === undefined) return { raw, time: undefined, level: 'info', subsystem: '', message: raw, fields: {} }
  const { time, message, _meta: meta } = record
  return {
    raw,
    time: typeof time === 'string' ? time : undefined,
    level: levelOf(record.level ?? (isRecord(meta) ? meta.logLevelName : undefined)),
    subsystem: subsystemOf(record['0']),
    message: typeof message === 'string' ? message : '',
    fields: isRecord(record['1']) ? record['1'] : {},
  }
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const record: unknown = JSON.parse(text)
    return isRecord(record) ? record : undefined
  } catch {
    return undefined // Somebody else's line, or half of one.
  }
}

function levelOf(name: unknown): Level {
  const level = String(name).toLowerCase()
  if (level === 'fatal') return 'error'
  return LEVELS.find((known) => known === level) ?? (level === 'trace' ? 'debug' : 'info')
}

/** The wire keeps the subsystem as JSON in a text. */
function subsystemOf(name: unknown): string {
  if (typeof name !== 'string') return ''
  const record = parseRecord(name)
  return typeof record?.subsystem === 'string' ? record.subsystem : name
}

export type LineFilter = (line: LogLine) => boolean

export interface FilterOptions {
  readonly level?: string | undefined
  /** A text, or `/a regular expression/`, both without regard to case. */
  readonly grep?: string | undefined
}

/** Throws CommandError for what is no level and no regular expression. */
export function createFilter({ level, grep }: FilterOptions): LineFilter {
  const least = level === undefined ? 0 : LEVELS.indexOf(level as Level)
  if (least < 0) throw usageError(`--level: expected ${LEVELS.join(', ')}, got ${JSON.stringify(level)}`)
  const matches = grep === undefined ? () => true : createMatcher(grep)
  return (line) => LEVELS.indexOf(line.level) >= least && matches(line.raw)
}

function createMatcher(grep: string): (text: string) => boolean {
  const expression = /^\/(.+)\/$/.exec(grep)?.[1]
  if (expression === undefined) {
    const wanted = grep.toLowerCase()
    return (text) => text.toLowerCase().includes(wanted)
  }
  try {
    const pattern = new RegExp(expression, 'iu')
    return (text) => pattern.test(text)
  } catch (error) {
    throw usageError(`--grep: ${(error as Error).message}`, 'Without slashes the text is taken as it is.')
  }
}

const LEVEL_MARKS: Readonly<Record<Level, string>> = { debug: 'debug', info: '     ', warn: 'warn ', error: 'ERROR' }

/** `17:03:12.345 warn  gateway/ws: handshake failed (cause=peer-closed phase=challenge)`. */
export function renderLogLine({ time, level, subsystem, message, fields, raw }: LogLine, style: Style): string {
  if (time === undefined) return `${clean(raw)}\n`
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const details = pairs.length === 0 ? '' : style.quiet(` (${clean(pairs.join(' '))})`)
  return `${style.quiet(localTime(time))} ${paint(level, style)(LEVEL_MARKS[level])} ${style.quiet(clean(subsystem))}: ${clean(message)}${details}\n`
}

/** Control characters go, length stays: the person asked for the line. */
const clean = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (char) => (char === '\n' || char === '\t' ? ' ' : '\uFFFD'))

function localTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return clean(iso)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
  const ms = String(at.getMilliseconds()).padStart(3, '0')
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`
}

function paint(level: Level, style: Style): (text: string) => string {
  if (level === 'error') return style.bad
  return level === 'warn' ? style.warning : style.quiet
}
