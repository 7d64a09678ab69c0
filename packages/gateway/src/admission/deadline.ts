// The deadline of one connection's way to hello-ok, leg by leg (law 4): it measures the peer's silence, never our own stall.
// Timers fire before pending reads after a freeze, so an expiry first lets the loop poll, then judges.

import type { StallClock } from '../observe/stall-clock.ts'

/** The legs a connection walks; each gets the tier's time anew. */
export type Leg = 'tls' | 'upgrade' | 'connect'

export interface Tier {
  /** Silence allowed in one leg, in milliseconds. */
  readonly legMs: number
  /** Responsive time allowed from accept to hello in all. */
  readonly totalMs: number
}

/** Nothing is extended beyond this much responsive time, whatever the tier says. */
export const RESPONSIVE_CAP_MS = 60_000
/** A shorter stall than this is no excuse. */
const EXCUSED_STALL_MS = 50
/** A peer whose bytes just arrived gets this much time for the rest of them. */
const PROGRESS_GRACE_MS = 50

export interface ExpiryFacts {
  /** How long the loop was held up since the leg's timer was armed. */
  readonly stalledMs: number
  /** Bytes arrived while the loop polled after the timer had fired. */
  readonly hasProgressed: boolean
  /** Time since accept without stalls and without the time we held the peer back. */
  readonly responsiveMs: number
  readonly tier: Tier
}

/** What a fired timer means: how long to wait on, or undefined when the leg is over. */
export function judgeExpiry({ stalledMs, hasProgressed, responsiveMs, tier }: ExpiryFacts): number | undefined {
  const leftMs = Math.min(RESPONSIVE_CAP_MS, tier.totalMs) - responsiveMs
  if (leftMs <= 0) return undefined
  if (stalledMs > EXCUSED_STALL_MS) return Math.min(stalledMs, tier.legMs)
  if (hasProgressed) return Math.min(PROGRESS_GRACE_MS, leftMs)
  return undefined
}

export interface DeadlineComponents {
  readonly clock: StallClock
  /** Bytes received from the peer so far. */
  readonly receivedBytes: () => number
  readonly onExpired: (leg: Leg, legMs: number) => void
}

export class HandshakeDeadline {
  readonly #clock: StallClock
  readonly #receivedBytes: () => number
  readonly #onExpired: (leg: Leg, legMs: number) => void
  readonly #acceptedAt: number
  readonly #stalledMsAtAccept: number
  #tier: Tier
  #leg: Leg
  #timer: NodeJS.Timeout | undefined
  #armedAt = 0
  #stalledMsAtArm = 0
  #heldSince: number | undefined
  #heldMs = 0
  /** Grows with every arming; a judgement of an older one is void. */
  #generation = 0

  constructor({ clock, receivedBytes, onExpired }: DeadlineComponents, tier: Tier, leg: Leg) {
    this.#clock = clock
    this.#receivedBytes = receivedBytes
    this.#onExpired = onExpired
    this.#tier = tier
    this.#leg = leg
    this.#acceptedAt = clock.now()
    this.#stalledMsAtAccept = clock.stalledMs()
    this.#arm(tier.legMs)
  }

  get leg(): Leg {
    return this.#leg
  }

  /** Starts the next leg with its full time. */
  enter(leg: Leg): void {
    this.#leg = leg
    this.#release()
    this.#arm(this.#tier.legMs)
  }

  /** From here on it is we who make the peer wait; nothing runs out until the next `enter`. */
  hold(): void {
    this.#heldSince ??= this.#clock.now()
    this.#disarm()
  }

  /** A stricter tier applies at once; a laxer one is ignored. */
  shorten(tier: Tier): void {
    if (tier.legMs >= this.#tier.legMs) return
    this.#tier = tier
    if (this.#timer !== undefined) this.#arm(Math.max(0, tier.legMs - (this.#clock.now() - this.#armedAt)))
  }

  finish(): void {
    this.#disarm()
  }

  #arm(ms: number): void {
    this.#disarm()
    this.#armedAt = this.#clock.now()
    this.#stalledMsAtArm = this.#clock.stalledMs()
    this.#timer = setTimeout(() => this.#fired(this.#generation), ms)
  }

  #disarm(): void {
    this.#generation += 1
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #release(): void {
    if (this.#heldSince === undefined) return
    this.#heldMs += this.#clock.now() - this.#heldSince
    this.#heldSince = undefined
  }

  #fired(generation: number): void {
    const bytesBefore = this.#receivedBytes()
    // `setImmediate` runs after this turn's poll phase: whatever the peer had sent is read by then.
    setImmediate(() => {
      if (generation === this.#generation) this.#judge(this.#receivedBytes() !== bytesBefore)
    })
  }

  #judge(hasProgressed: boolean): void {
    const stalledInAllMs = this.#clock.stalledMs()
    const extensionMs = judgeExpiry({
      stalledMs: stalledInAllMs - this.#stalledMsAtArm,
      hasProgressed,
      responsiveMs: this.#clock.now() - this.#acceptedAt - this.#heldMs - (stalledInAllMs - this.#stalledMsAtAccept),
      tier: this.#tier,
    })
    if (extensionMs !== undefined) return this.#arm(extensionMs)
    this.#disarm()
    this.#onExpired(this.#leg, this.#tier.legMs)
  }
}
