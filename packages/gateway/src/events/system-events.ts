// Short notes for a session's next turn, left by operators (`system-event`, `wake`) and by the gateway itself.
// In memory, bounded and lossy: a note is a hint for the agent, not a record. Delivering them is the agent run's work.

import type { Clock } from '../observe/clock.ts'

export interface SystemEvent {
  readonly sessionKey: string
  readonly text: string
  readonly atMs: number
}

const MAX_PER_SESSION = 20
const MAX_SESSIONS = 256

export class SystemEvents {
  readonly #clock: Clock
  /** Sessions in order of their newest note, so that the one left alone longest goes first. */
  readonly #bySession = new Map<string, SystemEvent[]>()
  /** Notes that made room for newer ones. */
  droppedCount = 0

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /** Queues a note; one that repeats the newest note of its session is not queued again. */
  enqueue(sessionKey: string, text: string): void {
    const queue = this.#bySession.get(sessionKey) ?? []
    if (queue.at(-1)?.text === text) return
    queue.push({ sessionKey, text, atMs: this.#clock.nowMs() })
    if (queue.length > MAX_PER_SESSION) {
      queue.shift()
      this.droppedCount += 1
    }
    this.#bySession.delete(sessionKey)
    this.#bySession.set(sessionKey, queue)
    if (this.#bySession.size > MAX_SESSIONS) this.#dropOldestSession()
  }

  /** Takes everything a session has waiting, oldest first. */
  drain(sessionKey: string): readonly SystemEvent[] {
    const queue = this.#bySession.get(sessionKey) ?? []
    this.#bySession.delete(sessionKey)
    return queue
  }

  /** Everything waiting, grouped by session; nothing is taken. */
  pending(): readonly SystemEvent[] {
    return [...this.#bySession.values()].flat()
  }

  #dropOldestSession(): void {
    for (const [sessionKey, queue] of this.#bySession) {
      this.#bySession.delete(sessionKey)
      this.droppedCount += queue.length
      return
    }
  }
}
