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

/** Responsive time a connection has left in all. */
export const timeLeftMs = ({ responsiveMs, tier }: Pick<ExpiryFacts, 'responsiveMs' | 'tier'>): number =>
  Math.min(RESPONSIVE_CAP_MS, tier.totalMs) - responsiveMs

/** What a fired timer means: how long to wait on, or undefined when the leg is over. */
export function judgeExpiry({ stalledMs, hasProgressed, responsiveMs, tier }: ExpiryFacts): number | undefined {
  const leftMs = timeLeftMs({ responsiveMs, tier })
  if (leftMs <= 0) return undefined
  if (stalledMs > EXCUSED_STALL_MS) return Math.min(stalledMs, tier.legMs, leftMs)
  if (hasProgressed) return Math.min(PROGRESS_GRACE_MS, leftMs)
  return undefined
}

export type DeadlineClock = Pick<StallClock, 'now' | 'stalledMs'>

export interface DeadlineComponents {
  readonly clock: DeadlineClock
  /** Bytes received from the peer so far. */
  readonly receivedBytes: () => number
  readonly onExpired: (leg: Leg, legMs: number) => void
}

export class HandshakeDeadline {
  readonly #clock: DeadlineClock
  readonly #receivedBytes: () => number
  readonly #onExpired: (leg: Leg, legMs: number) => void
  /** On the clock that stands still while the loop does. */
  readonly #acceptedAwakeAt: number
  #tier: Tier
  #leg: Leg
  #timer: NodeJS.Timeout | undefined
  #legStartedAt = 0
  #dueAt = 0
  #stalledMsAtArm = 0
  #heldSinceAwake: number | undefined
  #heldMs = 0
  /** Grows with every arming; a judgement of an older one is void. */
  #generation = 0

  constructor({ clock, receivedBytes, onExpired }: DeadlineComponents, tier: Tier, leg: Leg) {
    this.#clock = clock
    this.#receivedBytes = receivedBytes
    this.#onExpired = onExpired
    this.#tier = tier
    this.#leg = leg
    this.#acceptedAwakeAt = this.#awakeNow()
    this.#startLeg()
  }

  get leg(): Leg {
    return this.#leg
  }

  /** Starts the next leg with its full time, as far as the time allowed in all reaches. */
  enter(leg: Leg): void {
    this.#leg = leg
    if (this.#heldSinceAwake !== undefined) {
      this.#heldMs += this.#awakeNow() - this.#heldSinceAwake
      this.#heldSinceAwake = undefined
    }
    this.#startLeg()
  }

  /** From here on it is we who make the peer wait; nothing runs out until the next `enter`. */
  hold(): void {
    this.#heldSinceAwake ??= this.#awakeNow()
    this.#disarm()
  }

  /** Takes the stricter of each limit, at once; what is laxer than before is ignored. */
  shorten({ legMs, totalMs }: Tier): void {
    this.#tier = { legMs: Math.min(legMs, this.#tier.legMs), totalMs: Math.min(totalMs, this.#tier.totalMs) }
    if (this.#timer === undefined) return
    const now = this.#clock.now()
    const dueAt = Math.min(this.#legStartedAt + this.#tier.legMs, now + this.#leftMs())
    // The stall since the leg's arming stays an excuse.
    if (dueAt < this.#dueAt) this.#setTimer(dueAt - now)
  }

  finish(): void {
    this.#disarm()
  }

  #startLeg(): void {
    this.#legStartedAt = this.#clock.now()
    this.#arm(Math.min(this.#tier.legMs, this.#leftMs()))
  }

  #arm(ms: number): void {
    this.#stalledMsAtArm = this.#clock.stalledMs()
    this.#setTimer(ms)
  }

  #setTimer(ms: number): void {
    this.#disarm()
    const waitMs = Math.max(0, ms)
    this.#dueAt = this.#clock.now() + waitMs
    const generation = this.#generation
    this.#timer = setTimeout(() => this.#fired(generation), waitMs)
  }

  #disarm(): void {
    this.#generation += 1
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Time in which the loop ran. */
  #awakeNow(): number {
    const stalledMs = this.#clock.stalledMs()
    return this.#clock.now() - stalledMs
  }

  #responsiveMs(): number {
    return this.#awakeNow() - this.#acceptedAwakeAt - this.#heldMs
  }

  #leftMs(): number {
    return timeLeftMs({ responsiveMs: this.#responsiveMs(), tier: this.#tier })
  }

  #fired(generation: number): void {
    const bytesBefore = this.#receivedBytes()
    // `setImmediate` runs after this turn's poll phase: whatever the peer had sent is read by then.
    setImmediate(() => {
      if (generation === this.#generation) this.#judge(this.#receivedBytes() !== bytesBefore)
    })
  }

  #judge(hasProgressed: boolean): void {
    const extensionMs = judgeExpiry({
      stalledMs: this.#clock.stalledMs() - this.#stalledMsAtArm,
      hasProgressed,
      responsiveMs: this.#responsiveMs(),
      tier: this.#tier,
    })
    if (extensionMs !== undefined) {
      this.#arm(extensionMs)
      return
    }
    this.#disarm()
    this.#onExpired(this.#leg, this.#tier.legMs)
  }
}
