// The gateway's log: JSON lines in the wire's shape to a daily file, and readable lines to the console. Lossy: lines are
// written behind the caller, a crash may take the last ones, and a disk that does not keep up takes what does not fit.

import { mkdirSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type DestinationStream, destination, type Logger as Pino, pino } from 'pino'
import { consoleText } from './console-text.ts'
import type { LogFields, Logger, LogLevel } from './logger.ts'

export interface FileLoggerOptions {
  readonly directory: string
  readonly level: LogLevel
  /** Receives the readable form of lines that a person should see; undefined: the console stays quiet. */
  readonly console?: ((line: string) => void) | undefined
  /** Level from which the console shows lines. */
  readonly consoleLevel: LogLevel
}

export interface FileLoggerComponents {
  readonly now: () => Date
}

/** Lines waiting for the disk, in bytes; beyond it new ones are dropped. */
const MAX_BUFFERED_BYTES = 4_194_304

const RANK: Readonly<Record<LogLevel, number>> = { debug: 20, info: 30, warn: 40, error: 50 }

/** The file of one day, `breakwater-2026-01-31.log`. */
export const logFileName = (at: Date): string => `breakwater-${at.toISOString().slice(0, 10)}.log`

export class FileLogger implements Logger {
  readonly #pino: Pino
  readonly #subsystem: string
  /** The subsystem as the wire's lines name it. */
  readonly #name: string
  readonly #options: FileLoggerOptions
  readonly #stream: DailyFile

  private constructor(sink: Pino, stream: DailyFile, subsystem: string, options: FileLoggerOptions) {
    this.#pino = sink
    this.#stream = stream
    this.#subsystem = subsystem
    this.#name = JSON.stringify({ subsystem })
    this.#options = options
  }

  /** Throws when the directory or today's file cannot be made. */
  static open(options: FileLoggerOptions, { now }: FileLoggerComponents = { now: () => new Date() }): FileLogger {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    const stream = new DailyFile(options.directory, now)
    const sink = pino(
      {
        level: options.level,
        base: null,
        timestamp: false,
        messageKey: 'message',
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    )
    return new FileLogger(sink, stream, 'gateway', options)
  }

  /** Today's file. */
  get currentFile(): string {
    return this.#stream.path
  }

  /** Lines that were dropped because the disk did not keep up. */
  get droppedCount(): number {
    return this.#stream.droppedCount
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
    const time = this.#stream.now().toISOString()
    this.#pino[level]({
      '0': this.#name,
      ...(fields === undefined ? {} : { '1': fields }),
      '2': message,
      _meta: { logLevelId: RANK[level] / 10, logLevelName: level.toUpperCase(), name: this.#name, date: time },
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
  readonly now: () => Date
  #path: string
  #sink: ReturnType<typeof destination>
  droppedCount = 0

  constructor(directory: string, now: () => Date) {
    this.#directory = directory
    this.now = now
    this.#path = join(directory, logFileName(now()))
    this.#sink = this.#open()
  }

  get path(): string {
    return this.#path
  }

  write(line: string): void {
    const path = join(this.#directory, logFileName(this.now()))
    if (path !== this.#path) this.#changeTo(path)
    this.#sink.write(line)
  }

  flush(): void {
    this.#sink.flushSync()
  }

  #changeTo(path: string): void {
    const [lastPath, lastSink] = [this.#path, this.#sink]
    this.#path = path
    try {
      this.#sink = this.#open()
      lastSink.end()
    } catch {
      // No room for another file, or no rights: yesterday's takes the lines until there is.
      this.#path = lastPath
    }
  }

  #open(): ReturnType<typeof destination> {
    const fd = openSync(this.#path, 'a', 0o600)
    const sink = destination({ fd, sync: false, maxLength: MAX_BUFFERED_BYTES })
    // A full disk must not take the gateway down: lines are kept until the buffer is full, the next write tries again.
    sink.on('error', () => {})
    sink.on('drop', () => {
      this.droppedCount += 1
    })
    return sink
  }
}

function readable(subsystem: string, level: LogLevel, message: string, fields: LogFields | undefined): string {
  const mark = level === 'warn' || level === 'error' ? `${level}: ` : ''
  const pairs = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const text = pairs.map(([name, value]) => `${name}=${consoleText(value)}`).join(' ')
  return `[${subsystem}] ${mark}${consoleText(message)}${text === '' ? '' : ` (${text})`}`
}
