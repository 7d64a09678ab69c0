// Who waits for the answer to a pairing request, and answers that came before anybody asked. Bounded; an answer is
// remembered for as long as its request would have lived. Decides nothing and stores nothing.

import type { Clock, Timer } from '@breakwater/supervisor'

export type PairingAnswer = 'approved' | 'rejected' | 'expired'

export const PAIRING_WAIT_LIMITS = { waitersInAll: 512, waitersPerRequest: 8, rememberedAnswers: 1_024 } as const

export interface WaitOptions {
  /** Ends the wait with `undefined`: the caller has gone. */
  readonly signal?: AbortSignal
  /** Longest wait in milliseconds; undefined: for as long as the request lives. */
  readonly maxMs?: number
}

export interface AnsweredRequest {
  readonly requestId: string
  readonly deviceId: string
}

interface Waiter {
  settle(answer: PairingAnswer | undefined): void
}

export class PairingWaits {
  readonly #timers: Pick<Clock, 'setTimer' | 'clearTimer'>
  readonly #waiting = new Map<string, Set<Waiter>>()
  readonly #answers = new Map<string, { readonly deviceId: string; readonly answer: PairingAnswer }>()
  #count = 0
  /** Callers turned away because too many wait. */
  refusedCount = 0

  constructor({ timers }: { readonly timers: Pick<Clock, 'setTimer' | 'clearTimer'> }) {
    this.#timers = timers
  }

  get waitingCount(): number {
    return this.#count
  }

  /** The answer to a request that is no longer waiting, as far as it is remembered. */
  answerTo(requestId: string): { readonly deviceId: string; readonly answer: PairingAnswer } | undefined {
    return this.#answers.get(requestId)
  }

  answer({ requestId, deviceId }: AnsweredRequest, answer: PairingAnswer): void {
    this.#answers.delete(requestId)
    this.#answers.set(requestId, { deviceId, answer })
    if (this.#answers.size > PAIRING_WAIT_LIMITS.rememberedAnswers) {
      this.#answers.delete(this.#answers.keys().next().value ?? '')
    }
    for (const waiter of [...(this.#waiting.get(requestId) ?? [])]) waiter.settle(answer)
  }

  /** Resolves with the answer, or undefined when the wait ended without one; `full` when too many wait already. */
  wait(requestId: string, { signal, maxMs }: WaitOptions = {}): Promise<PairingAnswer | undefined> | 'full' {
    const known = this.#answers.get(requestId)
    if (known !== undefined) return Promise.resolve(known.answer)
    if (signal?.aborted) return Promise.resolve(undefined)
    const waiters = this.#waiting.get(requestId) ?? new Set()
    const { waitersInAll, waitersPerRequest } = PAIRING_WAIT_LIMITS
    if (this.#count >= waitersInAll || waiters.size >= waitersPerRequest) {
      this.refusedCount += 1
      return 'full'
    }
    this.#waiting.set(requestId, waiters)
    return this.#wait(requestId, waiters, signal, maxMs)
  }

  /** Ends every wait without an answer. */
  stop(): void {
    for (const waiters of [...this.#waiting.values()]) for (const waiter of [...waiters]) waiter.settle(undefined)
  }

  #wait(
    requestId: string,
    waiters: Set<Waiter>,
    signal: AbortSignal | undefined,
    maxMs: number | undefined,
  ): Promise<PairingAnswer | undefined> {
    const { promise, resolve } = Promise.withResolvers<PairingAnswer | undefined>()
    let timer: Timer | undefined
    const onAbort = () => waiter.settle(undefined)
    const waiter: Waiter = {
      settle: (answer) => {
        if (!waiters.delete(waiter)) return
        this.#count -= 1
        if (waiters.size === 0) this.#waiting.delete(requestId)
        if (timer !== undefined) this.#timers.clearTimer(timer)
        signal?.removeEventListener('abort', onAbort)
        resolve(answer)
      },
    }
    waiters.add(waiter)
    this.#count += 1
    if (maxMs !== undefined) timer = this.#timers.setTimer(() => waiter.settle(undefined), maxMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  }
}
