// What the process does about errors nobody caught. A gateway does not bring itself down for a fault of one part:
//
// - A rejected promise that nobody awaited has ended one piece of work. It is logged, counted and survived.
// - An `error` event of a socket or pipe that nobody listened to ends that connection. The same.
// - Any other uncaught exception has unwound code half-way, so what is in memory can no longer be trusted. What was
//   acknowledged is on disk; the rest is rebuilt at the next start. It is logged, the log is written out, and the
//   process ends with exit code 70 for its supervisor to start again.

import { EXIT, type ExitCode } from '../../exit-codes.ts'

export interface ProcessFaultsComponents {
  readonly log: { error(message: string, fields?: Readonly<Record<string, unknown>>): void; flush(): void }
  /** Ends the process. */
  readonly exit: (code: ExitCode) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

/** Errors of connections: the other end, not our state, is what failed. */
const CONNECTION_ERRORS: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'ENOTCONN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Faults described in full within a minute; further ones are counted in the next description. */
const MAX_DESCRIBED_PER_MINUTE = 20
const MINUTE_MS = 60_000

export class ProcessFaults {
  readonly #components: Required<ProcessFaultsComponents>
  #minuteStartedAt = 0
  #describedCount = 0
  #omittedCount = 0
  /** Survived since the start. */
  survivedCount = 0

  constructor(components: ProcessFaultsComponents) {
    this.#components = { now: () => performance.now(), ...components }
  }

  /** Returns how to stop. */
  watch(emitter: Pick<NodeJS.Process, 'on' | 'off'>): () => void {
    const onRejection = (reason: unknown): void => this.onRejection(reason)
    const onException = (error: unknown): void => this.onException(error)
    emitter.on('unhandledRejection', onRejection)
    emitter.on('uncaughtException', onException)
    return () => {
      emitter.off('unhandledRejection', onRejection)
      emitter.off('uncaughtException', onException)
    }
  }

  onRejection(reason: unknown): void {
    this.#survive('rejection nobody handled; the gateway goes on', reason)
  }

  onException(error: unknown): void {
    if (isConnectionError(error)) {
      this.#survive('connection error nobody handled; the gateway goes on', error)
      return
    }
    const { log, exit } = this.#components
    log.error('uncaught exception; the gateway ends and wants to be started again', { error: describe(error) })
    try {
      log.flush()
    } finally {
      exit(EXIT.internal)
    }
  }

  #survive(message: string, error: unknown): void {
    this.survivedCount += 1
    const now = this.#components.now()
    if (now - this.#minuteStartedAt >= MINUTE_MS) {
      this.#minuteStartedAt = now
      this.#describedCount = 0
    }
    if (this.#describedCount >= MAX_DESCRIBED_PER_MINUTE) {
      this.#omittedCount += 1
      return
    }
    this.#describedCount += 1
    const omitted = this.#omittedCount === 0 ? {} : { omitted: this.#omittedCount }
    this.#omittedCount = 0
    this.#components.log.error(message, { error: describe(error), count: this.survivedCount, ...omitted })
  }
}

const isConnectionError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error && CONNECTION_ERRORS.has(String(error.code))

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))
