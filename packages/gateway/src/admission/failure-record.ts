// One structured record for each failed handshake, and a bound on how many a noisy source can cause: the first few per
// source, cause and minute are written whole, the rest as one line with their count.

import type { Logger } from '../observe/logger.ts'

/** What is known about a handshake that failed. Header values are cut by the recorder. */
export interface HandshakeFailure {
  readonly connId: string
  /** Stable name of what went wrong: an error name of the protocol, `handshake-timeout`, `peer-closed`. */
  readonly cause: string
  /** Leg the connection was in. */
  readonly phase: string
  /** From the WebSocket upgrade; undefined before it. */
  readonly handshakeMs: number | undefined
  /** From accept. */
  readonly durationMs: number
  readonly remote: string | undefined
  readonly host: string | undefined
  readonly fwd: string | undefined
  readonly origin: string | undefined
  readonly ua: string | undefined
  /** Close code or HTTP status the peer was given. */
  readonly code: number | undefined
  readonly reason: string
  readonly requestId?: string
}

const RECORDS_PER_WINDOW = 10
const WINDOW_MS = 60_000
const MAX_WINDOWS = 4_096
const MAX_HEADER_CHARS = 200

interface Window {
  count: number
  readonly opensAtMs: number
}

export interface FailureRecorderComponents {
  readonly log: Logger
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Who the failure is counted for: an address group. */
  readonly sourceOf: (failure: HandshakeFailure) => string
  /** Hears of every failure, also of those that are not written. */
  readonly onRecord?: (failure: HandshakeFailure) => void
}

export class FailureRecorder {
  readonly #components: FailureRecorderComponents
  readonly #windows = new Map<string, Window>()
  /** Failures since the start, by cause. */
  readonly counts = new Map<string, number>()
  #sweeper: NodeJS.Timeout | undefined

  constructor(components: FailureRecorderComponents) {
    this.#components = components
  }

  record(failure: HandshakeFailure): void {
    this.counts.set(failure.cause, (this.counts.get(failure.cause) ?? 0) + 1)
    this.#components.onRecord?.(failure)
    const key = `${this.#components.sourceOf(failure)} ${failure.cause}`
    let window = this.#windows.get(key)
    if (window === undefined) {
      if (this.#windows.size >= MAX_WINDOWS) this.#closeOldest()
      window = { count: 0, opensAtMs: this.#components.now() }
      this.#windows.set(key, window)
      this.#sweeper ??= setInterval(() => this.#sweep(), WINDOW_MS).unref()
    }
    window.count += 1
    if (window.count <= RECORDS_PER_WINDOW)
      this.#components.log.warn('handshake failed', { handshake: 'failed', ...cutHeaders(failure) })
  }

  stop(): void {
    clearInterval(this.#sweeper)
    for (const key of [...this.#windows.keys()]) this.#close(key)
  }

  #sweep(): void {
    const now = this.#components.now()
    for (const [key, window] of this.#windows) if (now - window.opensAtMs >= WINDOW_MS) this.#close(key)
    if (this.#windows.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #closeOldest(): void {
    const oldest = this.#windows.keys().next().value
    if (oldest !== undefined) this.#close(oldest)
  }

  #close(key: string): void {
    const window = this.#windows.get(key)
    this.#windows.delete(key)
    if (window === undefined || window.count <= RECORDS_PER_WINDOW) return
    const [source, cause] = key.split(' ')
    this.#components.log.warn('handshakes failed', {
      handshake: 'failed',
      source,
      cause,
      suppressed: window.count - RECORDS_PER_WINDOW,
    })
  }
}

function cutHeaders(failure: HandshakeFailure): HandshakeFailure {
  const cut = (value: string | undefined) => value?.slice(0, MAX_HEADER_CHARS)
  return {
    ...failure,
    host: cut(failure.host),
    fwd: cut(failure.fwd),
    origin: cut(failure.origin),
    ua: cut(failure.ua),
  }
}
