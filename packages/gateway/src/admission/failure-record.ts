// One structured record for each failed handshake, and a bound on how many strangers can cause: the first few per source,
// cause and minute are written whole, and so many of all sources together; the rest appear as lines with their count.
// A device that waits for approval comes back for as long as that takes: it has one record a minute, which counts the rest.

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
  /** The device that waits for approval, and what it waits for. */
  readonly deviceId?: string
  readonly requestId?: string | undefined
}

export const FAILURE_LIMITS = {
  windowMs: 60_000,
  /** Whole records per source and cause in a window. */
  perWindow: 10,
  /** Whole records of all sources together in a window: sources cost an attacker little. */
  inAll: 300,
  /** Windows open at a time; the oldest closes early. */
  windows: 4_096,
} as const
const MAX_HEADER_CHARS = 200

interface Window {
  count: number
  written: number
  openedAt: number
}

export interface FailureRecorderComponents {
  readonly log: Logger
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Who the failure is counted for: an address group. */
  readonly sourceOf: (failure: HandshakeFailure) => string
  /** Hears of each failure that is written whole, and of no other: what it does is bounded the same way. */
  readonly onRecord?: (failure: HandshakeFailure) => void
}

export class FailureRecorder {
  readonly #components: FailureRecorderComponents
  readonly #windows = new Map<string, Window>()
  /** Devices that wait for approval; `count` is of the attempts since the last record. */
  readonly #waiting = new Map<string, Window>()
  /** Failures since the start, by cause. */
  readonly counts = new Map<string, number>()
  /** All sources together; `count` is of those of which not one record was written. */
  readonly #all: Window = { count: 0, written: 0, openedAt: Number.NEGATIVE_INFINITY }
  #sweeper: NodeJS.Timeout | undefined

  constructor(components: FailureRecorderComponents) {
    this.#components = components
  }

  record(failure: HandshakeFailure): void {
    this.counts.set(failure.cause, (this.counts.get(failure.cause) ?? 0) + 1)
    const now = this.#components.now()
    if (failure.deviceId !== undefined) {
      this.#recordWaiting(failure, failure.deviceId, now)
      return
    }
    const window = this.#windowOf(`${this.#components.sourceOf(failure)} ${failure.cause}`, now)
    window.count += 1
    if (window.written >= FAILURE_LIMITS.perWindow || this.#isLogFull(now)) return
    window.written += 1
    this.#write(failure)
  }

  #recordWaiting(failure: HandshakeFailure, deviceId: string, now: number): void {
    const last = this.#waiting.get(deviceId)
    if (last !== undefined && (now - last.openedAt < FAILURE_LIMITS.windowMs || this.#isLogFull(now))) {
      last.count += 1
      return
    }
    if (this.#isLogFull(now)) {
      this.#all.count += 1
      return
    }
    if (last === undefined && this.#waiting.size >= FAILURE_LIMITS.windows) {
      this.#waiting.delete(this.#waiting.keys().next().value ?? '')
    }
    this.#waiting.delete(deviceId)
    this.#waiting.set(deviceId, { count: 0, written: 1, openedAt: now })
    this.#write(failure, last?.count)
  }

  #write(failure: HandshakeFailure, suppressed = 0): void {
    this.#all.written += 1
    const counted = suppressed === 0 ? {} : { suppressed }
    this.#components.log.warn('handshake failed', { handshake: 'failed', ...cutHeaders(failure), ...counted })
    this.#components.onRecord?.(failure)
  }

  /** Writes what is still only counted. */
  stop(): void {
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
    for (const [key, window] of this.#windows) this.#close(key, window)
    this.#closeAll(this.#components.now())
  }

  #windowOf(key: string, now: number): Window {
    const known = this.#windows.get(key)
    if (known !== undefined && now - known.openedAt < FAILURE_LIMITS.windowMs) return known
    if (known !== undefined) this.#close(key, known)
    if (this.#windows.size >= FAILURE_LIMITS.windows) this.#closeOldest()
    const window = { count: 0, written: 0, openedAt: now }
    this.#windows.set(key, window)
    this.#sweeper ??= setInterval(() => this.#sweep(), FAILURE_LIMITS.windowMs).unref()
    return window
  }

  #isLogFull(now: number): boolean {
    if (now - this.#all.openedAt >= FAILURE_LIMITS.windowMs) this.#closeAll(now)
    return this.#all.written >= FAILURE_LIMITS.inAll
  }

  #sweep(): void {
    const now = this.#components.now()
    for (const [key, window] of this.#windows) {
      if (now - window.openedAt >= FAILURE_LIMITS.windowMs) this.#close(key, window)
    }
    if (now - this.#all.openedAt >= FAILURE_LIMITS.windowMs) this.#closeAll(now)
    if (this.#windows.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }

  #closeOldest(): void {
    for (const [key, window] of this.#windows) {
      this.#close(key, window)
      return
    }
  }

  #close(key: string, { count, written }: Window): void {
    this.#windows.delete(key)
    if (written === 0) this.#all.count += count
    else if (count > written) {
      const [source, cause] = key.split(' ')
      this.#components.log.warn('handshakes failed', {
        handshake: 'failed',
        source,
        cause,
        suppressed: count - written,
      })
    }
  }

  #closeAll(now: number): void {
    const { count } = this.#all
    if (count > 0)
      this.#components.log.warn('handshakes failed', { handshake: 'failed', source: 'others', suppressed: count })
    Object.assign(this.#all, { count: 0, written: 0, openedAt: now })
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
