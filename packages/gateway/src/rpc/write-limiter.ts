// Limits configuration-type writes per method and caller: 30 a minute, failed attempts included (protocol notes section 5).

const LIMIT = 30
const WINDOW_MS = 60_000
const MAX_CALLERS = 4_096

export class WriteLimiter {
  readonly #nowMs: () => number
  readonly #calls = new Map<string, number[]>()

  constructor(components: { readonly nowMs: () => number }) {
    this.#nowMs = components.nowMs
  }

  /** Counts one call. Returns how long to wait when the limit is reached, undefined when the call may go on. */
  take(method: string, caller: string): number | undefined {
    const key = `${caller}\n${method}`
    const now = this.#nowMs()
    // A clock that was set back must not keep callers out for longer than the window.
    const recent = (this.#calls.get(key) ?? []).filter((at) => Math.abs(now - at) < WINDOW_MS)
    if (recent.length >= LIMIT) return Math.min(WINDOW_MS, WINDOW_MS - (now - (recent[0] ?? now)))
    recent.push(now)
    this.#calls.delete(key)
    this.#calls.set(key, recent)
    if (this.#calls.size > MAX_CALLERS) this.#calls.delete(this.#calls.keys().next().value ?? key)
    return undefined
  }
}
