// Starts handshakes at the pace the gateway can finish them: a bounded number of challenges is out at any time, the others
// wait in order. Only when the waiting work exceeds what clients wait for is a newcomer told to come back.

export interface PacerOptions {
  /** Challenges sent and not yet answered or given up. */
  readonly maxOutstanding: number
  /** Waiting work, in milliseconds of measured handshake cost, beyond which newcomers are refused. */
  readonly maxWaitingWorkMs: number
}

export const PACER_DEFAULTS: PacerOptions = { maxOutstanding: 64, maxWaitingWorkMs: 5_000 }

/** Weight of the newest handshake in the running cost average. */
const COST_WEIGHT = 0.05
const INITIAL_COST_MS = 1

/** A connection's turn. `release` is called exactly once, whatever became of the handshake. */
export interface Turn {
  release(): void
}

interface Waiter {
  readonly start: (turn: Turn) => void
  isCancelled: boolean
}

export class ChallengePacer {
  readonly #options: PacerOptions
  readonly #waiting: Waiter[] = []
  #outstanding = 0
  #isOpen = false
  #costMs = INITIAL_COST_MS
  /** Newcomers told to come back because too much work was waiting. */
  refusedCount = 0

  constructor(options: PacerOptions = PACER_DEFAULTS) {
    this.#options = options
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  get outstandingCount(): number {
    return this.#outstanding
  }

  /** Lets the first handshakes start; until then everybody waits (the gateway is still loading). */
  open(): void {
    this.#isOpen = true
    this.#startWaiting()
  }

  /** Tells what one handshake cost the event loop, in milliseconds. */
  recordCost(costMs: number): void {
    this.#costMs += COST_WEIGHT * (costMs - this.#costMs)
  }

  /**
   * Calls `start` now or in turn. Returns a function that gives the place up, or undefined when the caller must be
   * refused: more work is waiting than a client would wait for.
   */
  request(start: (turn: Turn) => void): (() => void) | undefined {
    if (this.#waiting.length * this.#costMs > this.#options.maxWaitingWorkMs) {
      this.refusedCount += 1
      return undefined
    }
    const waiter: Waiter = { start, isCancelled: false }
    this.#waiting.push(waiter)
    this.#startWaiting()
    return () => {
      waiter.isCancelled = true
    }
  }

  #startWaiting(): void {
    while (this.#isOpen && this.#outstanding < this.#options.maxOutstanding) {
      const waiter = this.#waiting.shift()
      if (waiter === undefined) return
      if (waiter.isCancelled) continue
      this.#outstanding += 1
      waiter.start(this.#turn())
    }
  }

  #turn(): Turn {
    let isReleased = false
    return {
      release: () => {
        if (isReleased) return
        isReleased = true
        this.#outstanding -= 1
        this.#startWaiting()
      },
    }
  }
}
