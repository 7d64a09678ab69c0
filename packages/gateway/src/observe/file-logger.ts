// The gateway's log: JSON lines in the wire's shape to a daily file, and readable lines to the console. Lossy: lines are
// written behind the caller, a crash may take the last ones.

import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type DestinationStream, destination, type Logger as Pino, pino } from 'pino'
import type { LogFields, Logger, LogLevel } from './logger.ts'

export interface FileLoggerOptions {
  readonly directory: string
  readonly level: LogLevel
  /** Receives the readable form of lines that a person should see; undefined: the console stays quiet. */
  readonly console?: ((line: string) => void) | undefined
  /** Level from which the console shows lines. */
  readonly consoleLevel: LogLevel
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 }

/** The file of one day, `breakwater-2026-01-31.log`. */
export const logFileName = (at: Date): string => `breakwater-${at.toISOString().slice(0, 10)}.log`

export class FileLogger implements Logger {
  readonly #pino: Pino
  readonly #subsystem: string
  readonly #options: FileLoggerOptions
  readonly #stream: DailyFile

  private constructor(sink: Pino, stream: DailyFile, subsystem: string, options: FileLoggerOptions) {
    this.#pino = sink
    this.#stream = stream
    this.#subsystem = subsystem
    this.#options = options
  }

  static open(options: FileLoggerOptions): FileLogger {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const stream = new DailyFile(options.directory)
    const sink = pino(
      {
        level: options.level,
        base: null,
        timestamp: false,
        messageKey: 'message',
        formatters: { level: () => ({}) },
      },
      stream,
    )
    return new FileLogger(sink, stream, 'gateway', options)
  }

  /** Today's file. */
  get currentFile(): string {
    return this.#stream.path
  }

  child(subsystem: string): Logger {
    return new FileLogger(this.#pino, this.#stream, subsystem, this.#options)
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  /** Writes what is still buffered. */
  flush(): void {
    this.#stream.flush()
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { console: show, consoleLevel } = this.#options
    if (show !== undefined && RANK[level] >= RANK[consoleLevel]) show(readable(this.#subsystem, level, message, fields))
    if (!this.#pino.isLevelEnabled(level)) return
    const time = new Date().toISOString()
    this.#pino[level]({
      '0': JSON.stringify({ subsystem: this.#subsystem }),
      ...(fields === undefined ? {} : { '1': fields }),
      '2': message,
      _meta: { logLevelId: RANK[level] / 10, logLevelName: level.toUpperCase(), name: this.#subsystem, date: time },
      time,
      hostname: HOSTNAME,
      message,
    })
  }
}

const HOSTNAME = hostname()

/** The file of the day; a new day opens the next one. */
class DailyFile implements DestinationStream {
  readonly #directory: string
  #sink: ReturnType<typeof destination>
  #day = ''
  #path = ''

  constructor(directory: string) {
    this.#directory = directory
    this.#sink = this.#open(new Date())
  }

  get path(): string {
    return this.#path
  }

  write(line: string): void {
    const now = new Date()
    if (now.toISOString().slice(0, 10) !== this.#day) {
      this.#sink.end()
      this.#sink = this.#open(now)
    }
    this.#sink.write(line)
  }

  flush(): void {
    this.#sink.flushSync()
  }

  #open(at: Date): ReturnType<typeof destination> {
    this.#day = at.toISOString().slice(0, 10)
    this.#path = join(this.#directory, logFileName(at))
    const sink = destination({ dest: this.#path, append: true, mode: 0o600, sync: false })
    // A full disk must not take the gateway down; the lines are lost and the next write tries again.
    sink.on('error', () => {})
    return sink
  }
}

function readable(subsystem: string, level: LogLevel, message: string, fields: LogFields | undefined): string {
  const mark = level === 'warn' || level === 'error' ? `${level}: ` : ''
  const pairs = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const text = pairs
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  return `[${subsystem}] ${mark}${message}${text === '' ? '' : ` (${text})`}`
}
