// Requests as promises: encodes, enters the book, sends, and settles each promise exactly once - by its answer, its
// deadline, its caller's signal or the end of the connection. Never queues, never replays.

import { encodeRequest, type ResponseFrame } from '@breakwater/protocol'
import type { ClientClock } from '../clock.ts'
import { ClientError, foreignText } from '../errors.ts'
import type { ClientOptions } from '../options.ts'
import type { Deadlines } from './deadlines.ts'
import { type PendingRequest, RequestBook } from './requests.ts'
import type { PendingKind } from './watchdog.ts'

export interface CallOptions {
  /**
   * Deadline of the answer in milliseconds; at least 1. `null` = none. Unset = the connection's `requestTimeoutMs`, or
   * none with `expectFinal`.
   */
  readonly timeoutMs?: number | null
  /** Rejects with ABORTED; the request may still be carried out. */
  readonly signal?: AbortSignal
  /** Wait for the final answer of a method that first says `accepted`. */
  readonly expectFinal?: boolean
  /** Called with each intermediate answer of an `expectFinal` request. */
  readonly onAccepted?: (payload: unknown) => void
}

/** The part of an open connection that calls need. */
export interface CallSink {
  send(text: string): void
  readonly bufferedBytes: number
  /** Of hello-ok: the largest frame the gateway takes. */
  readonly maxPayloadBytes: number
}

interface Ticket {
  readonly resolve: (payload: unknown) => void
  readonly reject: (error: ClientError) => void
  readonly onAccepted: ((payload: unknown) => void) | undefined
  readonly release: () => void
}

export interface CallsComponents {
  readonly clock: ClientClock
  readonly deadlines: Pick<Deadlines<'request'>, 'arm' | 'disarm'>
  /** Delivers a foreign callback; what it throws must not reach the connection. */
  readonly guard: (foreign: () => void) => void
  /**
   * Sees every good answer, also one that comes too late for its caller; the caller gets it when what this returns has
   * resolved. Never rejects. Unset = answers pass.
   */
  readonly keep?: (method: string, payload: unknown) => Promise<void> | undefined
}

const UTF8_BYTES_PER_CHAR = 3

export class Calls {
  readonly #components: CallsComponents
  readonly #options: ClientOptions
  readonly #book: RequestBook<Ticket>
  #sink: CallSink | undefined
  #idPrefix = ''
  #lastNumber = 0
  #timerAt = Infinity
  #ignoredCount = 0

  constructor(components: CallsComponents, options: ClientOptions) {
    this.#components = components
    this.#options = options
    this.#book = new RequestBook({ maxPending: options.maxPendingRequests, maxSettled: options.maxSettledRequests })
  }

  get pendingKind(): PendingKind {
    return this.#book.pendingKind
  }

  get pendingCount(): number {
    return this.#book.pendingCount
  }

  /** Answers to no waiting request, since construction. */
  get ignoredCount(): number {
    return this.#ignoredCount
  }

  /** From now on calls go to `sink`; ids continue after the connect request's. */
  open(sink: CallSink, idPrefix: string): void {
    this.#sink = sink
    this.#idPrefix = idPrefix
    this.#lastNumber = 1
  }

  /** Rejects everything that waits, and every call until the next `open`. */
  close(error: ClientError): void {
    this.#sink = undefined
    this.#timerAt = Infinity
    this.#components.deadlines.disarm('request')
    for (const request of this.#book.takeAll()) this.#reject(request, error)
  }

  async call(method: string, params: unknown, options: CallOptions): Promise<unknown> {
    if (options.signal?.aborted === true) throw aborted(method, options.signal)
    const timeoutMs = this.#timeoutOf(options)
    const sink = this.#sink
    if (sink === undefined) throw new ClientError('NOT_CONNECTED', `${method}: no connection is ready`)
    this.#lastNumber += 1
    const id = `${this.#lastNumber}:${this.#idPrefix}`
    const text = encode(id, method, params)
    this.#assertFits(sink, method, text)
    const deadlineAt = timeoutMs === null ? undefined : this.#components.clock.now() + timeoutMs
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const release = this.#onAbort(id, method, options.signal)
    const ticket: Ticket = { resolve, reject, onAccepted: options.onAccepted, release }
    this.#book.add({ id, method, expectFinal: options.expectFinal === true, deadlineAt, ticket })
    sink.send(text)
    if (deadlineAt !== undefined && deadlineAt < this.#timerAt) this.#arm(deadlineAt)
    return promise
  }

  receive(frame: ResponseFrame): void {
    const received = this.#book.receive(frame)
    switch (received.kind) {
      case 'settled':
        this.#settle(received.request, frame)
        return
      case 'accepted': {
        const { onAccepted } = received.request.ticket
        if (onAccepted !== undefined) this.#components.guard(() => onAccepted(frame.payload))
        return
      }
      case 'late':
        // Its caller has given up; a token in it must not be lost all the same.
        if (frame.ok) void this.#components.keep?.(received.method, frame.payload)
        this.#ignoredCount += 1
        return
      default:
        this.#ignoredCount += 1
    }
  }

  #timeoutOf({ timeoutMs, expectFinal }: CallOptions): number | null {
    if (timeoutMs === null) return null
    if (timeoutMs === undefined) return expectFinal === true ? null : this.#options.requestTimeoutMs
    if (Number.isFinite(timeoutMs) && timeoutMs >= 1) return Math.min(timeoutMs, MAX_TIMER_MS)
    throw new ClientError('INVALID_OPTIONS', 'timeoutMs: expected a number of at least 1, or null for none')
  }

  #assertFits(sink: CallSink, method: string, text: string): void {
    const limit = sink.maxPayloadBytes
    if (text.length * UTF8_BYTES_PER_CHAR > limit && new TextEncoder().encode(text).length > limit) {
      throw new ClientError('PAYLOAD_TOO_LARGE', `${method}: the gateway accepts requests of at most ${limit} bytes`)
    }
    if (this.#book.isFull) {
      throw new ClientError('OVERLOADED', `${method}: ${this.#book.pendingCount} requests wait for an answer already`)
    }
    if (sink.bufferedBytes > this.#options.maxBufferedBytes) {
      throw new ClientError('OVERLOADED', `${method}: ${sink.bufferedBytes} bytes wait to be sent already`)
    }
  }

  #onAbort(id: string, method: string, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {}
    const onAbort = (): void => {
      const request = this.#book.take(id)
      if (request !== undefined) this.#reject(request, aborted(method, signal))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    return () => signal.removeEventListener('abort', onAbort)
  }

  #arm(deadlineAt: number): void {
    this.#timerAt = deadlineAt
    const afterMs = Math.max(0, deadlineAt - this.#components.clock.now())
    this.#components.deadlines.arm('request', afterMs, () => this.#expire())
  }

  #expire(): void {
    this.#timerAt = Infinity
    for (const request of this.#book.takeExpired(this.#components.clock.now())) {
      this.#reject(request, new ClientError('REQUEST_TIMEOUT', `${request.method}: no answer in time`))
    }
    const next = this.#book.nextDeadlineAt()
    if (next !== undefined) this.#arm(next)
  }

  #settle({ method, ticket }: PendingRequest<Ticket>, frame: ResponseFrame): void {
    ticket.release()
    if (!frame.ok) {
      ticket.reject(toRefusal(method, frame))
      return
    }
    const kept = this.#components.keep?.(method, frame.payload)
    if (kept === undefined) ticket.resolve(frame.payload)
    else void kept.then(() => ticket.resolve(frame.payload))
  }

  #reject(request: PendingRequest<Ticket>, error: ClientError): void {
    request.ticket.release()
    request.ticket.reject(error)
  }
}

/** Longest timer every platform can hold, in milliseconds. */
const MAX_TIMER_MS = 2_147_483_647

function toRefusal(method: string, { error: wire, payload }: ResponseFrame): ClientError {
  if (wire === undefined) return new ClientError('INVALID_RESPONSE', `${method}: a failed response without an error`)
  const facts = payload === undefined ? { wire } : { wire, payload }
  return new ClientError('REQUEST_REFUSED', foreignText(String(wire.message)), facts)
}

function encode(id: string, method: string, params: unknown): string {
  try {
    return encodeRequest(id, method, params)
  } catch (cause) {
    throw new ClientError('INVALID_OPTIONS', `${method}: the parameters are not JSON`, { cause })
  }
}

const aborted = (method: string, signal: AbortSignal): ClientError =>
  new ClientError('ABORTED', `${method}: aborted by the caller`, { cause: signal.reason })
