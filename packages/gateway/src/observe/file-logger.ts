// The gateway's log: JSON lines in the wire's shape to files, and readable lines to the console, both without secrets.
// Lossy: lines are written behind the caller, a crash may take the last ones, and a disk that does not keep up takes
// what does not fit. What a line means, and how files are kept, is not its business.

import { hostname } from 'node:os'
import { consoleText } from './console-text.ts'
import type { LogDisk } from './log-disk.ts'
import type { LogIndex } from './log-index.ts'
import { LogWriter } from './log-writer.ts'
import type { LogFields, Logger, LogLevel, LogThreshold } from './logger.ts'
import { Redactor } from './redact.ts'

export type ConsoleStyle = 'pretty' | 'json'

/** What may change while the gateway runs. */
export interface LogSettings {
  readonly level: LogThreshold
  /** Level from which the console shows lines. */
  readonly consoleLevel: LogThreshold
  /** For people, or the lines of the files. */
  readonly consoleStyle: ConsoleStyle
  /** Whole days a file is kept after its own. 0: for ever. */
  readonly retentionDays: number
  /** Bytes all files may take together. 0: no limit. */
  readonly maxBytes: number
}

export const LOG_DEFAULTS = {
  consoleStyle: 'pretty',
  retentionDays: 14,
  maxBytes: 268_435_456,
} as const satisfies Partial<LogSettings>

export interface FileLoggerOptions
  extends Pick<LogSettings, 'level' | 'consoleLevel'>,
    Partial<Omit<LogSettings, 'level' | 'consoleLevel'>> {
  /** Of this gateway alone. */
  readonly directory: string
  /** Receives the lines that a person should see; undefined: the console stays quiet. */
  readonly console?: ((line: string) => void) | undefined
}

export interface FileLoggerComponents {
  readonly now: () => Date
  readonly disk?: LogDisk
}

/** For `status` and metrics. */
export interface LogStatus {
  readonly file: string
  readonly lostCount: number
  readonly waitingBytes: number
  readonly removedFiles: number
}

const RANK: Readonly<Record<LogThreshold, number>> = { debug: 20, info: 30, warn: 40, error: 50, silent: 100 }
const HOSTNAME = hostname()

export class FileLogger implements Logger {
  readonly #core: LogCore
  readonly #subsystem: string
  /** The subsystem as the wire's lines name it. */
  readonly #name: string

  private constructor(core: LogCore, subsystem: string) {
    this.#core = core
    this.#subsystem = subsystem
    this.#name = JSON.stringify({ subsystem })
  }

  /** Lines wait in memory until `begin`, or until one of the flushes. */
  static open(options: FileLoggerOptions, components: FileLoggerComponents = { now: () => new Date() }): FileLogger {
    return new FileLogger(new LogCore(components, options), 'gateway')
  }

  child(subsystem: string): FileLogger {
    return new FileLogger(this.#core, subsystem)
  }

  debug(message: string, fields?: LogFields): void {
    this.#core.write(this, 'debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#core.write(this, 'info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#core.write(this, 'warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#core.write(this, 'error', message, fields)
  }

  get subsystem(): string {
    return this.#subsystem
  }

  get wireName(): string {
    return this.#name
  }

  get directory(): string {
    return this.#core.directory
  }

  /** The file that is written. */
  get currentFile(): string {
    return this.#core.writer.path
  }

  /** Where each file begins in the whole log; undefined before `begin`. */
  get index(): LogIndex | undefined {
    return this.#core.writer.index
  }

  status(): LogStatus {
    const { path, lostCount, waitingBytes, removedCount } = this.#core.writer
    return { file: path, lostCount, waitingBytes, removedFiles: removedCount }
  }

  /** Takes the directory over: call it once nobody else can own it. Never rejects. */
  begin(): Promise<void> {
    return this.#core.writer.begin()
  }

  configure(settings: Partial<LogSettings>): void {
    this.#core.configure(settings)
  }

  /** Hides these texts wherever they appear, in place of those named before. */
  conceal(secrets: Iterable<string | undefined>): void {
    this.#core.redactor.setKnown(secrets)
  }

  /** Writes what is still waiting before it returns. Never throws. */
  flush(): void {
    this.#core.writer.flushSync()
  }

  /** Writes what is still waiting and lets the files go. */
  close(): Promise<void> {
    return this.#core.writer.close()
  }
}

/** What the loggers of all subsystems share. */
class LogCore {
  readonly directory: string
  readonly writer: LogWriter
  readonly redactor = new Redactor()
  readonly #now: () => Date
  readonly #console: ((line: string) => void) | undefined
  #settings: LogSettings

  constructor({ now, disk }: FileLoggerComponents, { directory, console, ...settings }: FileLoggerOptions) {
    this.directory = directory
    this.#now = now
    this.#console = console
    this.#settings = { ...LOG_DEFAULTS, ...settings }
    this.writer = new LogWriter(
      {
        now,
        onTrouble: (problem) => this.#tell(`error: log lines cannot be written and are counted (${problem})`),
        onRecovery: (lostLines) => this.#recovered(lostLines),
        ...(disk === undefined ? {} : { disk }),
      },
      { directory, retentionDays: this.#settings.retentionDays, maxBytes: this.#settings.maxBytes },
    )
  }

  configure(settings: Partial<LogSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
    this.writer.setRetention(this.#settings)
  }

  write(logger: FileLogger, level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { level: threshold, consoleLevel, consoleStyle } = this.#settings
    const isShown = this.#console !== undefined && RANK[level] >= RANK[consoleLevel]
    const isKept = RANK[level] >= RANK[threshold]
    if (!isShown && !isKept) return
    const text = this.redactor.text(message)
    const details = fields === undefined ? undefined : this.redactor.fields(fields)
    const line = isKept || consoleStyle === 'json' ? this.#line(logger.wireName, level, text, details) : ''
    if (isShown) this.#console?.(consoleStyle === 'json' ? line : readable(logger.subsystem, level, text, details))
    if (isKept) this.writer.append(`${line}\n`)
  }

  /** The wire's shape. */
  #line(name: string, level: LogLevel, message: string, fields: LogFields | undefined): string {
    const time = this.#now().toISOString()
    return JSON.stringify({
      level,
      '0': name,
      '1': fields,
      '2': message,
      _meta: { logLevelId: RANK[level] / 10, logLevelName: level.toUpperCase(), name, date: time },
      time,
      hostname: HOSTNAME,
      message,
    })
  }

  /** Past the thresholds and the files: what fails is the log itself. */
  #tell(text: string): void {
    this.#console?.(`[gateway/log] ${consoleText(text)}`)
  }

  #recovered(lostLines: number): void {
    this.#tell(`log lines are written again; ${lostLines} were lost`)
    if (lostLines === 0) return
    const line = this.#line('{"subsystem":"gateway/log"}', 'warn', 'log lines were lost', { lines: lostLines })
    this.writer.append(`${line}\n`)
  }
}

function readable(subsystem: string, level: LogLevel, message: string, fields: LogFields | undefined): string {
  const mark = level === 'warn' || level === 'error' ? `${level}: ` : ''
  const pairs = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const text = pairs.map(([name, value]) => `${name}=${consoleText(value)}`).join(' ')
  return `[${subsystem}] ${mark}${consoleText(message)}${text === '' ? '' : ` (${text})`}`
}
