// The request book: which requests wait for an answer, and which were answered already. Pure bookkeeping: no socket,
// no timer, no promise. A ticket is whatever the owner wants back when a request leaves the book.
// Requests are entered when they are sent; nothing is queued for a later connection and nothing is ever replayed.

import { isRecord, type ResponseFrame } from '@breakwater/protocol'
import type { PendingKind } from './watchdog.ts'

export interface PendingRequest<T> {
  readonly id: string
  readonly method: string
  /** Wait for the final answer: responses whose payload says `status: "accepted"` do not settle it. */
  readonly expectFinal: boolean
  /** Clock time; undefined = none. */
  readonly deadlineAt: number | undefined
  readonly ticket: T
}

export type Received<T> =
  /** The answer; the request has left the book. */
  | { readonly kind: 'settled'; readonly request: PendingRequest<T> }
  /** An intermediate answer; the request stays. */
  | { readonly kind: 'accepted'; readonly request: PendingRequest<T> }
  /** A further answer to a request that is settled, cancelled or expired. */
  | { readonly kind: 'late'; readonly method: string }
  /** An id that was never used, or was forgotten. */
  | { readonly kind: 'unknown' }

export interface RequestBookLimits {
  /** Requests that may wait at once. */
  readonly maxPending: number
  /** Ids remembered after they were settled, to tell late answers from wrong ones. */
  readonly maxSettled: number
}

export class RequestBook<T> {
  readonly #limits: RequestBookLimits
  readonly #pending = new Map<string, PendingRequest<T>>()
  /** Methods by id. */
  readonly #settled = new Map<string, string>()
  #unboundedCount = 0

  constructor(limits: RequestBookLimits) {
    this.#limits = limits
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  get isFull(): boolean {
    return this.#pending.size >= this.#limits.maxPending
  }

  get pendingKind(): PendingKind {
    if (this.#pending.size === 0) return 'none'
    return this.#unboundedCount > 0 ? 'unbounded' : 'bounded'
  }

  /** False when the book is full or the id is in use; the request is not entered then. */
  add(request: PendingRequest<T>): boolean {
    if (this.isFull || this.#pending.has(request.id)) return false
    this.#pending.set(request.id, request)
    if (request.deadlineAt === undefined) this.#unboundedCount += 1
    return true
  }

  receive(frame: ResponseFrame): Received<T> {
    const request = this.#pending.get(frame.id)
    if (request === undefined) {
      const method = this.#settled.get(frame.id)
      return method === undefined ? { kind: 'unknown' } : { kind: 'late', method }
    }
    if (request.expectFinal && isAccepted(frame)) return { kind: 'accepted', request }
    this.#settle(request)
    return { kind: 'settled', request }
  }

  /** Takes a request out, e.g. because its caller gave up; undefined when it is not waiting. */
  take(id: string): PendingRequest<T> | undefined {
    const request = this.#pending.get(id)
    if (request !== undefined) this.#settle(request)
    return request
  }

  /** Takes out every request whose deadline is `nowMs` or earlier. */
  takeExpired(nowMs: number): readonly PendingRequest<T>[] {
    const expired = [...this.#pending.values()].filter(({ deadlineAt = Infinity }) => deadlineAt <= nowMs)
    for (const request of expired) this.#settle(request)
    return expired
  }

  /** Empties the book: the connection is gone, and with it every id. */
  takeAll(): readonly PendingRequest<T>[] {
    const all = [...this.#pending.values()]
    this.#pending.clear()
    this.#settled.clear()
    this.#unboundedCount = 0
    return all
  }

  /** The earliest deadline; undefined when no waiting request has one. */
  nextDeadlineAt(): number | undefined {
    let next: number | undefined
    for (const { deadlineAt } of this.#pending.values()) {
      if (deadlineAt !== undefined && (next === undefined || deadlineAt < next)) next = deadlineAt
    }
    return next
  }

  #settle(request: PendingRequest<T>): void {
    this.#pending.delete(request.id)
    if (request.deadlineAt === undefined) this.#unboundedCount -= 1
    this.#settled.set(request.id, request.method)
    if (this.#settled.size > this.#limits.maxSettled) {
      const [oldest] = this.#settled.keys()
      if (oldest !== undefined) this.#settled.delete(oldest)
    }
  }
}

const isAccepted = ({ ok, payload }: ResponseFrame): boolean => ok && isRecord(payload) && payload.status === 'accepted'
