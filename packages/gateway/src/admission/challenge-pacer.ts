// Starts handshakes at the pace the gateway can finish them: a bounded number of challenges is out at any time, the others
// wait in order. Only when the waiting work exceeds what clients wait for is a newcomer told to come back.

export interface PacerOptions {
  /** Challenges sent and not yet answered or given up. */
  readonly maxOutstanding: number
  /** Waiting work, in milliseconds of measured handshake cost, beyond which newcomers are refused. */
  readonly maxWaitingWorkMs: number
  /** Connections that may wait however cheap handshakes are. */
  readonly maxWaiting: number
}

export const PACER_DEFAULTS: PacerOptions = { maxOutstanding: 64, maxWaitingWorkMs: 5_000, maxWaiting: 16_384 }

/** Weight of the newest handshake in the running cost average. */
const COST_WEIGHT = 0.05
const INITIAL_COST_MS = 1

/** A connection's turn. Released however the handshake ends; releasing it again does nothing. */
export interface Turn {
  release(): void
}

type Waiter = { readonly start: (turn: Turn) => void }

export class ChallengePacer {
  readonly #options: PacerOptions
  /** In order of arrival. A set: whoever gives up leaves at once, from anywhere in the line. */
  readonly #waiting = new Set<Waiter>()
  #outstanding = 0
  #isOpen = false
  #isStarting = false
  #costMs = INITIAL_COST_MS
  /** Newcomers told to come back because too much work was waiting. */
  refusedCount = 0

  constructor(options: PacerOptions = PACER_DEFAULTS) {
    this.#options = options
  }

  /** Connections waiting for their turn. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  get outstandingCount(): number {
    return this.#outstanding
  }

  /** Running average of what one handshake costs the event loop, in milliseconds. */
  get costMs(): number {
    return this.#costMs
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
    const { maxWaiting, maxWaitingWorkMs } = this.#options
    if (this.#waiting.size >= maxWaiting || this.#waiting.size * this.#costMs > maxWaitingWorkMs) {
      this.refusedCount += 1
      return undefined
    }
    const waiter: Waiter = { start }
    this.#waiting.add(waiter)
    this.#startWaiting()
    return () => {
      this.#waiting.delete(waiter)
    }
  }

  /** A loop, not a recursion: a turn that is released at once (its socket has gone) lets the next one start here. */
  #startWaiting(): void {
    if (this.#isStarting || !this.#isOpen) return
    this.#isStarting = true
    try {
      for (const waiter of this.#waiting) {
        if (this.#outstanding >= this.#options.maxOutstanding) return
        this.#waiting.delete(waiter)
        this.#outstanding += 1
        waiter.start(this.#turn())
      }
    } finally {
      this.#isStarting = false
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
