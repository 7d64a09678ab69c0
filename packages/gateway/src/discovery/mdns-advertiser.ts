// Keeps the gateway announced over multicast DNS: starts an announcement, looks after it, and begins anew when it got
// stuck or lost. Best effort: nothing else waits for it, and no network is no fault.

import type { Clock, Timer } from '@breakwater/supervisor'
import type { Logger } from '../observe/logger.ts'
import type { Announcement } from './announcement.ts'
import { isWorthALine, judgeMdns, MDNS_WATCH, type MdnsState, retryAfterMs } from './mdns-watch.ts'

/** One announcement on the network. */
export interface MdnsService {
  readonly state: MdnsState
  /** Resolves when it is announced; may take for ever. Rejects when the network refuses. */
  advertise(): Promise<void>
  /** Says goodbye and lets the sockets go. */
  end(): Promise<void>
}

export type OpenMdns = (announcement: Announcement) => Promise<MdnsService>

export interface MdnsAdvertiserComponents {
  readonly open: OpenMdns
  readonly clock: Clock
  readonly log: Logger
}

/** Saying goodbye must not hold up a stop. */
const END_WITHIN_MS = 1_000

interface Running {
  readonly service: MdnsService
  /** On the clock; when it was opened, or last seen announced. */
  sinceMs: number
  announcedAtMs: number | undefined
}

export class MdnsAdvertiser {
  readonly #components: MdnsAdvertiserComponents
  #wanted: Announcement | undefined
  #running: Running | undefined
  #timer: Timer | undefined
  /** A late answer of an older attempt changes nothing. */
  #generation = 0
  #failures = 0
  /** Announcements that were begun anew. */
  restartCount = 0

  constructor(components: MdnsAdvertiserComponents) {
    this.#components = components
  }

  get isAnnounced(): boolean {
    return this.#running?.service.state === 'announced'
  }

  /** Announces this from now on; undefined: nothing. */
  async update(announcement: Announcement | undefined): Promise<void> {
    if (JSON.stringify(announcement) === JSON.stringify(this.#wanted)) return
    this.#wanted = announcement
    this.#failures = 0
    await this.#end()
    if (announcement !== undefined) await this.#begin()
  }

  stop(): Promise<void> {
    this.#wanted = undefined
    return this.#end()
  }

  async #begin(): Promise<void> {
    const { open, clock } = this.#components
    const generation = this.#generation
    const wanted = this.#wanted
    if (wanted === undefined) return
    try {
      const service = await open(wanted)
      if (generation !== this.#generation) {
        await endQuietly(service, clock)
        return
      }
      this.#running = { service, sinceMs: clock.now(), announcedAtMs: undefined }
      service.advertise().catch((error: unknown) => {
        if (generation === this.#generation) this.#fail(String(error))
      })
      this.#lookLater(MDNS_WATCH.lookEveryMs)
    } catch (error) {
      if (generation === this.#generation) this.#fail(String(error))
    }
  }

  #look(): void {
    const running = this.#running
    if (running === undefined) return
    const now = this.#components.clock.now()
    const { state } = running.service
    if (state === 'announced') this.#noteAnnounced(running, now)
    if (judgeMdns(state, now - running.sinceMs) === 'again') this.#fail(`stuck in ${state}`)
    else this.#lookLater(MDNS_WATCH.lookEveryMs)
  }

  #noteAnnounced(running: Running, now: number): void {
    if (running.announcedAtMs === undefined) {
      running.announcedAtMs = now
      const { name, port } = this.#wanted ?? {}
      this.#components.log.info('announced on the local network', { name, port })
    } else if (now - running.announcedAtMs >= MDNS_WATCH.healthyAfterMs) this.#failures = 0
    running.sinceMs = now
  }

  #fail(problem: string): void {
    this.#failures += 1
    this.restartCount += 1
    const afterMs = retryAfterMs(this.#failures)
    if (isWorthALine(this.#failures)) {
      this.#components.log.warn('cannot be announced on the local network; trying again', {
        problem,
        failures: this.#failures,
        afterMs,
        nextStep: 'breakwater config set discovery.mdns.enabled false turns the announcement off',
      })
    }
    const generation = this.#generation + 1
    void this.#end().then(() => {
      if (generation === this.#generation) this.#later(afterMs, () => void this.#begin())
    })
  }

  #lookLater(afterMs: number): void {
    this.#later(afterMs, () => this.#look())
  }

  #later(afterMs: number, run: () => void): void {
    const { clock } = this.#components
    if (this.#timer !== undefined) clock.clearTimer(this.#timer)
    const timer = clock.setTimer(run, afterMs)
    // Nobody stays up for an announcement.
    if (typeof timer === 'object') timer.unref()
    this.#timer = timer
  }

  async #end(): Promise<void> {
    this.#generation += 1
    if (this.#timer !== undefined) this.#components.clock.clearTimer(this.#timer)
    this.#timer = undefined
    const running = this.#running
    this.#running = undefined
    if (running !== undefined) await endQuietly(running.service, this.#components.clock)
  }
}

/** A goodbye that fails or takes too long is none: the records expire by themselves. */
async function endQuietly(service: MdnsService, clock: Clock): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = clock.setTimer(() => late.resolve(), END_WITHIN_MS)
  await Promise.race([service.end().catch(() => undefined), late.promise])
  clock.clearTimer(timer)
}
