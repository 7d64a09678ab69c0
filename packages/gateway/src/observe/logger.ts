// The logging contract of the gateway. Implementations decide the format; callers name a subsystem and plain fields.

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The least severity that is written; `silent`: nothing is. */
export type LogThreshold = LogLevel | 'silent'

export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  /** A logger for one subsystem, e.g. `gateway/ws`. */
  child(subsystem: string): Logger
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Discards everything; for tests and for parts that run without a log. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  debug() {},
  info() {},
  warn() {},
  error() {},
}
