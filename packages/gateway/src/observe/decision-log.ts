// What was last decided about each device that tried to connect, for whoever asks why it cannot. In memory only, newest
// kept: a device that asks over and over is one entry with a count. Devices the gateway knows are kept apart from
// strangers, and what was proven apart from what was only claimed: a stranger can neither push out nor fill up the
// record of a device of yours.

import type { Clock } from './clock.ts'

/** One connection attempt and its outcome. */
export interface AdmissionAttempt {
  /** As the device says; believed only when proven. */
  readonly deviceId: string
  /** The key of that id signed this very connection. */
  readonly isProven: boolean
  /** `admitted`, or the name of the refusal. */
  readonly cause: string
  readonly message: string
  readonly nextCommand?: string
  readonly requestId?: string
  readonly role: string
  readonly scopes: readonly string[]
  /** Client id and mode. */
  readonly client: string
  readonly name?: string
  readonly remoteIp?: string
  /** How far the device's clock is ahead of ours, in milliseconds. */
  readonly clockAheadMs: number
}

export interface DeviceDecision extends AdmissionAttempt {
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** Attempts in a row with this outcome. */
  readonly count: number
}

export const DECISION_LIMITS = {
  /** Entries per device of what was proven, and of what was only claimed. */
  perDevice: 20,
  claimedPerDevice: 10,
  /** Devices that are paired or wait, and strangers; the one not heard of for the longest makes room. */
  knownDevices: 2_048,
  strangers: 256,
  textChars: 200,
} as const

interface Entries {
  proven: DeviceDecision[]
  claimed: DeviceDecision[]
}

export class DecisionLog {
  readonly #clock: Clock
  readonly #known = new Map<string, Entries>()
  readonly #strangers = new Map<string, Entries>()

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock
  }

  /** `isKnown`: the device is paired with this gateway or has a request waiting. */
  note(attempt: AdmissionAttempt, isKnown: boolean): void {
    const { deviceId, isProven } = attempt
    const entries = this.#entriesOf(deviceId, isKnown)
    const list = isProven ? entries.proven : entries.claimed
    const last = list.at(-1)
    const atMs = this.#clock.nowMs()
    if (last !== undefined && isSame(last, attempt)) {
      list[list.length - 1] = { ...last, lastAtMs: atMs, count: last.count + 1, clockAheadMs: attempt.clockAheadMs }
      return
    }
    list.push({ ...cut(attempt), firstAtMs: atMs, lastAtMs: atMs, count: 1 })
    if (list.length > (isProven ? DECISION_LIMITS.perDevice : DECISION_LIMITS.claimedPerDevice)) list.shift()
  }

  /** Of devices whose id begins so, who call themselves so, or who came from that address; oldest first. */
  about(text: string): readonly DeviceDecision[] {
    const wanted = text.toLowerCase()
    const fits = ({ deviceId, name, remoteIp }: DeviceDecision): boolean =>
      deviceId.startsWith(wanted) || name?.toLowerCase() === wanted || remoteIp === wanted
    return [...this.#known.values(), ...this.#strangers.values()]
      .flatMap(({ proven, claimed }) => [...proven, ...claimed])
      .filter(fits)
      .sort((a, b) => a.lastAtMs - b.lastAtMs)
  }

  /** Moves a device to the other side when it became known, or is known no more. */
  #entriesOf(deviceId: string, isKnown: boolean): Entries {
    const [to, from] = isKnown ? [this.#known, this.#strangers] : [this.#strangers, this.#known]
    const entries = to.get(deviceId) ?? from.get(deviceId) ?? { proven: [], claimed: [] }
    from.delete(deviceId)
    to.delete(deviceId)
    to.set(deviceId, entries)
    const max = isKnown ? DECISION_LIMITS.knownDevices : DECISION_LIMITS.strangers
    if (to.size > max) to.delete(to.keys().next().value ?? deviceId)
    return entries
  }
}

const isSame = (last: DeviceDecision, next: AdmissionAttempt): boolean =>
  last.cause === next.cause &&
  last.requestId === next.requestId &&
  last.role === next.role &&
  last.remoteIp === next.remoteIp &&
  last.client === cutText(next.client)

const cutText = (text: string): string => text.slice(0, DECISION_LIMITS.textChars)

function cut({ message, client, name, scopes, ...attempt }: AdmissionAttempt): AdmissionAttempt {
  return {
    ...attempt,
    message: cutText(message),
    client: cutText(client),
    scopes: scopes.slice(0, 64).map(cutText),
    ...(name === undefined ? {} : { name: cutText(name) }),
  }
}
