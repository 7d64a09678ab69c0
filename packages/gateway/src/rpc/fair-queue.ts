// Shares the event loop between callers: a burst from one device waits behind one turn of everybody else's requests.
// A caller without waiting work runs at once, so the common case costs a map look-up. Order within a caller is kept.
// A turn is only ever scheduled by a start, by a finish that lets somebody on, or by a job that became ready: a queue in
// which nothing can start is silent.

import { Fifo } from '../fifo.ts'

export interface FairQueueOptions {
  /** Requests of one owner that may start in one turn of the event loop. */
  readonly startsPerTurn: number
  /** Requests of one owner whose handlers may be running at the same time. */
  readonly runningPerOwner: number
  /** Requests of one owner that may wait; further ones are refused as busy. */
  readonly waitingPerOwner: number
  /** Waiting requests of all owners together. */
  readonly waitingInAll: number
  /** Bytes of waiting requests of all owners together. */
  readonly waitingBytesInAll: number
  /** An owner with more waiting requests than this is no longer read from; at half of it reading resumes. */
  readonly pauseReadingAbove: number
}

export const FAIR_QUEUE_DEFAULTS: FairQueueOptions = {
  startsPerTurn: 64,
  runningPerOwner: 1_024,
  waitingPerOwner: 4_096,
  waitingInAll: 16_384,
  waitingBytesInAll: 52_428_800,
  pauseReadingAbove: 256,
}

/** One request: runs to completion, or returns a promise of it. Never throws and never rejects. */
export interface FairJob {
  readonly bytes: number
  /**
   * What has to be loaded before the job can run, undefined when nothing. Later jobs of the same owner wait with it, or
   * they would overtake. Asked once; however it settles, the job runs then.
   */
  prepare?(): Promise<void> | undefined
  run(): void | Promise<void>
}

interface Owner {
  readonly key: string
  readonly waiting: Fifo<FairJob>
  running: number
  startedInTurn: number
  isPaused: boolean
  /** The first waiting job, while and after it is being prepared. */
  preparing: FairJob | undefined
  isBlocked: boolean
}

export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #onPause: (ownerKey: string, isPaused: boolean) => void
  /** Those with work waiting, running, or started in this turn. */
  readonly #owners = new Map<string, Owner>()
  readonly #backlog = new Set<Owner>()
  readonly #startedInTurn = new Set<Owner>()
  #waitingCount = 0
  #waitingBytes = 0
  #turn: NodeJS.Immediate | undefined
  /** Requests refused because too much was waiting. */
  refusedCount = 0

  constructor(
    components: { readonly onPause: (ownerKey: string, isPaused: boolean) => void },
    options: FairQueueOptions = FAIR_QUEUE_DEFAULTS,
  ) {
    this.#onPause = components.onPause
    this.#options = options
  }

  get waitingCount(): number {
    return this.#waitingCount
  }

  /** Whether requests of the owner have not started yet. */
  isWaiting(ownerKey: string): boolean {
    return (this.#owners.get(ownerKey)?.waiting.size ?? 0) > 0
  }

  /** Owners the queue remembers; none once everything has run. */
  get ownerCount(): number {
    return this.#owners.size
  }

  /** False when too much is waiting already: the caller answers `BUSY`. */
  submit(ownerKey: string, job: FairJob): boolean {
    const owner = this.#owner(ownerKey)
    if (owner.waiting.size === 0 && this.#mayStart(owner) && this.#isPrepared(owner, job)) {
      this.#start(owner, job)
      return true
    }
    if (!this.#mayWait(owner, job)) {
      this.refusedCount += 1
      this.#forgetIfIdle(owner)
      return false
    }
    owner.waiting.push(job)
    this.#backlog.add(owner)
    this.#waitingCount += 1
    this.#waitingBytes += job.bytes
    if (!owner.isPaused && owner.waiting.size > this.#options.pauseReadingAbove) this.#setPaused(owner, true)
    return true
  }

  #owner(key: string): Owner {
    let owner = this.#owners.get(key)
    if (owner === undefined) {
      owner = {
        key,
        waiting: new Fifo(),
        running: 0,
        startedInTurn: 0,
        isPaused: false,
        preparing: undefined,
        isBlocked: false,
      }
      this.#owners.set(key, owner)
    }
    return owner
  }

  #mayStart(owner: Owner): boolean {
    const { startsPerTurn, runningPerOwner } = this.#options
    return !owner.isBlocked && owner.startedInTurn < startsPerTurn && owner.running < runningPerOwner
  }

  #mayWait(owner: Owner, job: FairJob): boolean {
    return (
      owner.waiting.size < this.#options.waitingPerOwner &&
      this.#waitingCount < this.#options.waitingInAll &&
      this.#waitingBytes + job.bytes <= this.#options.waitingBytesInAll
    )
  }

  #isPrepared(owner: Owner, job: FairJob): boolean {
    if (owner.preparing === job) return true
    const preparation = job.prepare?.()
    if (preparation === undefined) return true
    owner.preparing = job
    owner.isBlocked = true
    const proceed = (): void => {
      owner.isBlocked = false
      this.#scheduleTurn()
    }
    preparation.then(proceed, proceed)
    return false
  }

  #start(owner: Owner, job: FairJob): void {
    owner.preparing = undefined
    owner.startedInTurn += 1
    this.#startedInTurn.add(owner)
    this.#scheduleTurn()
    const finished = job.run()
    if (finished === undefined) return
    owner.running += 1
    const finish = (): void => {
      owner.running -= 1
      if (owner.waiting.size > 0) this.#scheduleTurn()
      else this.#forgetIfIdle(owner)
    }
    finished.then(finish, finish)
  }

  /** A new turn: every owner may start again, in the order they came, a share each. */
  #takeTurn(): void {
    this.#turn = undefined
    for (const owner of this.#startedInTurn) {
      owner.startedInTurn = 0
      this.#forgetIfIdle(owner)
    }
    this.#startedInTurn.clear()
    for (const owner of this.#backlog) this.#startWaiting(owner)
  }

  #startWaiting(owner: Owner): void {
    for (let job = owner.waiting.peek(); job !== undefined; job = owner.waiting.peek()) {
      if (!this.#mayStart(owner) || !this.#isPrepared(owner, job)) break
      owner.waiting.shift()
      this.#waitingCount -= 1
      this.#waitingBytes -= job.bytes
      this.#start(owner, job)
    }
    if (owner.waiting.size === 0) this.#backlog.delete(owner)
    if (owner.isPaused && owner.waiting.size <= this.#options.pauseReadingAbove / 2) this.#setPaused(owner, false)
  }

  #forgetIfIdle(owner: Owner): void {
    if (owner.waiting.size === 0 && owner.running === 0 && owner.startedInTurn === 0) this.#owners.delete(owner.key)
  }

  #setPaused(owner: Owner, isPaused: boolean): void {
    owner.isPaused = isPaused
    this.#onPause(owner.key, isPaused)
  }

  #scheduleTurn(): void {
    this.#turn ??= setImmediate(() => this.#takeTurn())
  }
}
