// Shares the event loop between callers: a burst from one device waits behind one turn of everybody else's requests.
// A caller without waiting work runs at once, so the common case costs a map look-up. Order within a caller is kept.

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
  run(): void | Promise<void>
}

interface Owner {
  readonly key: string
  readonly waiting: FairJob[]
  running: number
  startedInTurn: number
  isPaused: boolean
}

export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #onPause: (ownerKey: string, isPaused: boolean) => void
  readonly #owners = new Map<string, Owner>()
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

  /** False when too much is waiting already: the caller answers `BUSY`. */
  submit(ownerKey: string, job: FairJob): boolean {
    const owner = this.#owner(ownerKey)
    if (owner.waiting.length === 0 && this.#mayStart(owner)) {
      this.#start(owner, job)
      return true
    }
    if (!this.#mayWait(owner, job)) {
      this.refusedCount += 1
      return false
    }
    owner.waiting.push(job)
    this.#waitingCount += 1
    this.#waitingBytes += job.bytes
    if (!owner.isPaused && owner.waiting.length > this.#options.pauseReadingAbove) this.#setPaused(owner, true)
    this.#scheduleTurn()
    return true
  }

  #owner(key: string): Owner {
    let owner = this.#owners.get(key)
    if (owner === undefined) {
      owner = { key, waiting: [], running: 0, startedInTurn: 0, isPaused: false }
      this.#owners.set(key, owner)
      this.#scheduleTurn()
    }
    return owner
  }

  #mayStart(owner: Owner): boolean {
    return owner.startedInTurn < this.#options.startsPerTurn && owner.running < this.#options.runningPerOwner
  }

  #mayWait(owner: Owner, job: FairJob): boolean {
    return (
      owner.waiting.length < this.#options.waitingPerOwner &&
      this.#waitingCount < this.#options.waitingInAll &&
      this.#waitingBytes + job.bytes <= this.#options.waitingBytesInAll
    )
  }

  #start(owner: Owner, job: FairJob): void {
    owner.startedInTurn += 1
    const finished = job.run()
    if (finished === undefined) return
    owner.running += 1
    void finished.finally(() => {
      owner.running -= 1
      this.#scheduleTurn()
    })
  }

  /** A new turn: every owner may start again, in the order they came, a share each. */
  #takeTurn(): void {
    this.#turn = undefined
    for (const owner of this.#owners.values()) owner.startedInTurn = 0
    for (const owner of this.#owners.values()) {
      while (owner.waiting.length > 0 && this.#mayStart(owner)) this.#startWaiting(owner)
      if (owner.isPaused && owner.waiting.length <= this.#options.pauseReadingAbove / 2) this.#setPaused(owner, false)
      if (owner.waiting.length === 0 && owner.running === 0 && owner.startedInTurn === 0) this.#owners.delete(owner.key)
    }
    if (this.#waitingCount > 0 && this.#canAnyStartNextTurn()) this.#scheduleTurn()
    else if (this.#owners.size > 0 && this.#hasIdleOwners()) this.#scheduleTurn()
  }

  #startWaiting(owner: Owner): void {
    const job = owner.waiting.shift()
    if (job === undefined) return
    this.#waitingCount -= 1
    this.#waitingBytes -= job.bytes
    this.#start(owner, job)
  }

  #canAnyStartNextTurn(): boolean {
    for (const owner of this.#owners.values()) {
      if (owner.waiting.length > 0 && owner.running < this.#options.runningPerOwner) return true
    }
    return false
  }

  #hasIdleOwners(): boolean {
    for (const owner of this.#owners.values()) if (owner.waiting.length === 0 && owner.running === 0) return true
    return false
  }

  #setPaused(owner: Owner, isPaused: boolean): void {
    owner.isPaused = isPaused
    this.#onPause(owner.key, isPaused)
  }

  #scheduleTurn(): void {
    this.#turn ??= setImmediate(() => this.#takeTurn())
  }
}
